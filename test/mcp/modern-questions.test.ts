import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connect, ModernClient, playTools, speakModern } from '../acceptance/two-eras.ts'
import { HttpClient } from './client.ts'
import { Relay } from './relay.ts'
import type { Message } from './scripted-server.ts'

// Questions of servers, from one era to the other: parked calls, and rounds of questions.

let relay: Relay
const form = { message: 'Who?', requestedSchema: { type: 'object', properties: {} } }
const elicitation = { elicitation: {} }

beforeAll(async () => {
  relay = await Relay.start((stage) => [
    stage.entry('legacy', { isolation: 'shared' }),
    stage.entry('other', { isolation: 'shared' }),
    stage.entry('modern'),
  ])
  speakModern(relay.server('modern'))
  for (const era of ['legacy', 'modern'] as const) playTools(relay.server(era), era, new Map())
  playTools(relay.server('other'), 'legacy', new Map())
})
afterAll(() => relay.close())

/** Keeps results that ask, instead of answering them. */
async function modern(serverId = 'legacy'): Promise<ModernClient> {
  const client = new ModernClient(relay.port, serverId)
  client.capabilities = elicitation
  relay.clients.push(client)
  return client
}

const ask = { name: 'ask', arguments: { method: 'elicitation/create', params: form } }
const questionsOf = (message: Message): string[] =>
  Object.keys(Object(message.result?.['inputRequests']))
const stateOf = (message: Message): string => String(message.result?.['requestState'])

describe('a modern client in front of a legacy server', () => {
  let two: string[] = []
  beforeEach(() => {
    two = []
    relay.server('legacy').onTool('ask-two', (call, process) => {
      const answers = ['first', 'second'].map((message) =>
        process.ask('elicitation/create', { ...form, message }, `two ${message} ${Math.random()}`),
      )
      void Promise.all(answers).then((got) => {
        two = got.map(({ result }) => JSON.stringify(result))
        process.answer(call, { content: [{ type: 'text', text: 'done' }] })
      })
    })
  })

  it('gets several questions in one result; what is left out is asked again; no result is no answer', async () => {
    const client = await modern()
    const asked = await client.request('tools/call', { name: 'ask-two', arguments: {} })
    expect(asked.result).toMatchObject({ resultType: 'input_required' })
    const [one = '', other = ''] = questionsOf(asked)
    const partly = await client.request('tools/call', {
      name: 'ask-two',
      arguments: {},
      requestState: stateOf(asked),
      inputResponses: { [one]: { action: 'accept', content: { n: 1 } }, [other]: 5, more: {} },
    })
    expect(questionsOf(partly)).toEqual([other])
    expect(stateOf(partly)).not.toBe(stateOf(asked))
    const done = await client.request('tools/call', {
      name: 'ask-two',
      arguments: {},
      requestState: stateOf(partly),
      inputResponses: { [other]: { action: 'decline' } },
    })
    expect(done.result).toMatchObject({ resultType: 'complete', content: [{ text: 'done' }] })
    expect(two).toEqual(['{"action":"accept","content":{"n":1}}', '{"action":"decline"}'])
  })

  it('a handle opens its own request alone, and once', async () => {
    const client = await modern()
    const asked = await client.request('tools/call', ask)
    const retry = {
      requestState: stateOf(asked),
      inputResponses: { [questionsOf(asked)[0] ?? '']: { action: 'accept' } },
    }
    const calls = relay.server('legacy').of('tools/call').length
    const others = [
      client.request('tools/call', { ...ask, ...retry, arguments: { method: 'roots/list' } }),
      client.request('prompts/get', { name: 'ask', ...retry }),
      (await modern('other')).request('tools/call', { ...ask, ...retry }),
      (await modern()).request('tools/call', {
        ...ask,
        ...retry,
        requestState: `${retry.requestState.slice(0, -3)}abc`,
      }),
      // Of a server that has never given out one, it cannot be.
      client.request('tools/call', { ...ask, requestState: 'whose?' }),
    ]
    for (const refused of await Promise.all(others)) expect(refused.error?.code).toBe(-32602)
    const done = await client.request('tools/call', { ...ask, ...retry })
    expect(done.result).toMatchObject({ content: [{ text: '{"action":"accept"}' }] })
    const again = await client.request('tools/call', { ...ask, ...retry })
    expect(again.error?.code).toBe(-32602)
    expect(relay.server('legacy').of('tools/call')).toHaveLength(calls)
  })

  it('a state of another gateway behind this one passes', async () => {
    relay.server('modern').onTool('state', (call, process) =>
      process.answer(call, {
        content: [{ type: 'text', text: String(call.params?.['requestState']) }],
      }),
    )
    const requestState = 'omg1.abc.def.ghi'
    const { result } = await (
      await modern('modern')
    ).request('tools/call', { name: 'state', arguments: {}, requestState })
    expect(result).toMatchObject({ content: [{ text: requestState }] })
  })

  it('takes the result that came while it was away', async () => {
    let finish = (): void => {}
    relay.server('legacy').onTool('leave', (call, process) => {
      void process.ask('elicitation/create', form, `leave ${Math.random()}`)
      finish = () => process.answer(call, { content: [{ type: 'text', text: 'meanwhile' }] })
    })
    const client = await modern()
    const call = { name: 'leave', arguments: {} }
    const asked = await client.request('tools/call', call)
    finish()
    // Comes back after the answer, on the same pipe.
    await client.request('tools/call', { name: 'fail', arguments: {} })
    const done = await client.request('tools/call', { ...call, requestState: stateOf(asked) })
    expect(done.result).toMatchObject({ content: [{ text: 'meanwhile' }] })
  })

  it('nested too deeply to be walked, arguments come back as they came, and nothing breaks', async () => {
    const client = await modern()
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
    const text = (more: string): string =>
      `{"name":"ask","arguments":{"method":"elicitation/create","params":${JSON.stringify(form)},"deep":${deep}}${more},` +
      `"_meta":${JSON.stringify(client.meta())}}`
    const send = async (more = ''): Promise<Message> => {
      const exchange = client.exchange(
        `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${text(more)}}`,
        { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'ask' },
      )
      return JSON.parse((await exchange.done).body.toString()) as Message
    }
    const asked = await send()
    const key = questionsOf(asked)[0] ?? ''
    const done = await send(
      `,"requestState":${JSON.stringify(stateOf(asked))},"inputResponses":{"${key}":{"action":"accept"}}`,
    )
    expect(done.result).toMatchObject({ content: [{ text: '{"action":"accept"}' }] })
  })

  it('is told at once what to declare', async () => {
    const client = await modern()
    client.capabilities = {}
    const { error } = await client.request('tools/call', ask)
    expect(error).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { elicitation: {} } },
    })
  })

  it('leaves: its parked call is given up with its pipe', async () => {
    const { DuplexClient } = await import('./client.ts')
    const client = new DuplexClient(relay.gateway.sessions, 'legacy')
    const given = relay.server('legacy').of('notifications/cancelled').length
    const meta = (await modern()).meta()
    const asked = await client.request('tools/call', { ...ask, _meta: meta })
    expect(asked.result).toMatchObject({ resultType: 'input_required' })
    client.close()
    await expect
      .poll(() => relay.server('legacy').of('notifications/cancelled').length)
      .toBe(given + 1)
  })
})

describe('a legacy client in front of a modern server', () => {
  async function legacy(capabilities: object = elicitation): Promise<HttpClient> {
    const client = await connect(
      relay,
      { client: 'legacy', server: 'modern', endpoint: 'single' },
      capabilities,
    )
    client.onQuestion = () => ({ result: { action: 'accept', content: {} } })
    return client
  }

  it('answers rounds of questions, several at a time, and the state comes back byte for byte', async () => {
    const states: unknown[] = []
    relay.server('modern').onTool('rounds', (call, process) => {
      const { requestState, inputResponses } = Object(call.params)
      states.push(requestState)
      const question = (message: string): object => ({
        method: 'elicitation/create',
        params: { ...form, message },
      })
      if (states.length === 3)
        return process.answer(call, {
          content: [{ type: 'text', text: Object.keys(inputResponses).join() }],
        })
      process.answer(call, {
        resultType: 'input_required',
        inputRequests: { [`a${states.length}`]: question('a'), b: question('b') },
        requestState: `é\u2028"\\/ ${states.length}`,
      })
    })
    const client = await legacy()
    const { result } = await client.call('rounds')
    expect(result).toMatchObject({ content: [{ text: 'a2,b' }] })
    expect(states).toEqual([undefined, 'é\u2028"\\/ 1', 'é\u2028"\\/ 2'])
    expect(client.of('elicitation/create')).toHaveLength(4)
  })

  it('gets an error at once where it refuses, or cannot be asked', async () => {
    const client = await legacy()
    client.onQuestion = () => ({ error: { code: -1, message: 'No.' } })
    expect((await client.call('ask', ask.arguments)).error?.message).toContain('No.')
    const mute = await legacy({})
    expect((await mute.call('ask', ask.arguments)).error?.message).toContain('elicitation')
    expect(mute.of('elicitation/create')).toHaveLength(0)
  })

  const question = `{"method":"elicitation/create","params":${JSON.stringify(form)}}`
  it.each([
    ['a question without an object', `{"a":{"method":"elicitation/create","params":5}}`],
    ['broken JSON', `{"a":{"method":tru}}`],
    ['no question', `{}`],
    ['questions that are none', `[1]`],
  ])('a call ends, whatever a server asks: %s', async (_what, requests) => {
    relay
      .server('modern')
      .onTool('hostile', (call, process) =>
        process.answer(call, `{"resultType":"input_required","inputRequests":${requests}}`),
      )
    const client = await legacy()
    expect((await client.call('hostile')).error).toBeDefined()
  })

  it('one key twice is one question', async () => {
    relay
      .server('modern')
      .onTool('twice', (call, process) =>
        process.answer(
          call,
          call.params?.['inputResponses'] === undefined
            ? `{"resultType":"input_required","inputRequests":{"a":${question},"a":${question}}}`
            : { content: [] },
        ),
      )
    const client = await legacy()
    expect((await client.call('twice')).result).toEqual({ content: [] })
  })

  it.each(['{"content":[],"resultType":tru}', '{"content":[,]}'])(
    'a result that is no JSON ends the call: %s',
    async (text) => {
      relay.server('modern').onTool('broken', (call, process) => process.answer(call, text))
      const client = await legacy()
      expect((await client.call('broken')).error?.message).toContain('cannot be read')
    },
  )
})
