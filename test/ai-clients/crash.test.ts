import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { withCompileCache } from '../support/compile-cache.ts'
import { FakeHome } from './fake-home.ts'

vi.setConfig({ testTimeout: 60_000 })

const script = path.join(import.meta.dirname, '..', 'fixtures', 'crashing-connection.ts')
const before = '{\n  // mine\n  "mcpServers": {\n    "a": { "command": "x" }\n  }\n}\n'

/** True if it came to the step, and was killed there. */
function run(home: string, operation: string, step = 'none'): boolean {
  const { signal, status, stderr } = spawnSync(process.execPath, [script, home, operation, step], {
    env: withCompileCache,
  })
  expect(signal ?? status, stderr.toString()).toBe(step === 'none' ? 0 : (signal ?? 0))
  return signal === 'SIGKILL'
}

function open(text: string | undefined) {
  const user = new FakeHome()
  const file = path.join(user.home, '.cursor', 'mcp.json')
  if (text !== undefined) user.write(file, text)
  const now = (): string | undefined =>
    fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined
  return { user, file, now }
}

const steps = ['backup', 'noted', 'draft', 'synced', 'renamed', 'saved']

describe.each([
  ['a file', before],
  ['no file', undefined],
])('killed while connecting, with %s before', (_, text) => {
  test.each(steps)('at %s', (step) => {
    const { user, now } = open(text)
    const whole = open(text)
    run(whole.user.home, 'connect')
    const after = whole.now()?.replaceAll(whole.user.home, user.home)
    const wasKilled = run(user.home, 'connect', step)
    // A file that is made has no bytes to be kept.
    expect(wasKilled).toBe(!(step === 'backup' && text === undefined))
    const isDone = !wasKilled || step === 'renamed' || step === 'saved'
    expect(now()).toBe(isDone ? after : text)

    // Whoever comes next carries on as if nothing had been.
    run(user.home, 'connect')
    expect(now()).toBe(after)
    expect(fs.readdirSync(path.join(user.home, '.cursor'))).toEqual(['mcp.json'])
    run(user.home, 'disconnect')
    expect(now()).toBe(text)
  })
})

describe.each(['disconnect', 'undo'])('killed during %s', (operation) => {
  test.each(['draft', 'synced', 'renamed'])('at %s', (step) => {
    const { user, now } = open(before)
    run(user.home, 'connect')
    const connected = now()
    expect(run(user.home, operation, step)).toBe(true)
    expect(now()).toBe(step === 'renamed' ? before : connected)
    run(user.home, operation)
    expect(now()).toBe(before)
    expect(user.connections.store.read()).toEqual([])
    expect(fs.readdirSync(path.join(user.home, '.cursor'))).toEqual(['mcp.json'])
  })
})

test.each(['draft', 'synced', 'renamed'])('killed while it repairs, at %s', (step) => {
  const { user, now } = open(before)
  run(user.home, 'connect')
  const connected = now()
  expect(run(user.home, 'repair', step)).toBe(true)
  const mended = connected?.replace('/opt/node', '/new/node')
  expect(now()).toBe(step === 'renamed' ? mended : connected)
  run(user.home, 'repair')
  expect(now()).toBe(mended)
  run(user.home, 'disconnect')
  expect(now()).toBe(before)
})

describe('killed while a connected client gives a server up', () => {
  test.each(['noted', 'draft', 'renamed'])('at %s', (step) => {
    const { user, now } = open(before)
    run(user.home, 'connect')
    const connected = now()
    expect(run(user.home, 'replace', step)).toBe(true)
    const isDone = step === 'renamed' || step === 'saved'
    expect(now() === connected).toBe(!isDone)
    if (!isDone) run(user.home, 'replace')
    expect(now()).not.toContain('"a"')
    run(user.home, 'undo')
    expect(now()).toBe(connected)
    run(user.home, 'undo')
    expect(now()).toBe(before)
    expect(user.connections.store.read()).toEqual([])
  })

  test.each(['draft', 'renamed'])('and takes that back, at %s', (step) => {
    const { user, now } = open(before)
    run(user.home, 'connect')
    const connected = now()
    run(user.home, 'replace')
    const replaced = now()
    expect(run(user.home, 'undo', step)).toBe(true)
    expect(now()).toBe(step === 'renamed' ? connected : replaced)
    run(user.home, 'undo')
    expect(now()).toBe(connected)
    run(user.home, 'undo')
    expect(now()).toBe(before)
  })
})
