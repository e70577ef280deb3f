import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { HttpClient } from './client.ts'
import type { Client } from './client.ts'
import { at, Relay, ways } from './relay.ts'
import type { Message, ScriptedProcess } from './scripted-server.ts'

/** Everything that a client can be asked for, and what a direct server would send and get. */
const all = { sampling: { tools: {} }, elicitation: { form: {}, url: {} }, roots: {} }
const sampling = { messages: [], maxTokens: 1, _meta: { x: 1 } }

let relay: Relay
/** Calls of the tool `ask`, with the process that got them. */
const open: { call: Message; process: ScriptedProcess }[] = []

beforeAll(async () => {
  relay = await Relay.start((stage) => [
    stage.entry('one', { isolation: 'shared' }),
    stage.entry('own', { isolation: 'session' }),
    stage.entry('auto'),
  ])
  for (const name of ['one', 'own', 'auto'])
    relay.server(name).onTool('ask', (call, process) => open.push({ call, process }))
})
afterAll(() => relay.close())
beforeEach(() => void open.splice(0))

/** Starts a call that the server keeps open; `finish` lets it answer. */
async function during(client: Client, name = client.toolName('ask')) {
  const before = open.length
  const answer = client.request('tools/call', { name, arguments: {} })
  await expect.poll(() => open.length, { interval: 5 }).toBeGreaterThan(before)
  const found = open.at(-1)
  if (!found) throw new Error('never')
  const { call, process } = found
  return {
    process,
    call,
    finish: async () => {
      process.answer(call, { finished: true })
      expect((await answer).result).toEqual({ finished: true })
    },
  }
}

/** The server asks; resolves with the question as the client got it, and the promise of the server's answer. */
async function asked(
  client: Client,
  process: ScriptedProcess,
  params: object,
  id: string | number,
) {
  const before = client.of('sampling/createMessage').length
  const answer = process.ask('sampling/createMessage', params, id)
  await expect
    .poll(() => client.of('sampling/createMessage').length, { interval: 5 })
    .toBe(before + 1)
  const question = client.of('sampling/createMessage').at(-1)
  if (!question) throw new Error('never')
  return { question, answer }
}

const questionsOf = (client: Client): number =>
  client.messages.filter(({ id, method }) => id !== undefined && method !== undefined).length

describe.each(ways)('$endpoint over $carrier', (way) => {
  let a: Client
  let b: Client
  beforeAll(async () => {
    a = await relay.connect(way.carrier, at(way, all))
    b = await relay.connect(way.carrier, at(way, all))
  })

  it('brings a question to the client whose call is in flight, and its answer back unchanged', async () => {
    const { process, finish } = await during(a)
    const before = questionsOf(b)
    a.onQuestion = (question) =>
      question.method === 'sampling/createMessage'
        ? { result: { role: 'assistant', model: 'm', content: { type: 'text', text: 'é' }, n: 1 } }
        : { error: { code: -1, message: 'declined by the user', data: [1] } }
    const answer = await process.ask('sampling/createMessage', sampling, 'own id')
    expect(answer.id).toBe('own id')
    expect(answer.result).toEqual({
      role: 'assistant',
      model: 'm',
      content: { type: 'text', text: 'é' },
      n: 1,
    })
    expect(a.of('sampling/createMessage').at(-1)?.params).toEqual(sampling)
    const refused = await process.ask(
      'elicitation/create',
      { message: '?', requestedSchema: {} },
      0,
    )
    expect(refused.id).toBe(0)
    expect(refused.error).toEqual({ code: -1, message: 'declined by the user', data: [1] })
    await finish()
    expect(questionsOf(b)).toBe(before)
  })

  it('answers at once, naming isolation, where the calls of two clients are in flight', async () => {
    const first = await during(a)
    const second = await during(b)
    const before = [questionsOf(a), questionsOf(b)]
    const start = performance.now()
    const answer = await first.process.ask('sampling/createMessage', sampling)
    expect(performance.now() - start).toBeLessThan(1_000)
    expect(answer.error?.message).toContain('isolation: session')
    await second.finish()
    await first.finish()
    expect([questionsOf(a), questionsOf(b)]).toEqual(before)
  })

  it('answers at once where no call is in flight', async () => {
    await a.call('echo')
    const answer = await relay.server('one').current.ask('elicitation/create', { message: '' })
    expect(answer.error?.message).toContain('isolation: session')
  })

  it('answers at once, naming what the client lacks', async () => {
    const bare = await relay.connect(way.carrier, at(way, { elicitation: {}, sampling: {} }))
    const { process, finish } = await during(bare)
    const start = performance.now()
    const lacks = async (method: string, params: object) =>
      (await process.ask(method, params)).error?.message
    expect(await lacks('roots/list', {})).toContain('roots')
    expect(await lacks('elicitation/create', { mode: 'url' })).toContain('elicitation.url')
    expect(await lacks('sampling/createMessage', { tools: [] })).toContain('sampling.tools')
    expect(performance.now() - start).toBeLessThan(1_000)
    expect(questionsOf(bare)).toBe(0)
    await finish()
  })

  it('takes a question back that the server cancels', async () => {
    a.onQuestion = () => undefined
    const { process, finish } = await during(a)
    let isAnswered = false
    const { question, answer } = await asked(a, process, sampling, 's-1')
    void answer.then(() => (isAnswered = true))
    process.send({
      method: 'notifications/cancelled',
      params: { requestId: 's-1', reason: 'changed my "mind"' },
    })
    await expect
      .poll(() => a.of('notifications/cancelled').at(-1)?.params)
      .toEqual({ requestId: question.id, reason: 'changed my "mind"' })
    // Its answer comes too late and goes nowhere.
    a.respond(question, { result: {} })
    await a.call('echo')
    expect(isAnswered).toBe(false)
    await finish()
  })

  it('takes a question back when the call that it belongs to is cancelled', async () => {
    a.onQuestion = () => undefined
    void a.call('ask', {}, {}, 'to cancel')
    await expect.poll(() => open.length).toBe(1)
    const process = open[0]?.process
    if (!process) throw new Error('never')
    const { answer } = await asked(a, process, sampling, 's-2')
    a.notify('notifications/cancelled', { requestId: 'to cancel' })
    expect((await answer).error).toBeDefined()
  })

  it("carries the client's progress on a question, with the server's own token", async () => {
    a.onQuestion = () => undefined
    const { process, finish } = await during(a)
    const params = { ...sampling, _meta: { progressToken: 'server token' } }
    const { question, answer } = await asked(a, process, params, 5)
    const progressToken = Object(question.params?.['_meta'])['progressToken']
    a.notify('notifications/progress', { progressToken, progress: 0.5 })
    a.notify('notifications/progress', { progressToken: 'server token', progress: 0.7 })
    await expect
      .poll(() => process.of('notifications/progress').at(-1)?.params)
      .toEqual({ progressToken: 'server token', progress: 0.5 })
    a.respond(question, { result: { ok: true } })
    expect((await answer).result).toEqual({ ok: true })
    await finish()
  })

  it('answers the ping of a server itself', async () => {
    await a.call('echo')
    const before = questionsOf(a)
    expect((await relay.server('one').current.ask('ping', undefined, 'p')).result).toEqual({})
    expect(questionsOf(a)).toBe(before)
  })

  it('keeps a question that may belong to another call of its client', async () => {
    a.onQuestion = () => undefined
    const first = await during(a)
    void a.call('ask', {}, {}, 'second')
    await expect.poll(() => open.length).toBe(2)
    const { question, answer } = await asked(a, first.process, sampling, 's-3')
    a.notify('notifications/cancelled', { requestId: 'second' })
    await a.call('echo')
    a.respond(question, { result: { kept: true } })
    expect((await answer).result).toEqual({ kept: true })
    await first.finish()
  })

  it('refuses questions of which too many are open', async () => {
    const c = await relay.connect(way.carrier, at(way, all))
    const { process, finish } = await during(c)
    const answers = Array.from({ length: 201 }, (_, i) =>
      process.ask('sampling/createMessage', sampling, `many ${i}`),
    )
    expect((await answers.at(-1))?.error?.message).toContain('200')
    await finish()
    await c.close()
    for (const answer of answers) expect((await answer).error).toBeDefined()
  })

  it('answers questions that are open when their client leaves', async () => {
    const c = await relay.connect(way.carrier, at(way, all))
    const { process } = await during(c)
    const { answer } = await asked(c, process, sampling, 6)
    await c.close()
    expect((await answer).error).toBeDefined()
  })
})

describe('a client of Streamable HTTP', () => {
  it('is asked on the stream of its call where it has no other', async () => {
    const client = await relay.http({ serverId: 'one', capabilities: all })
    client.onQuestion = () => ({ result: { ok: 1 } })
    const { process, finish } = await during(client)
    expect((await process.ask('sampling/createMessage', sampling)).result).toEqual({ ok: 1 })
    await finish()
    const exchange = client.exchanges.find(({ events }) => events.length > 0)
    expect(exchange?.events.length).toBe(2)
  })

  it('without any stream is an error after a short wait for its stream, not a hang', async () => {
    const client = new HttpClient(relay.port, 'one')
    client.accept = 'application/json'
    relay.clients.push(client)
    await client.initialize({ capabilities: all })
    const { process, finish } = await during(client)
    const start = performance.now()
    const answer = await process.ask('sampling/createMessage', sampling)
    expect(performance.now() - start).toBeLessThan(4_500)
    expect(answer.error?.message).toContain('text/event-stream')
    await finish()
  })
})

describe('isolation', () => {
  it('session: each has an instance of its own, with its own capabilities and roots', async () => {
    const a = await relay.connect('http', {
      serverId: 'own',
      capabilities: { roots: { listChanged: true } },
    })
    const b = await relay.connect('duplex', { serverId: 'own', capabilities: { sampling: {} } })
    a.onQuestion = () => ({ result: { roots: [{ uri: 'file:///a' }] } })
    b.onQuestion = () => ({ result: { model: 'b' } })
    const first = await during(a, 'ask')
    const second = await during(b, 'ask')
    expect(first.process.pid).not.toBe(second.process.pid)
    const declared = (process: ScriptedProcess) =>
      process.of('initialize')[0]?.params?.['capabilities']
    expect(declared(first.process)).toEqual({ roots: { listChanged: true } })
    expect(declared(second.process)).toEqual({ sampling: {} })
    expect((await first.process.ask('roots/list')).result).toEqual({
      roots: [{ uri: 'file:///a' }],
    })
    expect((await second.process.ask('sampling/createMessage', sampling)).result).toEqual({
      model: 'b',
    })
    expect((await second.process.ask('roots/list')).error?.message).toContain('roots')
    a.notify('notifications/roots/list_changed')
    await expect.poll(() => first.process.of('notifications/roots/list_changed').length).toBe(1)
    expect(second.process.of('notifications/roots/list_changed').length).toBe(0)
    await first.finish()
    await second.finish()
    await a.close()
    await expect.poll(() => first.process.isOpen, { timeout: 5_000 }).toBe(false)
    expect(second.process.isOpen).toBe(true)
  })

  it('shared: the server is never told of roots', async () => {
    const client = await relay.connect('http', { serverId: 'one', capabilities: all })
    await client.call('echo')
    const declared = relay.server('one').current.of('initialize')[0]?.params?.['capabilities']
    expect(Object.keys(Object(declared)).toSorted()).toEqual(['elicitation', 'sampling'])
    client.notify('notifications/roots/list_changed')
    await client.call('echo')
    expect(relay.server('one').of('notifications/roots/list_changed')).toEqual([])
  })

  it('auto: a server that asked is remembered; later sessions that can answer have their own', async () => {
    const first = await relay.connect('http', { serverId: 'auto', capabilities: all })
    const call = await during(first, 'ask')
    first.onQuestion = () => ({ result: { shared: true } })
    expect((await call.process.ask('sampling/createMessage', sampling)).result).toEqual({
      shared: true,
    })
    await call.finish()
    const second = await relay.connect('http', { serverId: 'auto', capabilities: all })
    const bare = await relay.connect('http', { serverId: 'auto' })
    const own = await during(second, 'ask')
    expect(own.process.pid).not.toBe(call.process.pid)
    const shared = await during(bare, 'ask')
    expect(shared.process.pid).toBe(call.process.pid)
    // Two clients are in flight, and still it is known whom to ask.
    second.onQuestion = () => ({ result: { own: true } })
    expect((await own.process.ask('sampling/createMessage', sampling)).result).toEqual({
      own: true,
    })
    await own.finish()
    await shared.finish()
  })
})
