import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { lockHolder, takeLock } from '../../src-main/process-lock.ts'
import { fixtures } from '../support/processes.ts'

function lockPath(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mcp-gateway-lock-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  return path.join(folder, 'lock')
}

function taken(file: string): boolean {
  const lock = takeLock(file)
  return !('heldBy' in lock)
}

/** Processes that are ready to take the lock when told. */
async function takers(file: string, count: number) {
  const children = Array.from({ length: count }, () => {
    const child = spawn(process.execPath, [path.join(fixtures, 'lock-taker.ts'), file], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    child.stdout.setEncoding('utf8')
    onTestFinished(() => void child.kill('SIGKILL'))
    return child
  })
  await Promise.all(children.map((child) => once(child.stdout, 'data')))
  return children
}

test('one of many that ask at once has it, also when its last holder was killed', async () => {
  const file = lockPath()
  const children = await takers(file, 6)
  for (let round = 0; round < 2; round++) {
    const asked = children.splice(0, 3)
    const answers = asked.map(async (child) => {
      child.stdin.write('go\n')
      return String((await once(child.stdout, 'data'))[0]).trim()
    })
    expect((await Promise.all(answers)).toSorted()).toEqual(['no', 'no', 'yes'])
    for (const child of asked) child.kill('SIGKILL')
    await Promise.all(asked.map((child) => once(child, 'exit')))
  }
  expect(fs.existsSync(file)).toBe(true)
  expect(lockHolder(file)).toBeUndefined()
  expect(taken(file)).toBe(true)
  expect(fs.readdirSync(path.dirname(file))).toEqual(['lock'])
})

test('it names its holder, and is free after the release', () => {
  const file = lockPath()
  const lock = takeLock(file)
  expect(lockHolder(file)?.pid).toBe(process.pid)
  expect(takeLock(file)).toMatchObject({ heldBy: { pid: process.pid } })
  expect(fs.statSync(file).mode & 0o777).toBe(0o600)
  if (!('heldBy' in lock)) lock.release()
  expect(taken(file)).toBe(true)
})

test('a later process with the same pid does not hold it', () => {
  const file = lockPath()
  const other = spawnSync('true')
  fs.writeFileSync(file, JSON.stringify({ pid: process.ppid, start: '0:1' }))
  expect(taken(file)).toBe(true)
  fs.writeFileSync(file, JSON.stringify({ pid: other.pid, start: '0:1' }))
  expect(taken(file)).toBe(true)
})

test('a release does not take away what has become of another', () => {
  const file = lockPath()
  const lock = takeLock(file)
  fs.writeFileSync(file, 'of another')
  if (!('heldBy' in lock)) lock.release()
  expect(fs.readFileSync(file, 'utf8')).toBe('of another')
})

test('a file that cannot be read holds for a moment only', () => {
  const file = lockPath()
  fs.writeFileSync(file, '')
  expect(taken(file)).toBe(false)
  const before = new Date(Date.now() - 10_000)
  fs.utimesSync(file, before, before)
  expect(taken(file)).toBe(true)
})

test('an heir that died while it inherited is inherited, too', () => {
  const file = lockPath()
  for (const name of [file, `${file}.heir`, `${file}.heir.heir`])
    fs.writeFileSync(name, JSON.stringify({ pid: 2 ** 22 + 1, start: '0:1' }))
  expect(taken(file)).toBe(true)
  expect(fs.readdirSync(path.dirname(file))).toEqual(['lock'])
})
