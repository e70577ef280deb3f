import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { placeOn, recallWindow, rememberWindow } from '../../src-main/desktop/window-memory.ts'

const screens = [
  { x: 0, y: 0, width: 1920, height: 1040 },
  { x: 1920, y: 0, width: 1280, height: 1000 },
]
const at = (x: number, y: number, width = 1100, height = 720) => ({
  bounds: { x, y, width, height },
  maximized: false,
  route: '#/logs',
})

function file(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'window-memory-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true }))
  return path.join(folder, 'data', 'window.json')
}

test('a window comes back as it was left', () => {
  const kept = file()
  rememberWindow(kept, at(300, 200))
  expect(recallWindow(kept)).toEqual(at(300, 200))
  expect(fs.readdirSync(path.dirname(kept))).toEqual(['window.json'])
})

test.each([
  ['nothing', undefined],
  ['no JSON', '{'],
  ['another shape', '{"bounds":{"x":1}}'],
  ['no size', JSON.stringify({ ...at(0, 0), bounds: { x: 0, y: 0, width: 0, height: 5 } })],
  ['a route to elsewhere', JSON.stringify({ ...at(0, 0), route: 'https://example.com/' })],
])('%s on disk is no memory', (_what, text) => {
  const kept = file()
  fs.mkdirSync(path.dirname(kept))
  if (text !== undefined) fs.writeFileSync(kept, text)
  expect(recallWindow(kept)).toBeUndefined()
})

test('a place on any screen is kept', () => {
  expect(placeOn(screens, at(2000, 100))).toEqual({ x: 2000, y: 100, width: 1100, height: 720 })
  // Mostly off, but there is enough to take hold of.
  expect(placeOn(screens, at(1700, 900))).toMatchObject({ x: 1700, y: 900 })
})

test.each([
  ['a screen that is gone', at(4000, 100)],
  ['beyond the lower edge', at(100, 1030)],
  ['a title bar above the upper edge', at(100, -200)],
  ['a sliver at the side', at(-1050, 100)],
])('%s leaves the size alone', (_what, memory) => {
  expect(placeOn(screens, memory)).toEqual({ width: 1100, height: 720 })
})

test('a window that was larger than the screen is fitted into it', () => {
  expect(placeOn(screens, at(9000, 0, 3000, 2000))).toEqual({ width: 1920, height: 1040 })
})
