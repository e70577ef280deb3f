import { expect, test } from 'vitest'
import { parseDesktopOptions } from '../../src-main/desktop/options.ts'

test('our options are found among the switches of Chromium and of the system', () => {
  const { hidden, dataFolder, settings } = parseDesktopOptions([
    '--no-sandbox',
    '--inspect=0',
    '/path/of/the/app',
    '--user-data-dir=/x',
    '--hidden',
    '--state-dir',
    '/state',
    '--listen=127.0.0.1:0',
    '-psn_0_12345',
  ])
  expect(hidden).toBe(true)
  expect(dataFolder).toBe('/x')
  expect(settings).toMatchObject({ 'state-dir': '/state', listen: '127.0.0.1:0' })
})

test('the folder that the app is started in says nothing', () => {
  expect(parseDesktopOptions([])).toEqual({
    hidden: false,
    settings: { spawned: true },
  })
})

test('an option without its value is as if it was not there', () => {
  expect(parseDesktopOptions(['--config', '--state-dir=']).settings).toEqual({ spawned: true })
})
