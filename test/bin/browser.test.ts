import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openBrowser } from '../../src-main/bin/browser.ts'
import { eventually } from '../support/eventually.ts'

const link = 'http://127.0.0.1:4444/ui/#code=a-b_c&x="y"'

/** A folder for PATH with a program that notes how it was called. */
function system(opener: string): { PATH: string; calls: () => string } {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'gateway-browser-'))
  onTestFinished(() => fs.rmSync(dir, { recursive: true }))
  const notes = path.join(dir, 'calls')
  fs.writeFileSync(path.join(dir, opener), `#!/bin/sh\nprintf '%s' "$*" > ${notes}\n`, {
    mode: 0o755,
  })
  return {
    PATH: dir,
    calls: () => (fs.existsSync(notes) ? fs.readFileSync(notes, 'utf8') : ''),
  }
}

/** The openers of all systems are played by shell scripts. */
const onPosix = process.platform !== 'win32'

test.runIf(onPosix).each([
  ['linux', 'xdg-open', { DISPLAY: ':0' }, link],
  ['linux', 'xdg-open', { WAYLAND_DISPLAY: 'wayland-0' }, link],
  ['darwin', 'open', {}, link],
  ['win32', 'rundll32.exe', {}, `url.dll,FileProtocolHandler ${link}`],
] as const)('on %s, %s gets the link', async (platform, opener, env, expected) => {
  const { PATH, calls } = system(opener)
  expect(await openBrowser(link, { env: { PATH, ...env }, platform, isTerminal: true })).toBe(true)
  await eventually(() => expect(calls()).toBe(expected))
})

test.each([
  ['nobody reads what is printed', { DISPLAY: ':0' }, false],
  ['there is no screen', {}, true],
  [
    'the terminal is of another machine',
    { DISPLAY: ':0', SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' },
    true,
  ],
])('nothing is opened where %s', async (_why, env, isTerminal) => {
  const { PATH, calls } = system('xdg-open')
  expect(await openBrowser(link, { env: { PATH, ...env }, platform: 'linux', isTerminal })).toBe(
    false,
  )
  expect(calls()).toBe('')
})

test('a system without an opener is no error', async () => {
  const env = { PATH: '/nowhere', DISPLAY: ':0' }
  expect(await openBrowser(link, { env, platform: 'linux', isTerminal: true })).toBe(false)
})
