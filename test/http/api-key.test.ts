import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keyPath, loadOrCreateKey, readKey } from '../../src-main/http/api-key.ts'
import { silentLog, type Log } from '../../src-main/telemetry/log.ts'

let folder = ''
let stateDir = ''

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'api-key-'))
  stateDir = path.join(folder, 'deep', 'state')
})

afterEach(() => {
  fs.rmSync(folder, { recursive: true })
})

const modeOf = (file: string): number => fs.statSync(file).mode & 0o777
const posix = process.platform !== 'win32'

test('the first call makes 256 random bits that only the user can read; later ones read them', () => {
  expect(readKey(stateDir, silentLog)).toBeUndefined()
  const key = loadOrCreateKey(stateDir, silentLog)
  expect(key).toMatch(/^[\w-]{43}$/)
  expect(Buffer.from(key, 'base64url')).toHaveLength(32)
  expect(loadOrCreateKey(stateDir, silentLog)).toBe(key)
  expect(readKey(stateDir, silentLog)).toBe(key)
  expect(fs.readdirSync(stateDir)).toEqual(['key'])
  if (posix) {
    expect(modeOf(keyPath(stateDir))).toBe(0o600)
    expect(modeOf(stateDir)).toBe(0o700)
  }
  expect(loadOrCreateKey(path.join(folder, 'other'), silentLog)).not.toBe(key)
})

test('starters at once get one key', async () => {
  const script = `
    import { loadOrCreateKey } from ${JSON.stringify(new URL('../../src-main/http/api-key.ts', import.meta.url).href)}
    import { silentLog } from ${JSON.stringify(new URL('../../src-main/telemetry/log.ts', import.meta.url).href)}
    process.stdin.once('data', () => { console.log(loadOrCreateKey(process.argv[1], silentLog)); process.exit() })
    console.log('ready')`
  const starters = Array.from({ length: 6 }, () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, stateDir], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (data: Buffer) => (output += data.toString()))
    const ready = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()))
    const done = new Promise<string>((resolve) => child.on('close', () => resolve(output)))
    return { child, ready, done }
  })
  await Promise.all(starters.map((each) => each.ready))
  for (const { child } of starters) child.stdin.write('go')
  const outputs = await Promise.all(starters.map((each) => each.done))
  expect(new Set(outputs).size).toBe(1)
  expect(outputs[0]).toMatch(/^ready\n[\w-]{43}\n$/)
  expect(fs.readdirSync(stateDir)).toEqual(['key'])
})

test.runIf(posix)('a file that others can read is made private, with a warning', () => {
  const key = loadOrCreateKey(stateDir, silentLog)
  fs.chmodSync(keyPath(stateDir), 0o644)
  const warnings: string[] = []
  const log: Log = { ...silentLog, warn: (_fields, message) => warnings.push(message) }
  expect(loadOrCreateKey(stateDir, log)).toBe(key)
  expect(modeOf(keyPath(stateDir))).toBe(0o600)
  expect(warnings).toEqual([expect.stringContaining('Others on this machine could read')])
})

test.runIf(posix && process.getuid?.() === 0)('a file of another user is refused', () => {
  loadOrCreateKey(stateDir, silentLog)
  fs.chownSync(keyPath(stateDir), 12345, 12345)
  expect(() => loadOrCreateKey(stateDir, silentLog)).toThrow(/belongs to another user/)
})

test('an empty or damaged file is named, never used and never overwritten', () => {
  fs.mkdirSync(stateDir, { recursive: true })
  for (const text of ['', '\n', 'short', 'two words that are long enough to be a key']) {
    fs.writeFileSync(keyPath(stateDir), text, { mode: 0o600 })
    expect(() => loadOrCreateKey(stateDir, silentLog)).toThrow(/empty or damaged/)
    expect(fs.readFileSync(keyPath(stateDir), 'utf8')).toBe(text)
  }
})

test.runIf(posix)('a symbolic link is not followed', () => {
  fs.mkdirSync(stateDir, { recursive: true })
  const elsewhere = path.join(folder, 'elsewhere')
  fs.writeFileSync(elsewhere, 'x'.repeat(43), { mode: 0o600 })
  fs.symlinkSync(elsewhere, keyPath(stateDir))
  expect(() => loadOrCreateKey(stateDir, silentLog)).toThrow(/cannot be read/)
})
