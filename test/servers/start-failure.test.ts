import { expect, test } from 'vitest'
import { FakeClock } from '../support/fake-clock.ts'
import { eventually } from '../support/eventually.ts'
import { readJournal, scriptedServer, startGateway } from '../support/gateway.ts'
import { isAlive } from '../support/processes.ts'
import { threadMs } from '../support/thread-time.ts'

test('a server that never answers initialize fails all waiting calls in time and is gone', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({ servers: [], clock })
  const journal = gateway.file('journal')
  const options = [`--journal=${journal}`, '--no-initialize']
  await gateway.reload([scriptedServer('one', options, { start_timeout_seconds: 5 })])
  const calls = Array.from({ length: 10 }, () => gateway.call('one', 'tools/call', { name: 'pid' }))
  await eventually(async () =>
    expect((await readJournal(journal)).at(-1)?.method).toBe('initialize'),
  )
  expect(gateway.core.server('one').status).toBe('starting')
  clock.advance(4_900)
  expect(gateway.core.server('one').status).toBe('starting')
  clock.advance(200)
  for (const { failure } of await Promise.all(calls)) {
    expect(failure?.code).toBe('server_timeout')
    expect(failure?.message).toBe(
      'one did not start. It was launched, but did not answer initialize within 5 s. ' +
        'Look at its log, and raise start_timeout_seconds if it needs longer.',
    )
  }
  const [entry] = await readJournal(journal)
  await eventually(() => expect(isAlive(entry?.pid ?? 0)).toBe(false))
})

test('a command that does not exist is named, with what to do', async () => {
  const runtime = { type: 'local-process', command: 'no-such-command-anywhere' }
  const gateway = await startGateway({ servers: [{ id: 'one', runtime }] })
  const { failure } = await gateway.call('one', 'tools/call', { name: 'pid' })
  expect(failure?.code).toBe('server_failed')
  expect(failure?.message).toMatch(/^one did not start\. .*`no-such-command-anywhere`.*Install it/)
})

test('a server that refuses initialize says why', async () => {
  const runtime = {
    type: 'local-process',
    command: process.execPath,
    args: [
      '-e',
      `process.stdin.on('data', () => console.log(JSON.stringify({jsonrpc: '2.0', id: 0,
        error: {code: -32000, message: 'not licensed'}})))`,
    ],
  }
  const gateway = await startGateway({ servers: [{ id: 'one', runtime }] })
  expect(await gateway.tool('one', 'pid')).toContain('one refused initialize: not licensed')
})

test.each(['stdout', 'stderr'])('a flood on %s holds up nobody and fills no memory', async (to) => {
  const gateway = await startGateway({
    servers: [scriptedServer('flood', [`--flood=${to}`]), scriptedServer('calm')],
  })
  await gateway.tool('calm', 'pid')
  void gateway.tool('flood', 'pid')
  await eventually(() => expect(gateway.core.logs('flood').length).toBeGreaterThan(500))
  const before = process.memoryUsage().rss
  for (let i = 0; i < 20; i++) {
    const before = threadMs()
    await gateway.tool('calm', 'echo', { text: 'x'.repeat(1000) })
    expect(threadMs() - before).toBeLessThan(100)
  }
  expect(gateway.core.logs('flood').length).toBeLessThanOrEqual(2000)
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20)
})

test('more calls than can wait for a start are refused, the others are answered', async () => {
  const gateway = await startGateway({ servers: [scriptedServer('one', ['--slow-start=300'])] })
  const answers = await Promise.all(
    Array.from({ length: 1100 }, () => gateway.call('one', 'tools/call', { name: 'pid' })),
  )
  expect(answers.filter(({ failure }) => failure?.code === 'too_many')).toHaveLength(100)
  expect(answers.filter(({ result }) => result)).toHaveLength(1000)
})

test('a server that calls its lists changed whenever they are read keeps nobody busy', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({ servers: [], clock })
  const journal = gateway.file('journal')
  await gateway.reload([scriptedServer('one', [`--journal=${journal}`, '--restless'])])
  const reads = async () =>
    (await readJournal(journal)).filter(({ method }) => method === 'tools/list').length
  await gateway.tool('one', 'pid')
  await eventually(async () => expect(await reads()).toBeGreaterThanOrEqual(4))
  for (let i = 0; i < 20; i++) await gateway.tool('one', 'pid')
  expect(await reads()).toBeLessThan(10)
  clock.advance(200)
  await eventually(async () => expect(await reads()).toBeGreaterThanOrEqual(5))
})
