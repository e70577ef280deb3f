import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, legs, ModernClient, speakModern } from '../acceptance/two-eras.ts'
import type { Leg } from '../acceptance/two-eras.ts'
import { DuplexClient, Exchange } from './client.ts'
import { Relay } from './relay.ts'
import { param } from './scripted-server.ts'
import type { Message } from './scripted-server.ts'

// What the two eras write differently, on scripted servers named after theirs.

let relay: Relay
const version = '2026-07-28'
const key = (name: string): string => `io.modelcontextprotocol/${name}`
const titled = (leg: Leg): string => `${leg.client} client, ${leg.server} server, ${leg.endpoint}`
const rows = legs.map((leg) => ({ ...leg, title: titled(leg) }))

beforeAll(async () => {
  relay = await Relay.start((stage) => [stage.entry('legacy'), stage.entry('modern')])
  speakModern(relay.server('modern'))
  for (const era of ['legacy', 'modern'] as const) {
    const server = relay.server(era)
    server.instructions = `I am ${era}.`
    server.onTool('raw', (call, process) => {
      const { arguments: args } = Object(call.params)
      process.answer(call, JSON.stringify(Object(args).result))
    })
    server.onTool('meta', (call, process) =>
      process.answer(call, { content: [], structuredContent: Object(call.params)._meta ?? {} }),
    )
    server.onTool('error', (call, process) =>
      process.fail(call, Object(Object(call.params).arguments).error),
    )
    server.on('resources/read', (request, process) => {
      const code = era === 'legacy' ? -32002 : -32602
      process.fail(request, { code, message: `Resource not found: ${param(request, 'uri')}` })
    })
  }
})
afterAll(() => relay.close())

async function modernAt(serverId?: string): Promise<ModernClient> {
  const client = await connect(relay, {
    client: 'modern',
    server: serverId === 'modern' ? 'modern' : 'legacy',
    endpoint: serverId === undefined ? 'aggregate' : 'single',
  })
  if (!(client instanceof ModernClient)) throw new Error('never')
  return client
}

/** One modern request as it is, for its status. */
async function post(
  body: object,
  headers: Record<string, string> = {},
  path = '/servers/legacy/mcp',
): Promise<{ status: number; body: Message }> {
  const exchange = new Exchange(relay.port, {
    path,
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...body }),
  })
  const answer = await exchange.done
  return { status: answer.status, body: JSON.parse(answer.body.toString()) as Message }
}

const meta = (more: object = {}): object => ({
  [key('protocolVersion')]: version,
  [key('clientCapabilities')]: {},
  ...more,
})
const its = (method: string, more: Record<string, string> = {}): Record<string, string> => ({
  'mcp-protocol-version': version,
  'mcp-method': method,
  ...more,
})

describe('server/discover', () => {
  it.each(['legacy', 'modern'] as const)('stands for a %s server', async (era) => {
    const { result } = await (await modernAt(era)).request('server/discover')
    expect(result).toMatchObject({
      resultType: 'complete',
      supportedVersions: expect.arrayContaining([version, '2025-11-25', '2024-11-05']) as unknown,
      capabilities: { tools: { listChanged: true } },
      _meta: { [key('serverInfo')]: { name: era, version: '1' } },
    })
    expect(result).toHaveProperty('ttlMs')
    expect(result).toHaveProperty('cacheScope')
  })

  it('stands for all servers', async () => {
    const { result } = await (await modernAt()).request('server/discover')
    expect(result).toMatchObject({
      resultType: 'complete',
      capabilities: { tools: { listChanged: true }, resources: { subscribe: true } },
      ttlMs: 0,
      cacheScope: 'private',
    })
  })
})

describe('what a request must have', () => {
  const list = { method: 'tools/list' }
  const cases = [
    { what: 'metadata', body: { ...list, params: {} }, headers: its('tools/list'), code: -32602 },
    {
      what: 'capabilities',
      body: { ...list, params: { _meta: { [key('protocolVersion')]: version } } },
      headers: its('tools/list'),
      code: -32602,
    },
    {
      what: 'capabilities of a size that can be kept',
      body: {
        ...list,
        params: { _meta: meta({ [key('clientCapabilities')]: { x: 'x'.repeat(70_000) } }) },
      },
      headers: its('tools/list'),
      code: -32602,
    },
    {
      what: 'the same version in header and body, before anything else is looked at',
      body: { ...list, params: { _meta: meta({ [key('protocolVersion')]: '1999-01-01' }) } },
      headers: its('tools/list'),
      code: -32020,
    },
    {
      what: 'a version that is spoken',
      body: { ...list, params: { _meta: meta({ [key('protocolVersion')]: '1999-01-01' }) } },
      headers: its('tools/list', { 'mcp-protocol-version': '1999-01-01' }),
      code: -32022,
    },
    {
      what: 'its own method in the header',
      body: { ...list, params: { _meta: meta() } },
      headers: its('prompts/list'),
      code: -32020,
    },
    {
      what: 'its own name in the header',
      body: { method: 'tools/call', params: { name: 'raw', _meta: meta() } },
      headers: its('tools/call', { 'mcp-name': '=?base64?b3RoZXI=?=' }),
      code: -32020,
    },
  ]
  it.each(cases)('$what', async ({ body, headers, code }) => {
    expect(await post(body, headers)).toMatchObject({
      status: 400,
      body: { id: 1, error: { code } },
    })
  })

  it.each(['nothing/known', 'ping', 'logging/setLevel', 'resources/subscribe'])(
    'a method that exists: %s is 404',
    async (method) => {
      const answer = await post({ method, params: { _meta: meta() } }, its(method))
      expect(answer).toMatchObject({ status: 404, body: { error: { code: -32601 } } })
    },
  )

  it('a server that exists', async () => {
    const body = { method: 'tools/list', params: { _meta: meta() } }
    const answer = await post(body, its('tools/list'), '/servers/nobody/mcp')
    expect(answer.status).toBe(404)
  })

  it('a log level of the protocol', async () => {
    const body = { method: 'tools/list', params: { _meta: meta({ [key('logLevel')]: 'loud' }) } }
    expect(await post(body, its('tools/list'))).toMatchObject({ body: { error: { code: -32602 } } })
  })
})

describe.each(rows)('$title', (leg) => {
  it('gets what each era adds or leaves out of a list and of a result', async () => {
    const client = await connect(relay, leg)
    for (const { result } of [
      await client.request('tools/list'),
      await client.call('raw', { result: { content: [], resultType: 'complete' } }),
    ]) {
      if (leg.client === 'modern') expect(result).toHaveProperty('resultType', 'complete')
      else if (leg.server === 'modern') expect(result).not.toHaveProperty('resultType')
    }
    const { result: list } = await client.request('tools/list')
    const has = leg.client === 'modern'
    expect(list !== undefined && 'ttlMs' in list).toBe(has)
    expect(list !== undefined && 'cacheScope' in list).toBe(has)
  })

  it('shows the server the metadata of its era, and trace context as it came', async () => {
    const client = await connect(relay, leg)
    const trace = { traceparent: '00-0af7-b7ad-01', tracestate: 'a=1', baggage: 'k=v', 'x.y/z': 1 }
    const { result } = await client.call('meta', {}, { _meta: trace })
    const seen = Object(result?.['structuredContent'])
    expect(seen).toMatchObject(trace)
    expect(key('protocolVersion') in seen).toBe(leg.server === 'modern')
    expect(key('clientCapabilities') in seen).toBe(leg.server === 'modern')
  })

  it.each([[[1, 2]], ['text'], [null], [{ a: 1 }]])(
    'gets structured content %j as its era has it',
    async (value) => {
      const client = await connect(relay, leg)
      const { result } = await client.call('raw', {
        result: { content: [], structuredContent: value },
      })
      const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
      const wraps = leg.client === 'legacy' && leg.server === 'modern' && !isObject
      expect(result?.['structuredContent']).toEqual(wraps ? { result: value } : value)
    },
  )

  it('hears of a missing resource by the code of its era', async () => {
    const client = await connect(relay, leg)
    const { error } = await client.request('resources/read', { uri: client.uri('x://none') })
    expect(error?.code).toBe(leg.client === 'modern' ? -32602 : -32002)
  })
})

it('a missing resource of no server has the code of the era, too', async () => {
  const client = await modernAt()
  const { error } = await client.request('resources/read', { uri: 'mcp://nobody/x' })
  expect(error?.code).toBe(-32602)
})

it.each([
  ['42.0', { n: 42 }, false],
  ['43', { n: 42 }, true],
  ['1e3', { s: '1000' }, true],
  ['=?base64?MTAwMA==?=', { s: '1000' }, false],
])('Mcp-Param %s for %j is refused: %s', async (header, args, isRefused) => {
  const server = relay.server('legacy')
  const properties = {
    n: { type: 'integer', 'x-mcp-header': 'N' },
    s: { type: 'string', 'x-mcp-header': 'S' },
  }
  if (!server.tools.some((tool) => 'name' in tool && tool.name === 'headed')) {
    server.tools.push({ name: 'headed', inputSchema: { type: 'object', properties } })
    server.current.send({ method: 'notifications/tools/list_changed' })
    const client = await modernAt('legacy')
    await expect
      .poll(async () => JSON.stringify((await client.request('tools/list')).result))
      .toContain('headed')
  }
  // What is known is a moment behind what the server lists.
  const wanted = isRefused ? -32020 : undefined
  const params = { name: 'headed', arguments: args, _meta: meta() }
  const [name = ''] = Object.keys(args)
  await expect
    .poll(async () => {
      const headers = its('tools/call', { 'mcp-name': 'headed', [`mcp-param-${name}`]: header })
      return (await post({ method: 'tools/call', params }, headers)).body.error?.code
    })
    .toBe(wanted)
})

describe('a URL that a legacy server wants opened first (-32042)', () => {
  const elicitation = { mode: 'url', url: 'https://x.example/a', message: 'Sign in' }
  const error = {
    code: -32042,
    message: 'more',
    data: { elicitations: [{ ...elicitation, elicitationId: 'e1' }] },
  }
  it('is a question in the result', async () => {
    const client = await modernAt('legacy')
    client.capabilities = { elicitation: { url: {} } }
    const { result } = await client.call('error', { error })
    expect(result).toEqual({
      resultType: 'input_required',
      inputRequests: { 'url#1': { method: 'elicitation/create', params: elicitation } },
    })
  })
  it('is an error with what to declare, where that cannot be asked', async () => {
    const client = await modernAt('legacy')
    const { error: refusal } = await client.call('error', { error })
    expect(refusal).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { elicitation: { url: {} } } },
    })
  })
})

describe('on a pipe', () => {
  it('two requests with one id are not mixed up, and a cancelled one is not answered', async () => {
    const server = relay.server('modern')
    server.onTool('silent', () => {})
    const before = server.of('tools/call').length
    const client = new DuplexClient(relay.gateway.sessions, 'modern')
    const params = { name: 'silent', _meta: meta() }
    const first = client.request('tools/call', params, 7)
    let isAnswered = false
    void first.then(() => (isAnswered = true))
    await expect.poll(() => server.of('tools/call').length).toBe(before + 1)
    const second = await client.request('tools/call', params, 7)
    expect(second.error).toMatchObject({ code: -32600 })
    client.notify('notifications/cancelled', { requestId: 7 })
    await expect.poll(() => server.current.of('notifications/cancelled').length).toBe(1)
    expect(server.of('tools/call')).toHaveLength(before + 1)
    expect(isAnswered).toBe(false)
    client.close()
  })
})
