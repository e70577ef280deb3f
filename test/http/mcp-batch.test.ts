import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HttpClient } from '../mcp/client.ts'
import { Relay } from '../mcp/relay.ts'
import type { Message } from '../mcp/scripted-server.ts'

let relay: Relay
beforeAll(async () => {
  relay = await Relay.start((stage) => [stage.entry('one')])
  relay.server('one').onTool('progress', (call, process) => {
    const progressToken = tokenOf(call)
    process.send({ method: 'notifications/progress', params: { progressToken, progress: 1 } })
    process.answer(call, { last: true })
  })
  relay.server('one').onTool('never', () => {})
})
afterAll(() => relay.close())

function tokenOf(request: Message): unknown {
  const meta = request.params?.['_meta']
  return typeof meta === 'object' && meta && 'progressToken' in meta
    ? meta.progressToken
    : undefined
}

const open = (protocolVersion = '2025-03-26'): Promise<HttpClient> =>
  relay.http({ serverId: 'one', protocolVersion })
const ping = (id: number | string): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"ping"}`
const call = (id: string, name: string, more = ''): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${name}"${more}}}`

/** The status, and the body as JSON. */
async function post(client: HttpClient, body: string) {
  const { status, headers, body: bytes } = await client.exchange(body).done
  const text = bytes.toString()
  return {
    status,
    type: headers['content-type'],
    text,
    json: (text === '' ? undefined : JSON.parse(text)) as Message[] | Message | undefined,
  }
}

/** Ids with error codes, sorted as text. */
function outcomes(answers: unknown): string[] {
  if (!Array.isArray(answers)) throw new Error(`No array: ${JSON.stringify(answers)}`)
  return (answers as Message[])
    .map(({ id, error }) => `${JSON.stringify(id)}${error ? ` ${error.code}` : ''}`)
    .toSorted()
}

describe('a batch over HTTP', () => {
  it('is answered with one array, each message as if it had come alone', async () => {
    const client = await open()
    const { status, type, json } = await post(
      client,
      ` [${ping(1)} , ${call('2', 'echo')},\n{"jsonrpc":"2.0","method":"notifications/x"}, ${call('"2"', 'none')} ,{"jsonrpc":"2.0","id":3,"method":"nope"}]\n`,
    )
    expect([status, type]).toEqual([200, 'application/json'])
    expect(outcomes(json)).toEqual(['"2"', '1', '2', '3 -32601'])
  })

  it('passes numbers, ids and unknown members on as they were written', async () => {
    const client = await open()
    const one = relay.server('one')
    const args = '{"n":1.0,"big":12345678901234567890,"e":1E+2,"s":"\\u0041"}'
    const { text } = await post(
      client,
      `[${call('1e1', 'echo', `,"arguments":${args},"extra":0.10`)},${ping('\u00e4')}]`,
    )
    expect(text).toContain('"id":1e1')
    expect(text).toContain('"id":"\u00e4"')
    const { raw } = one.of('tools/call').at(-1) ?? {}
    expect(raw?.toString()).toContain(`"arguments":${args},"extra":0.10`)
  })

  it('of notifications and answers only is 202 without a body', async () => {
    const client = await open()
    const { status, text } = await post(
      client,
      '[{"jsonrpc":"2.0","method":"notifications/x"},{"jsonrpc":"2.0","id":5,"result":{}}]',
    )
    expect([status, text]).toEqual([202, ''])
  })

  it('becomes one stream of events when something comes before an answer', async () => {
    const client = await open()
    const exchange = client.exchange(
      `[${ping(1)},${call('2', 'progress', ',"_meta":{"progressToken":"t"}')},${call('3', 'echo')}]`,
    )
    const { headers } = await exchange.done
    expect(headers['content-type']).toBe('text/event-stream')
    const messages = exchange.events.map((event) => JSON.parse(event.toString()) as Message)
    expect(messages.map(({ id, method }) => String(id ?? method)).toSorted()).toEqual([
      '1',
      '2',
      '3',
      'notifications/progress',
    ])
    expect(messages.find(({ method }) => method)?.params?.['progressToken']).toBe('t')
  })

  it('is one array for a client that takes no events', async () => {
    const client = await open()
    client.accept = 'application/json'
    const { json } = await post(
      client,
      `[${ping(1)},${call('2', 'progress', ',"_meta":{"progressToken":"t"}')}]`,
    )
    expect(outcomes(json)).toEqual(['1', '2'])
  })

  it('says of each member that is no message that it is none', async () => {
    const client = await open()
    const { status, json } = await post(client, `[1,[${ping(1)}],[],{},${ping(2)}]`)
    expect(status).toBe(200)
    expect(outcomes(json)).toEqual(['2', ...Array.from({ length: 4 }, () => 'null -32600')])
  })

  it('must not contain initialize', async () => {
    const client = await open()
    const { json } = await post(
      client,
      `[{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-11-25"}},${ping(1)}]`,
    )
    expect(outcomes(json)).toEqual(['"i" -32600', '1'])
    // It has changed nothing.
    expect((await post(client, `[${ping(1)}]`)).status).toBe(200)
  })

  it.each([
    ['empty', '[]', -32600],
    ['too long', `[${Array.from({ length: 101 }, (_, i) => ping(i)).join(',')}]`, -32600],
    ['not closed', `[${ping(1)}`, -32700],
    ['followed by more', `[${ping(1)}] x`, -32700],
    ['no JSON inside', `[${ping(1)},nope]`, -32700],
  ])('that is %s is refused as a whole', async (_what, body, code) => {
    const client = await open()
    const { status, json } = await post(client, body)
    expect(status).toBe(400)
    expect(json).toMatchObject({ id: null, error: { code } })
  })

  it('may have a hundred messages', async () => {
    const client = await open()
    const { json } = await post(
      client,
      `[${Array.from({ length: 100 }, (_, i) => ping(i)).join(',')}]`,
    )
    expect(json).toHaveLength(100)
  })

  it('can cancel what it has asked for', async () => {
    const client = await open()
    const { json } = await post(
      client,
      `[${call('7', 'never')},${ping(1)},{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}]`,
    )
    expect(outcomes(json)).toEqual(['1'])
  })

  it('ends with its session', async () => {
    const client = await open()
    const mark = ',"arguments":{"of":"a session that ends"}'
    const exchange = client.exchange(`[${call('1', 'never', mark)},${call('2', 'never', mark)}]`)
    // Only these: calls that others have cancelled may still be on their way.
    const arrived = (): unknown[] =>
      relay
        .server('one')
        .of('tools/call')
        .filter(({ raw }) => raw.includes(mark))
    await expect.poll(() => arrived().length).toBe(2)
    const { headers } = client
    await client.close().catch(() => {})
    await expect(exchange.done).rejects.toThrow()
    client.sessionId = headers['mcp-session-id']
    expect((await post(client, `[${ping(1)}]`)).status).toBe(404)
  })

  it.each(['2025-11-25', '2025-06-18', '2024-11-05'])('is not known to %s', async (version) => {
    const client = await open(version)
    const { status, json } = await post(client, `[${ping(1)}]`)
    expect(status).toBe(400)
    expect(json).toMatchObject({ id: null, error: { code: -32600 } })
    expect(JSON.stringify(json)).toContain('Batches are not part of this protocol version')
  })
})

describe('a batch on a pipe', () => {
  /** Lines that come back, once there are as many. */
  async function lines(version: string, batch: string, count: number): Promise<unknown[]> {
    const got: string[] = []
    const duplex = relay.gateway.sessions.openDuplex({
      serverId: 'one',
      principal: 'local',
      send: (chunks) => got.push(Buffer.concat(chunks).toString()),
      end: () => {},
    })
    try {
      const params = { protocolVersion: version, capabilities: {} }
      duplex.receive(
        Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params })),
      )
      await expect.poll(() => got.length).toBe(1)
      duplex.receive(Buffer.from(batch))
      await expect.poll(() => got.length).toBe(count + 1)
      return got.slice(1).map((line) => JSON.parse(line) as unknown)
    } finally {
      duplex.close()
    }
  }

  it('is answered with one line; what comes before the answers has lines of its own', async () => {
    const [progress, answers] = await lines(
      '2025-03-26',
      `[${ping(1)},${call('2', 'progress', ',"_meta":{"progressToken":"t"}')},[]]`,
      2,
    )
    expect(progress).toMatchObject({ method: 'notifications/progress' })
    expect(outcomes(answers)).toEqual(['1', '2', 'null -32600'])
  })

  it.each([
    ['empty', '2025-03-26', '[]'],
    ['of another version', '2025-11-25', `[${ping(1)}]`],
  ])('%s is an error', async (_what, version, batch) => {
    expect(await lines(version, batch, 1)).toMatchObject([{ id: null, error: { code: -32600 } }])
  })
})
