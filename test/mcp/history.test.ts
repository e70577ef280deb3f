import fs from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ActivityDetail, ActivityEntry } from '../../src-shared/api.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { readEnvelope } from '../../src-main/mcp/envelope.ts'
import type { Channel } from '../../src-main/mcp/client-reply.ts'
import type { History } from '../../src-main/telemetry/history.ts'
import { ModernClient, speakModern } from '../acceptance/two-eras.ts'
import { at, Relay, ways } from './relay.ts'
import type { Message } from './scripted-server.ts'

// What the history has of requests that have gone through a gateway.

let relay: Relay
const held: Message[] = []
/** As long as a busy machine may take. */
const soon = { timeout: 10_000 }
const secret = 'sesame-open-the-door'

beforeAll(async () => {
  vi.stubEnv('HISTORY_TEST_KEY', secret)
  relay = await Relay.start((stage) => [
    withEnv(stage.entry('one'), { API_KEY: '${HISTORY_TEST_KEY}' }),
    stage.entry('modern'),
    stage.entry('gone', { runtime: { type: 'local-process', command: '/no/such/program' } }),
    stage.entry('slow', { request_timeout_seconds: 1 }),
  ])
  speakModern(relay.server('modern'))
  const one = relay.server('one')
  one.onTool('hold', (call) => held.push(call))
  one.onTool('refuse', (call, process) => process.fail(call, { code: -32000, message: 'Not now.' }))
  one.onTool('crash', (_, process) => process.crash())
  one.resources = [{ uri: 'file:///a', name: 'a' }]
  one.on('resources/read', (request, process) =>
    process.answer(request, { contents: [{ uri: 'file:///a', text: 'x' }] }),
  )
  one.prompts = [{ name: 'greet' }]
  one.on('prompts/get', (request, process) => process.answer(request, { messages: [] }))
  one.on('completion/complete', (request, process) =>
    process.answer(request, { completion: { values: [] } }),
  )
  relay.server('slow').onTool('never', () => {})
})
afterAll(() => relay.close())
beforeEach(() => history().clear())

function withEnv(entry: object, env: object): object {
  return { ...entry, env: { ...Object(Object(entry)['env']), ...env } }
}

function history(): History {
  const { history: its } = relay.gateway
  if (!its) throw new Error('There is no history.')
  return its
}

/** Oldest first. */
async function entries(): Promise<ActivityEntry[]> {
  return (await history().list({ limit: 500 })).entries.toReversed()
}

async function last(): Promise<ActivityDetail & { sent: Message; got: Message }> {
  const [entry] = (await history().list({ limit: 1 })).entries
  if (!entry) throw new Error('The history is empty.')
  const detail = await history().get(entry.id)
  const sent: Message = JSON.parse(detail.request ?? 'null')
  const got: Message = JSON.parse(detail.response ?? 'null')
  return { ...detail, sent, got }
}

/** One call without a session, as the management API makes it. */
function oneCall(serverId: string, method: string, params: string | undefined): Promise<Message> {
  return new Promise((resolve, reject) => {
    const channel: Channel = {
      respond: (message) => resolve(JSON.parse(Buffer.concat([...message]).toString())),
      send: () => false,
      abandon: () => reject(new Error('abandoned')),
    }
    const text = `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params ?? '{}'}}`
    relay.gateway.oneCall.send(serverId, 'dashboard', readEnvelope(Buffer.from(text)), channel)
  })
}

describe.each(ways)('$endpoint over $carrier', (way) => {
  it('keeps each request with its client, what it is about, and the names of the server', async () => {
    const client = await relay.connect(way.carrier, at(way))
    await history().clear()
    await client.call('echo', { n: 1 }, {}, 'mine')
    await client.request('prompts/get', { name: way.serverId ? 'greet' : 'one__greet' })
    await client.request('resources/read', { uri: client.uri('file:///a') })
    const ref = { type: 'ref/prompt', name: way.serverId ? 'greet' : 'one__greet' }
    await client.request('completion/complete', { ref, argument: { name: 'x', value: '' } })
    expect(await entries()).toMatchObject([
      { method: 'tools/call', target: 'echo' },
      { method: 'prompts/get', target: 'greet' },
      { method: 'resources/read', target: 'file:///a' },
      { method: 'completion/complete', target: 'greet' },
    ])
    for (const entry of await entries()) {
      expect(entry).toMatchObject({ client: 'relay test', server_id: 'one', outcome: 'ok' })
      expect(entry.duration_ms).toBeGreaterThan(0)
      expect(entry.duration_ms).toBeLessThan(10_000)
      expect(Math.abs(Date.parse(entry.time) - Date.now())).toBeLessThan(60_000)
    }
    const [first] = await entries()
    const detail = await history().get(first?.id ?? 0)
    expect(JSON.parse(detail.request ?? '')).toEqual({
      jsonrpc: '2.0',
      id: 'mine',
      method: 'tools/call',
      params: { name: 'echo', arguments: { n: 1 } },
    })
    expect(JSON.parse(detail.response ?? '')).toEqual({
      jsonrpc: '2.0',
      id: 'mine',
      result: { content: [{ type: 'text', text: '{"n":1}' }] },
    })
  })

  it('does not keep what no server was asked', async () => {
    const client = await relay.connect(way.carrier, at(way))
    await client.request('tools/list')
    await history().clear()
    await client.request('ping')
    await client.request('logging/setLevel', { level: 'warning' })
    if (way.serverId === undefined) await client.request('tools/list')
    expect(await entries()).toEqual([])
  })
})

it('has the errors of servers, of the gateway, and of processes that die', async () => {
  const client = await relay.http({ serverId: 'one' })
  await history().clear()
  await client.call('refuse')
  expect(await last()).toMatchObject({
    outcome: 'error',
    error: 'Not now.',
    got: { error: { code: -32000, message: 'Not now.' } },
  })
  const answer = await client.call('crash')
  const crash = await last()
  expect(crash.outcome).toBe('error')
  expect(crash.got).toEqual({ jsonrpc: '2.0', id: answer.id, error: answer.error })
  expect(crash.error).toBe(answer.error?.message)

  const gone = await oneCall('gone', 'tools/call', '{"name":"x"}')
  expect(await last()).toMatchObject({ server_id: 'gone', target: 'x', error: gone.error?.message })
  const late = await oneCall('slow', 'tools/call', '{"name":"never"}')
  expect(await last()).toMatchObject({ outcome: 'error', error: late.error?.message })
  expect(late.error?.message).toContain('within 1 s')
})

it('has what a client has cancelled', async () => {
  const client = await relay.http({ serverId: 'one' })
  void client.call('hold', {}, {}, 'long')
  await expect.poll(() => held.length, soon).toBe(1)
  await history().clear()
  client.notify('notifications/cancelled', { requestId: 'long' })
  await expect.poll(async () => (await entries()).length, soon).toBe(1)
  expect(await last()).toMatchObject({
    outcome: 'cancelled',
    error: null,
    target: 'hold',
    response: null,
    is_replayable: true,
  })
})

it('has the messages of a batch one by one', async () => {
  const client = await relay.duplex({ serverId: 'one', protocolVersion: '2025-03-26' })
  await history().clear()
  const call = (id: string) => ({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name: 'echo', arguments: { id } },
  })
  const notification = { jsonrpc: '2.0', method: 'notifications/x' }
  void client.raw(JSON.stringify([call('a'), notification, call('b')]), 'answered as a batch')
  await expect.poll(async () => (await entries()).length, soon).toBe(2)
  const its = await Promise.all((await entries()).map(({ id }) => history().get(id)))
  expect(its.map(({ request }) => JSON.parse(request ?? '').id)).toEqual(['a', 'b'])
})

describe('clients of 2026-07-28', () => {
  it.each(['single', 'aggregate'] as const)('have their own names, %s', async (endpoint) => {
    for (const server of ['modern', 'one'] as const) {
      const client = new ModernClient(relay.port, endpoint === 'single' ? server : undefined)
      client.toolName = (tool) => (endpoint === 'single' ? tool : `${server}__${tool}`)
      relay.clients.push(client)
      await client.call('echo', { n: 1.5 }, { _meta: { progressToken: 7, kept: true } })
      const entry = await last()
      expect(entry).toMatchObject({ client: 'acceptance', server_id: server, target: 'echo' })
      expect(entry.sent.params).toMatchObject({ name: 'echo', _meta: { progressToken: 7 } })
      // Sent again by somebody else: without what only that client could say.
      const past = await history().pastRequest(entry.id)
      expect(JSON.parse(past.params ?? '')).toEqual({
        name: 'echo',
        arguments: { n: 1.5 },
        _meta: { kept: true },
      })
    }
  })

  it('are one entry for a call that has asked a question meanwhile', async () => {
    const one = relay.server('one')
    one.onTool('ask', (call, process) => {
      void process
        .ask('elicitation/create', { message: 'Sure?', requestedSchema: {} })
        .then(() => process.answer(call, { content: [] }))
    })
    const asking = new ModernClient(relay.port, 'one')
    asking.capabilities = { elicitation: {} }
    asking.onQuestion = () => ({ result: { action: 'accept', content: {} } })
    relay.clients.push(asking)
    await asking.call('ask')
    expect((await entries()).filter(({ target }) => target === 'ask')).toHaveLength(1)
    expect(await last()).toMatchObject({ outcome: 'ok', client: 'acceptance' })
  })
})

it('calls a client by the name that its entry gives it, whatever it calls itself', async () => {
  const answers: Message[] = []
  const duplex = relay.gateway.sessions.openDuplex({
    serverId: 'one',
    principal: 'local',
    client: 'Claude Desktop',
    send: (chunks) => void answers.push(JSON.parse(Buffer.concat([...chunks]).toString())),
    end: () => {},
  })
  const send = (message: object): void =>
    duplex.receive(Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message })))
  const clientInfo = { name: 'claude-ai', version: '1' }
  const protocolVersion = '2025-11-25'
  send({ id: 1, method: 'initialize', params: { protocolVersion, capabilities: {}, clientInfo } })
  await expect.poll(() => answers.length, soon).toBe(1)
  await history().clear()
  send({ id: 2, method: 'tools/call', params: { name: 'echo' } })
  const key = (name: string): string => `io.modelcontextprotocol/${name}`
  const _meta = {
    [key('protocolVersion')]: '2026-07-28',
    [key('clientInfo')]: clientInfo,
    [key('clientCapabilities')]: {},
  }
  send({ id: 3, method: 'tools/call', params: { name: 'echo', _meta } })
  await expect.poll(() => answers.length, soon).toBe(3)
  expect((await entries()).map(({ client }) => client)).toEqual([
    'Claude Desktop',
    'Claude Desktop',
  ])
  duplex.close()
})

it('sends a request again as it was, and keeps that as well', async () => {
  const client = await relay.http()
  await client.call('echo', { big: 1 }, { _meta: { progressToken: 'mine' } })
  const { id } = await last()
  const { serverId, method, params } = await history().pastRequest(id)
  const answer = await oneCall(serverId, method, params)
  expect(answer.result).toEqual({ content: [{ type: 'text', text: '{"big":1}' }] })
  expect(await last()).toMatchObject({ client: 'dashboard', server_id: 'one', target: 'echo' })
  expect((await last()).id).toBeGreaterThan(id)

  await client.request('resources/subscribe', { uri: 'mcp://one/file:///a' })
  const subscribed = await last()
  expect(subscribed).toMatchObject({ target: 'file:///a', is_replayable: false })
  await expect(history().pastRequest(subscribed.id)).rejects.toBeInstanceOf(GatewayError)
})

it('masks what the server was given as a secret', async () => {
  const client = await relay.http({ serverId: 'one' })
  await client.call('echo', { said: `the key is ${secret}`, api_key: 'another' })
  const entry = await last()
  expect(JSON.stringify(entry)).not.toMatch(/sesame|another/)
  expect(entry.sent.params).toEqual({
    name: 'echo',
    arguments: { said: 'the key is ***', api_key: '***' },
  })
  expect(entry).toMatchObject({ is_replayable: false })
})

it('is there again after a restart, with what had just ended', async () => {
  const client = await relay.http({ serverId: 'one' })
  await history().clear()
  await client.call('echo', { before: true })
  await relay.shut()
  await relay.open()
  expect(await last()).toMatchObject({ target: 'echo', sent: { id: expect.anything() } })
})

it('is not kept with history: false', async () => {
  const other = await Relay.start((stage) => [stage.entry('one')], { history: false })
  const client = await other.http({ serverId: 'one' })
  await client.call('echo')
  expect(other.gateway.history).toBeUndefined()
  await other.shut()
  expect(await fs.readdir(other.stateDir)).not.toContain('history.sqlite')
  await other.close()
})
