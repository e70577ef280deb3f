import { expect, test } from 'vitest'
import { FakeClock } from '../support/fake-clock.ts'
import { eventually } from '../support/eventually.ts'
import { readJournal, scriptedServer, startGateway } from '../support/gateway.ts'
import { isAlive } from '../support/processes.ts'

const minute = 60_000

test('a server is stopped after its idle time, and the next request starts it again', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({ servers: [scriptedServer('one')], clock })
  const pid = Number(await gateway.tool('one', 'pid'))
  clock.advance(4.9 * minute)
  expect(gateway.core.server('one').status).toBe('running')
  clock.advance(0.2 * minute)
  await eventually(() => expect(gateway.core.server('one').status).toBe('stopped'))
  expect(gateway.core.server('one')).toMatchObject({ reason: 'idle for 5 min', pids: [] })
  expect(isAlive(pid)).toBe(false)
  expect(Number(await gateway.tool('one', 'pid'))).not.toBe(pid)
})

test('a server has an idle time of its own, and 0 means never', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({
    clock,
    servers: [
      scriptedServer('short', [], { idle_timeout_seconds: 10 }),
      scriptedServer('never', [], { idle_timeout_seconds: 0 }),
    ],
  })
  await Promise.all([gateway.tool('short', 'pid'), gateway.tool('never', 'pid')])
  clock.advance(11_000)
  await eventually(() => expect(gateway.core.server('short').status).toBe('stopped'))
  clock.advance(1000 * minute)
  expect(gateway.core.server('never').status).toBe('running')
})

test('a call in flight is activity', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({
    clock,
    servers: [scriptedServer('one', [], { request_timeout_seconds: 3600 })],
  })
  const held = gateway.start('one', 'tools/call', { name: 'never' })
  await eventually(() => expect(gateway.core.server('one').status).toBe('running'))
  clock.advance(20 * minute)
  expect(gateway.core.server('one').status).toBe('running')
  held.cancel()
  clock.advance(4 * minute)
  expect(gateway.core.server('one').status).toBe('running')
  clock.advance(2 * minute)
  await eventually(() => expect(gateway.core.server('one').status).toBe('stopped'))
})

test('an open subscription is activity, and is put back after a crash without a request', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({ servers: [], clock })
  const journal = gateway.file('journal')
  await gateway.reload([scriptedServer('one', [`--journal=${journal}`])])
  const session = await gateway.session({ serverId: 'one' })
  await session.request('resources/subscribe', { uri: 'test://one' })
  clock.advance(20 * minute)
  expect(gateway.core.server('one').status).toBe('running')
  await session.tool('crash')
  await eventually(() => {
    clock.advance(1000)
    expect(gateway.core.server('one').status).toBe('running')
  })
  await eventually(async () => {
    const subscribed = (await readJournal(journal)).filter(
      ({ method }) => method === 'resources/subscribe',
    )
    expect(new Set(subscribed.map(({ pid }) => pid)).size).toBe(2)
  })
  await session.request('resources/unsubscribe', { uri: 'test://one' })
  clock.advance(6 * minute)
  await eventually(() => expect(gateway.core.server('one').status).toBe('stopped'))
})

test("a subscription holds a session's own instance too, and ends with the session", async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({
    clock,
    servers: [scriptedServer('one', [], { isolation: 'session' })],
  })
  const session = await gateway.session({ serverId: 'one' })
  await session.request('resources/subscribe', { uri: 'test://one' })
  clock.advance(20 * minute)
  expect(gateway.core.server('one').pids).toHaveLength(1)
  session.close()
  await eventually(() => expect(gateway.core.server('one').pids).toHaveLength(0))
})

test('pings, answers from the cache and open streams are no activity', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({
    clock,
    servers: [],
    config: { health_check_interval_seconds: 145 },
  })
  const journal = gateway.file('journal')
  await gateway.reload([scriptedServer('one', [`--journal=${journal}`])])
  const session = await gateway.session({ serverId: 'one' })
  await gateway.tool('one', 'pid')
  for (const pings of [1, 2]) {
    clock.advance(147_000)
    await eventually(async () => {
      const entries = await readJournal(journal)
      expect(entries.filter(({ answered }) => answered === 'ping')).toHaveLength(pings)
    })
    await Promise.all([session.request('ping'), gateway.call('one', 'ping')])
    await gateway.session({ serverId: 'one' })
  }
  expect(gateway.core.server('one').status).toBe('running')
  clock.advance(7_000)
  await eventually(() => expect(gateway.core.server('one').status).toBe('stopped'))
  expect(gateway.core.server('one').reason).toBe('idle for 5 min')
  const { result } = await session.request('tools/list')
  expect(result).toHaveProperty('tools')
  expect(gateway.core.server('one').status).toBe('stopped')
})

test('always_on starts with the gateway, is never idle, and comes back without a request', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({
    clock,
    servers: [scriptedServer('one', [], { always_on: true, idle_timeout_seconds: 10 })],
  })
  const isRunning = () => expect(gateway.core.server('one').status).toBe('running')
  await eventually(isRunning)
  clock.advance(100 * minute)
  isRunning()
  const [pid] = gateway.core.server('one').pids
  await gateway.tool('one', 'crash')
  expect(gateway.core.server('one').status).not.toBe('running')
  await eventually(() => {
    clock.advance(1000)
    isRunning()
  })
  expect(gateway.core.server('one').pids).not.toContain(pid)
})

test('a server that is always on stays stopped when a person stops it, until it is needed', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({
    clock,
    servers: [scriptedServer('one', [], { always_on: true }), scriptedServer('other')],
  })
  await eventually(() => expect(gateway.core.server('one').status).toBe('running'))
  await gateway.core.stop('one')
  clock.advance(10 * minute)
  // Long enough for it to start.
  await gateway.tool('other', 'pid')
  expect(gateway.core.server('one')).toMatchObject({ status: 'stopped', reason: 'stopped by hand' })
  await gateway.tool('one', 'pid')
  expect(gateway.core.server('one').status).toBe('running')
})

test('a server that is always on and lacks a variable harms nobody', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({
    clock,
    servers: [
      scriptedServer('one', [], { always_on: true, env: { A: '${NOT_SET_ANYWHERE}' } }),
      scriptedServer('two'),
    ],
  })
  await eventually(() => expect(gateway.core.server('one').reason).toContain('misconfigured'))
  clock.advance(minute)
  expect(await gateway.tool('two', 'echo', { text: 'hi' })).toBe('hi')
})
