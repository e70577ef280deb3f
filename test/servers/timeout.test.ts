import { expect, test } from 'vitest'
import { FakeClock } from '../support/fake-clock.ts'
import { eventually } from '../support/eventually.ts'
import { readJournal, scriptedServer, startGateway } from '../support/gateway.ts'

test('a call without an answer times out, and the server is told', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({ servers: [], clock })
  const journal = gateway.file('journal')
  await gateway.reload([
    scriptedServer('one', [`--journal=${journal}`], { request_timeout_seconds: 5 }),
  ])
  const call = gateway.call('one', 'tools/call', { name: 'never' })
  await eventually(async () =>
    expect((await readJournal(journal)).some(({ name }) => name === 'never')).toBe(true),
  )
  clock.advance(7_000)
  const { failure } = await call
  expect(failure?.code).toBe('server_timeout')
  expect(failure?.message).toMatch(/^one did not answer tools\/call within 5 s\..*request_timeout/)
  await eventually(async () =>
    expect((await readJournal(journal)).at(-1)?.method).toBe('notifications/cancelled'),
  )
  expect(await gateway.tool('one', 'echo', { text: 'still here' })).toBe('still here')
})

test('the time of the start does not count', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({ servers: [], clock })
  const journal = gateway.file('journal')
  const options = [`--journal=${journal}`, '--slow-start=100']
  await gateway.reload([scriptedServer('one', options, { request_timeout_seconds: 1 })])
  const call = gateway.tool('one', 'echo', { text: 'late but well' })
  await eventually(async () =>
    expect((await readJournal(journal)).at(-1)?.method).toBe('initialize'),
  )
  clock.advance(30_000)
  expect(await call).toBe('late but well')
})

test('progress gives more time, up to max_request_seconds', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({
    clock,
    servers: [scriptedServer('one', [], { request_timeout_seconds: 10 })],
    config: { max_request_seconds: 60 },
  })
  let steps = 0
  const { answer } = gateway.start(
    'one',
    'tools/call',
    { name: 'progress', arguments: { count: 1000, everyMs: 20 }, _meta: { progressToken: 'mine' } },
    (notice) => {
      if (notice.params?.['progressToken'] !== 'mine') return
      steps++
      clock.advance(6_000)
    },
  )
  const { failure } = await answer
  expect(failure?.message).toMatch(/within 60 s\. .*Raise max_request_seconds in the config/)
  expect(steps).toBeGreaterThanOrEqual(10)
})

test('the time stands still while a person is being asked', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({
    clock,
    servers: [scriptedServer('one', [], { request_timeout_seconds: 10 })],
  })
  const session = await gateway.session({
    serverId: 'one',
    capabilities: { elicitation: {} },
    answer: () => undefined,
  })
  const ask = {
    method: 'elicitation/create',
    params: { message: '?', requestedSchema: { type: 'object', properties: {} } },
  }
  const call = session.tool('ask', ask)
  await eventually(() => expect(session.received.some(({ id }) => id !== undefined)).toBe(true))
  clock.advance(20 * 60_000)
  const request = session.received.find(({ id }) => id !== undefined)
  session.answer(request?.id, { action: 'decline' })
  expect(JSON.parse(await call)).toEqual({ action: 'decline' })
})

test('the time runs again when the server takes its question back', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({
    clock,
    servers: [scriptedServer('one', [], { request_timeout_seconds: 10 })],
  })
  const session = await gateway.session({ serverId: 'one', capabilities: { elicitation: {} } })
  const ask = { method: 'elicitation/create', params: { message: '?' }, giveUpMs: 20 }
  const call = session.request('tools/call', { name: 'ask_in_vain', arguments: ask })
  await eventually(() => expect(session.received.at(-1)?.method).toBe('notifications/cancelled'))
  clock.advance(12_000)
  expect((await call).error?.message).toContain('within 10 s')
})
