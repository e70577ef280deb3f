import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Exchange } from '../mcp/client.ts'
import { Relay } from '../mcp/relay.ts'

let relay: Relay
beforeAll(async () => {
  relay = await Relay.start((stage) => [
    stage.entry('one', { request_timeout_seconds: 1 }),
    stage.entry('off', { enabled: false }),
    ...['broken/mcp', 'broken/rpc'].map((id) => ({
      id: id.replace('/', '-'),
      runtime: { type: 'local-process', command: '/no/such/program' },
    })),
  ])
  relay.server('one').onTool('never', () => {})
})
afterAll(() => relay.close())

/** Both ways of a single call: `POST /mcp` with the server in the body, `POST /rpc` with it in a header. */
describe.each(['/mcp', '/rpc'])('POST %s', (path) => {
  function send(serverId: string, members: string): Exchange {
    const body =
      path === '/mcp' ? `{"server_id":${JSON.stringify(serverId)},${members}}` : `{${members}}`
    const headers = { 'x-server-id': serverId, accept: 'application/json, text/event-stream' }
    return new Exchange(relay.port, { path, body, headers })
  }

  async function call(id: string, members: string) {
    const serverId = id === 'broken' ? `broken-${path.slice(1)}` : id
    const { status, headers, body } = await send(serverId, members).done
    const text = body.toString()
    return { status, headers, text, json: text === '' ? {} : (JSON.parse(text) as object) }
  }

  it('needs no handshake, and relays params as they are written', async () => {
    const args = '{"a":1.0,"b":9007199254740993,"c":"\\u00e9","server_id":"x"}'
    const { status, headers, text } = await call(
      'one',
      `"id":"é", "params": {"name":"echo","arguments":${args}}, "method":"tools/call"`,
    )
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('application/json')
    expect(text).toMatch(/^\{"jsonrpc":"2.0","id":"é","result":/)
    expect(relay.server('one').of('tools/call').at(-1)?.raw.toString()).toMatch(
      new RegExp(
        `"params":\\{"name":"echo","arguments":${args.replaceAll(/[\\{.]/g, String.raw`\$&`)}\\}\\}$`,
      ),
    )
  })

  it('makes an id where there is none', async () => {
    const { json } = await call('one', '"method":"tools/list"')
    expect(json).toMatchObject({
      jsonrpc: '2.0',
      id: expect.any(Number),
      result: { tools: expect.any(Array) },
    })
  })

  it.each([['0'], ['"0"'], ['-1']])('keeps the id %s', async (id) => {
    const { text } = await call('one', `"jsonrpc":"2.0","id":${id},"method":"ping"`)
    expect(text).toBe(`{"jsonrpc":"2.0","id":${id},"result":{}}`)
  })

  it('does not follow a resource, since nobody would end it', async () => {
    const { status, text } = await call(
      'one',
      '"method":"resources/subscribe","params":{"uri":"a:b"}',
    )
    expect(status).toBe(400)
    expect(text).toContain('subscriptions/listen')
    expect(relay.server('one').of('resources/subscribe')).toEqual([])
  })

  it('takes a notification with 202', async () => {
    expect(await call('one', '"method":"notifications/x"')).toMatchObject({ status: 202, text: '' })
  })

  it('answers initialize with what the server is', async () => {
    const { json } = await call('one', '"id":1,"method":"initialize","params":{}')
    expect(json).toMatchObject({ result: { serverInfo: { name: 'one' } } })
  })

  it('gives an error of the server as it is, with 200', async () => {
    expect(await call('one', '"id":1,"method":"no/such"')).toMatchObject({
      status: 200,
      json: { id: 1, error: { code: -32601, message: 'Method not found: no/such' } },
    })
  })

  it.each([
    ['an unknown server', 'nobody', 404, -32602],
    ['a server that cannot start', 'broken', 502, -32000],
    ['a disabled server', 'off', 503, -32000],
  ])('%s is an error with its status and the id', async (_what, serverId, status, code) => {
    expect(
      await call(serverId, '"id":"x","method":"tools/call","params":{"name":"a"}'),
    ).toMatchObject({
      status,
      json: {
        jsonrpc: '2.0',
        id: 'x',
        error: { code, message: expect.stringContaining(serverId) },
      },
    })
  })

  it('a server that does not answer in time is 504', async () => {
    const answer = await call('one', '"id":1,"method":"tools/call","params":{"name":"never"}')
    expect(answer).toMatchObject({ status: 504, json: { id: 1, error: { code: -32000 } } })
  })

  it('a client that hangs up cancels', async () => {
    const server = relay.server('one')
    const before = server.of('tools/call').length
    const exchange = send('one', '"id":1,"method":"tools/call","params":{"name":"never"}')
    await expect.poll(() => server.of('tools/call').length).toBe(before + 1)
    exchange.destroy()
    await expect
      .poll(() => server.of('notifications/cancelled').at(-1)?.params?.['requestId'])
      .toBe(server.of('tools/call').at(-1)?.id)
  })

  it.each([
    ['a null id', '"id":null,"method":"ping"'],
    ['params that are an array', '"method":"x","params":[]'],
    ['a response', '"id":1,"result":{}'],
    ['no method', '"id":1'],
  ])('%s is refused', async (_what, members) => {
    expect((await call('one', members)).status).toBe(400)
  })
})

it('/rpc without its header, and a server_id that is no string, are 400', async () => {
  const status = async (path: string, body: string) =>
    (await new Exchange(relay.port, { path, body }).done).status
  expect(await status('/rpc', '{"method":"ping"}')).toBe(400)
  expect(await status('/mcp', '{"server_id":5,"method":"ping"}')).toBe(400)
})

it('a server that fails again and again is 503, with the time of the next try', async () => {
  const bodies = {
    '/mcp': '{"server_id":"broken-rpc","id":1,"method":"tools/call","params":{"name":"a"}}',
    '/rpc': '{"id":1,"method":"tools/call","params":{"name":"a"}}',
  }
  const call = (path: keyof typeof bodies) =>
    new Exchange(relay.port, {
      path,
      body: bodies[path],
      headers: { 'x-server-id': 'broken-rpc' },
    }).done
  await expect.poll(async () => (await call('/mcp')).status, { timeout: 15_000 }).toBe(503)
  for (const path of ['/mcp', '/rpc'] as const) {
    const { status, headers, body } = await call(path)
    expect(status).toBe(503)
    expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    expect(JSON.parse(body.toString())).toMatchObject({ id: 1, error: { code: -32000 } })
  }
})
