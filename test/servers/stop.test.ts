import fs from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { FakeClock } from '../support/fake-clock.ts'
import { eventually } from '../support/eventually.ts'
import { readJournal, scriptedServer, startGateway } from '../support/gateway.ts'
import { fixtures, isAlive } from '../support/processes.ts'

const stubborn = path.join(fixtures, 'process-stubborn.mjs')

async function inFlight(journal: string, name: string): Promise<void> {
  await eventually(async () =>
    expect((await readJournal(journal)).some((entry) => entry.name === name)).toBe(true),
  )
}

async function startJournaled(options: string[] = [], more: object = {}, clock?: FakeClock) {
  const gateway = await startGateway({ servers: [], ...(clock ? { clock } : {}) })
  const journal = gateway.file('journal')
  await gateway.reload([scriptedServer('one', [`--journal=${journal}`, ...options], more)])
  return { gateway, journal, go: gateway.file('go') }
}

test('a stop lets what is in flight finish', async () => {
  const { gateway, journal, go } = await startJournaled()
  const held = gateway.tool('one', 'hold', { file: go })
  await inFlight(journal, 'hold')
  const stopping = gateway.core.stop('one')
  await eventually(() => expect(gateway.core.server('one').status).toBe('stopping'))
  await fs.writeFile(go, '')
  const pid = Number(await held)
  expect(pid).toBeGreaterThan(0)
  expect(await stopping).toMatchObject({ status: 'stopped', reason: 'stopped by hand' })
  expect(isAlive(pid)).toBe(false)
})

test('calls that do not finish within drain_timeout get an error that says why', async () => {
  const clock = new FakeClock()
  const { gateway, journal } = await startJournaled([], {}, clock)
  const never = gateway.call('one', 'tools/call', { name: 'never' })
  await inFlight(journal, 'never')
  const stopping = gateway.core.stop('one')
  clock.advance(9_000)
  expect(gateway.core.server('one').status).toBe('stopping')
  clock.advance(1_500)
  expect((await never).failure?.message).toMatch(/^one was stopped \(stopped by hand\)/)
  await stopping
})

test('a request that comes during a stop waits for its end and starts the server again', async () => {
  const { gateway, journal, go } = await startJournaled()
  const held = gateway.tool('one', 'hold', { file: go })
  await inFlight(journal, 'hold')
  const stopping = gateway.core.stop('one')
  const next = gateway.tool('one', 'pid')
  await fs.writeFile(go, '')
  expect(await next).not.toBe(await held)
  await stopping
  const starts = (await readJournal(journal)).filter(({ started }) => started)
  expect(starts).toHaveLength(2)
})

test('a stop during the start fails the waiting calls, counts as no failure and leaves no process', async () => {
  const { gateway, journal } = await startJournaled(['--no-initialize'])
  const waiting = gateway.call('one', 'tools/call', { name: 'pid' })
  await eventually(async () =>
    expect((await readJournal(journal)).at(-1)?.method).toBe('initialize'),
  )
  await gateway.core.stop('one')
  expect((await waiting).failure?.message).toContain('was stopped (stopped by hand)')
  const { status, reason, last_error } = gateway.core.server('one')
  expect({ status, reason, last_error }).toEqual({
    status: 'stopped',
    reason: 'stopped by hand',
    last_error: null,
  })
  for (const { pid } of await readJournal(journal)) expect(isAlive(pid)).toBe(false)
})

test('a stop at any moment of a start leaves no process and hangs nobody', async () => {
  const { gateway, journal } = await startJournaled()
  await gateway.tool('one', 'pid')
  await gateway.core.stop('one')
  for (let turns = 0; turns < 12; turns++) {
    const call = gateway.call('one', 'tools/call', { name: 'pid' })
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
    await gateway.core.stop('one')
    await call
    expect(gateway.core.server('one')).toMatchObject({ status: 'stopped', pids: [] })
    for (const { pid } of await readJournal(journal)) expect(isAlive(pid)).toBe(false)
  }
})

test('a stop ends the wait for the next try', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({ servers: [scriptedServer('one', ['--exit=1'])], clock })
  await gateway.tool('one', 'pid')
  const waiting = gateway.call('one', 'tools/call', { name: 'pid' })
  await eventually(() => expect(gateway.core.server('one').reason).toContain('Starting again'))
  await gateway.core.stop('one')
  expect((await waiting).failure?.message).toContain('was stopped')
  expect(gateway.core.server('one').status).toBe('stopped')
})

test('a shutdown drains what is in flight and refuses what comes after', async () => {
  const { gateway, journal, go } = await startJournaled()
  const held = gateway.tool('one', 'hold', { file: go })
  await inFlight(journal, 'hold')
  const closing = gateway.close()
  const { failure } = await gateway.call('one', 'tools/call', { name: 'pid' })
  expect(failure?.code).toBe('shutting_down')
  await fs.writeFile(go, '')
  const pid = Number(await held)
  await closing
  expect(isAlive(pid)).toBe(false)
  const late = await gateway.call('one', 'tools/call', { name: 'pid' })
  expect(late.failure?.code).toBe('shutting_down')
  await expect(gateway.core.reload()).rejects.toThrow(/shutting down/)
  expect((await readJournal(journal)).filter(({ started }) => started)).toHaveLength(1)
})

test('a shutdown tells those that do not finish, and is idempotent', async () => {
  const clock = new FakeClock()
  const { gateway, journal } = await startJournaled([], {}, clock)
  const never = gateway.call('one', 'tools/call', { name: 'never' })
  await inFlight(journal, 'never')
  const closing = [gateway.close(), gateway.close()]
  // Below it a promise or two is on its way.
  await eventually(() => expect(gateway.core.server('one').status).toBe('stopping'))
  clock.advance(11_000)
  expect((await never).failure?.code).toBe('shutting_down')
  await Promise.all(closing)
})

test('a shutdown during a start, or during the wait for one, ends at once and leaves no process', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({ servers: [], clock })
  const journal = gateway.file('journal')
  await gateway.reload([
    scriptedServer('starting', [`--journal=${journal}`, '--no-initialize'], { always_on: true }),
    scriptedServer('waiting', ['--exit=1']),
  ])
  await gateway.tool('waiting', 'pid')
  const calls = ['starting', 'waiting'].map((id) => gateway.call(id, 'tools/call', { name: 'pid' }))
  await eventually(async () =>
    expect((await readJournal(journal)).at(-1)?.method).toBe('initialize'),
  )
  await gateway.close()
  for (const { failure } of await Promise.all(calls)) expect(failure?.code).toBe('shutting_down')
  for (const { pid } of await readJournal(journal)) expect(isAlive(pid)).toBe(false)
  clock.advance(60_000)
  expect(gateway.core.server('waiting').status).toBe('stopped')
})

test('a server in `sh -c` or a wrapper like npx is gone after a stop, with a grandchild', async () => {
  const gateway = await startGateway({ servers: [] })
  const { runtime } = scriptedServer('', [`--child=${stubborn}`])
  const wrapped = (id: string, command: string, wrapper: readonly string[]) => ({
    id,
    runtime: { ...runtime, command, args: [...wrapper, runtime.command, ...runtime.args] },
  })
  await gateway.reload([
    wrapped('shell', 'sh', ['-c', '"$0" "$@"; exit $?']),
    wrapped('npx', process.execPath, [path.join(fixtures, 'process-wrapper.mjs')]),
  ])
  await Promise.all(
    ['shell', 'npx'].map(async (id) => {
      const pid = Number(await gateway.tool(id, 'pid'))
      const children = await childrenOf(pid)
      const started = performance.now()
      await gateway.core.stop(id)
      expect(performance.now() - started).toBeLessThan(5_000)
      for (const member of [pid, ...children]) expect(isAlive(member)).toBe(false)
    }),
  )
})

async function childrenOf(pid: number): Promise<number[]> {
  return eventually(async () => {
    const text = await fs.readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
    const pids = text.split(' ').filter(Boolean).map(Number)
    expect(pids).not.toHaveLength(0)
    return pids
  })
}
