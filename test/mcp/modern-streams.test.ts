import { afterEach, describe, expect, it } from 'vitest'
import { announce, connect, ModernClient, speakModern } from '../acceptance/two-eras.ts'
import { DuplexClient } from './client.ts'
import { Relay } from './relay.ts'
import type { Message } from './scripted-server.ts'

// subscriptions/listen, tasks of many servers, and which era a server is found to speak.

const relays: Relay[] = []
const key = (name: string): string => `io.modelcontextprotocol/${name}`
const meta = { [key('protocolVersion')]: '2026-07-28', [key('clientCapabilities')]: {} }
const acknowledged = 'notifications/subscriptions/acknowledged'

async function start(...names: string[]): Promise<Relay> {
  const relay = await Relay.start((stage) => names.map((name) => stage.entry(name)))
  relays.push(relay)
  for (const name of names) if (name.startsWith('modern')) speakModern(relay.server(name))
  return relay
}

afterEach(async () => {
  for (const relay of relays.splice(0)) await relay.close()
})

const eras = ['legacy', 'modern'] as const
const subscription = (message: Message | undefined): unknown =>
  Object(message?.params?.['_meta'])[key('subscriptionId')]

describe.each(eras)('a stream of changes of a %s server', (era) => {
  it.each([0, '0', 'a "b"'])('carries its own id %j, first its acknowledgment', async (id) => {
    const relay = await start(era)
    relay.server(era).resources = [{ uri: 'x://a', name: 'a' }]
    const client = new DuplexClient(relay.gateway.sessions, era)
    const notifications = { toolsListChanged: true, resourceSubscriptions: ['x://a'], odd: true }
    let end: Message | undefined
    void client
      .request('subscriptions/listen', { notifications, _meta: meta }, id)
      .then((message) => (end = message))
    await expect.poll(() => client.messages.length).toBe(1)
    expect(client.messages[0]).toMatchObject({
      method: acknowledged,
      params: { notifications: { toolsListChanged: true, resourceSubscriptions: ['x://a'] } },
    })
    expect(client.messages[0]?.params?.['notifications']).not.toHaveProperty('odd')
    const { current } = relay.server(era)
    announce(current, 'notifications/prompts/list_changed')
    announce(current, 'notifications/resources/updated', { uri: 'x://a' })
    announce(current, 'notifications/resources/updated', { uri: 'x://b' })
    announce(current, 'notifications/tools/list_changed')
    await expect.poll(() => client.of('notifications/tools/list_changed').length).toBe(1)
    expect(
      client.of('notifications/resources/updated').map(({ params }) => params?.['uri']),
    ).toEqual(['x://a'])
    expect(client.of('notifications/prompts/list_changed')).toEqual([])
    for (const message of client.messages) expect(subscription(message)).toBe(id)
    await relay.gateway.shutdown()
    await expect.poll(() => end).toBeDefined()
    expect(end).toMatchObject({ id, result: { resultType: 'complete' } })
    expect(Object(end?.result?.['_meta'])[key('subscriptionId')]).toBe(id)
  })

  it('ends when its server is removed, and lets go of the resource when it is cancelled', async () => {
    const relay = await start(era, `${era}-other`)
    const client = new DuplexClient(relay.gateway.sessions, era)
    const listen = (id: string): Promise<Message> =>
      client.request(
        'subscriptions/listen',
        { notifications: { resourceSubscriptions: ['x://a'] }, _meta: meta },
        id,
      )
    void listen('one')
    await expect.poll(() => client.of(acknowledged).length).toBe(1)
    client.notify('notifications/cancelled', { requestId: 'one' })
    const { current } = relay.server(era)
    const left = era === 'legacy' ? 'resources/unsubscribe' : 'notifications/cancelled'
    await expect.poll(() => current.of(left).length).toBeGreaterThan(0)
    const end = listen('two')
    await expect.poll(() => client.of(acknowledged).length).toBe(2)
    await relay.writeCatalog([relay.stage.entry(`${era}-other`)])
    await relay.gateway.reload()
    expect((await end).result).toMatchObject({ resultType: 'complete' })
  })

  it('is refused where events are not accepted', async () => {
    const relay = await start(era)
    const client = new ModernClient(relay.port, era)
    client.accept = 'application/json'
    const answer = await client.request('subscriptions/listen', {
      notifications: { toolsListChanged: true },
    })
    expect(answer.error?.message).toContain('text/event-stream')
    expect(relay.gateway.sessions.size).toBe(0)
  })
})

it('a stream acknowledges only what its server can tell', async () => {
  const relay = await start('modern')
  relay.server('modern').capabilities = { tools: { listChanged: false }, resources: {} }
  const client = new DuplexClient(relay.gateway.sessions, 'modern')
  const notifications = { toolsListChanged: true, resourceSubscriptions: ['x://a'] }
  void client.request('subscriptions/listen', { notifications, _meta: meta }, 1)
  await expect.poll(() => client.of(acknowledged).length).toBe(1)
  expect(client.of(acknowledged)[0]?.params?.['notifications']).toEqual({})
  const legacy = await connect(relay, { client: 'legacy', server: 'modern', endpoint: 'aggregate' })
  const { error } = await legacy.request('resources/subscribe', { uri: legacy.uri('x://a') })
  expect(error?.code).toBe(-32601)
})

it('changes of an instance reach the streams of its own client alone', async () => {
  const relay = await Relay.start((stage) => [stage.entry('legacy', { isolation: 'session' })])
  relays.push(relay)
  const open = async (name: string): Promise<DuplexClient> => {
    const client = new DuplexClient(relay.gateway.sessions, 'legacy')
    const notifications = { toolsListChanged: true, resourceSubscriptions: ['x://a'] }
    void client.request('subscriptions/listen', { notifications, _meta: meta }, name)
    await expect.poll(() => client.of(acknowledged).length).toBe(1)
    return client
  }
  const a = await open('a')
  const first = relay.server('legacy').current
  const b = await open('b')
  const second = relay.server('legacy').current
  expect(second).not.toBe(first)
  // The stream is at the instance that the client's calls go to.
  const call = { name: 'echo', arguments: {}, _meta: meta }
  expect((await a.request('tools/call', call)).result).toBeDefined()
  expect(first.of('tools/call')).toHaveLength(1)
  announce(first, 'notifications/resources/updated', { uri: 'x://a' })
  announce(first, 'notifications/tools/list_changed')
  await expect.poll(() => a.of('notifications/tools/list_changed').length).toBe(1)
  expect(a.of('notifications/resources/updated')).toHaveLength(1)
  expect(b.messages).toHaveLength(1)
  announce(second, 'notifications/resources/updated', { uri: 'x://a' })
  await expect.poll(() => b.messages.length).toBe(2)
  expect(b.of('notifications/tools/list_changed')).toEqual([])
  expect(a.of('notifications/resources/updated')).toHaveLength(1)
  // Its instance goes with its pipe.
  a.close()
  await expect.poll(() => first.isOpen).toBe(false)
  expect(second.isOpen).toBe(true)
})

describe('tasks on the endpoint of all servers', () => {
  async function stage(): Promise<Relay> {
    const relay = await start('modern', 'modern-b')
    for (const name of ['modern', 'modern-b']) {
      const server = relay.server(name)
      server.onTool('long', (call, process) =>
        process.answer(call, {
          resultType: 'task',
          taskId: Object(call.params?.['arguments']).id,
          status: 'working',
        }),
      )
      for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel'])
        server.on(method, (request, process) =>
          process.answer(request, { from: name, method, id: request.params?.['taskId'] }),
        )
    }
    return relay
  }

  it('go to the server that made them, and to nobody for another client', async () => {
    const relay = await stage()
    const client = await connect(relay, {
      client: 'modern',
      server: 'modern',
      endpoint: 'aggregate',
    })
    const begun = await client.request('tools/call', {
      name: 'modern-b__long',
      arguments: { id: 't1' },
    })
    expect(begun.result).toMatchObject({ resultType: 'task', taskId: 't1' })
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel'])
      expect((await client.request(method, { taskId: 't1' })).result).toMatchObject({
        from: 'modern-b',
        method,
        id: 't1',
      })
    for (const taskId of ['t2', 5, undefined])
      expect((await client.request('tasks/get', { taskId })).error?.code).toBe(-32602)
    const foreign = new DuplexClient(relay.gateway.sessions, undefined)
    const answer = await foreign.request('tasks/get', { taskId: 't1', _meta: meta })
    expect(answer.error?.code).toBe(-32602)
    expect((await client.request('tasks/list')).error?.code).toBe(-32601)
    const twin = await client.request('tools/call', {
      name: 'modern__long',
      arguments: { id: 't1' },
    })
    expect(twin.error?.message).toContain('/servers/modern/mcp')
  })

  it('pass as they are on the endpoint of one', async () => {
    const relay = await stage()
    const client = await connect(relay, { client: 'modern', server: 'modern', endpoint: 'single' })
    expect((await client.request('tasks/get', { taskId: 'any' })).result).toMatchObject({
      from: 'modern',
    })
  })
})

describe('the era of a server', () => {
  const list = async (relay: Relay, name: string): Promise<Message> => {
    const client = new ModernClient(relay.port, name)
    relay.clients.push(client)
    return client.request('tools/call', { name: 'echo', arguments: {} })
  }

  it('is asked for on the one process, and remembered', async () => {
    const relay = await start('legacy', 'modern')
    for (const name of eras) {
      const server = relay.server(name)
      expect((await list(relay, name)).result).toBeDefined()
      expect(server.processes).toHaveLength(1)
      expect(server.of('server/discover')).toHaveLength(1)
      expect(server.of('initialize')).toHaveLength(name === 'legacy' ? 1 : 0)
    }
    await relay.shut()
    await relay.open()
    expect((await list(relay, 'legacy')).result).toBeDefined()
    expect(relay.server('legacy').of('server/discover')).toHaveLength(1)
  })

  it('silent on the question, a server is greeted the older way, and not asked again', async () => {
    const relay = await start('legacy')
    relay.server('legacy').on('server/discover', () => {})
    expect((await list(relay, 'legacy')).result).toBeDefined()
    await relay.shut()
    await relay.open()
    expect((await list(relay, 'legacy')).result).toBeDefined()
    expect(relay.server('legacy').of('server/discover')).toHaveLength(1)
  })

  it('slow to answer, a modern server is known as one in the end', async () => {
    const relay = await start('modern')
    const server = relay.server('modern')
    // Its answer comes when it has been greeted the older way already, which it refuses first.
    let question: Message | undefined
    server.on('server/discover', (request) => (question = request))
    server.on('initialize', (request, process) => {
      process.fail(request, { code: -32601, message: 'no' })
      if (question)
        process.write(
          `{"jsonrpc": "2.0", "id": ${JSON.stringify(question.id)}, "result": {"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}}}\n`,
        )
    })
    expect((await list(relay, 'modern')).result).toMatchObject({ resultType: 'complete' })
    expect(server.processes).toHaveLength(1)
  })

  it('a server that dies of the question works at its next start', async () => {
    const relay = await start('legacy')
    relay.server('legacy').on('server/discover', (_request, process) => process.crash())
    expect((await list(relay, 'legacy')).error).toBeDefined()
    expect((await list(relay, 'legacy')).result).toBeDefined()
    expect(relay.server('legacy').of('server/discover')).toHaveLength(1)
  })

  it('a server that has learnt the newer one is asked anew when it refuses the older', async () => {
    const relay = await start('legacy')
    const server = relay.server('legacy')
    expect((await list(relay, 'legacy')).result).toBeDefined()
    await relay.shut()
    speakModern(server)
    await relay.open()
    expect((await list(relay, 'legacy')).result).toMatchObject({ resultType: 'complete' })
    expect(server.of('server/discover')).toHaveLength(2)
  })

  it('a server that refuses the version it lists is asked once more', async () => {
    const relay = await start('modern')
    const server = relay.server('modern')
    const discover = server.of.bind(server, 'server/discover')
    server.on('server/discover', (request, process) => {
      if (discover().length > 1)
        return process.answer(request, { supportedVersions: ['2026-07-28'], capabilities: {} })
      const data = { supported: ['2026-07-28'], requested: '2026-07-28' }
      process.fail(request, { code: -32022, message: 'Unsupported', data })
    })
    expect((await list(relay, 'modern')).result).toMatchObject({ resultType: 'complete' })
    expect(server.of('initialize')).toEqual([])
  })
})
