import type http from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { connect, followedAt, speakModern } from '../acceptance/two-eras.ts'
import { answerTo, openStream, sendJson, serve } from '../runtimes/remote-peer.ts'
import type { Handler } from '../runtimes/remote-peer.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { eventually } from '../support/eventually.ts'
import { DuplexClient } from './client.ts'
import { Relay } from './relay.ts'
import type { Message, ScriptedProcess } from './scripted-server.ts'

// What the gateway listens for at a server of 2026-07-28, and what clients may rely on meanwhile.

const key = (name: string): string => `io.modelcontextprotocol/${name}`
const meta = { [key('protocolVersion')]: '2026-07-28', [key('clientCapabilities')]: {} }
const acknowledged = 'notifications/subscriptions/acknowledged'
const updated = 'notifications/resources/updated'

const cleanUps: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp()
})

/** A server whose acknowledgments are the test's to send; those of listens without resources come at once. */
async function stage(clock = new FakeClock()) {
  const relay = await Relay.start((servers) => [servers.entry('modern')], {}, clock)
  cleanUps.push(() => relay.close())
  const server = relay.server('modern')
  speakModern(server)
  server.on('subscriptions/listen', (listen, process) => {
    if (resourcesOf(listen).length === 0) process.write(acknowledgment(listen))
  })
  const legacy = await connect(relay, { client: 'legacy', server: 'modern', endpoint: 'single' })
  expect((await legacy.call('echo')).result).toBeDefined()
  const process = server.current
  await listenAt(process, 1)
  return { relay, clock, process, legacy }
}

const resourcesOf = (listen: Message): string[] =>
  Object(listen.params?.['notifications'])['resourceSubscriptions'] ?? []

const line = (message: object): string => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`

function acknowledgment(listen: Message, without: readonly string[] = []): string {
  const resourceSubscriptions = resourcesOf(listen).filter((uri) => !without.includes(uri))
  const _meta = { [key('subscriptionId')]: listen.id }
  const notifications = { ...Object(listen.params?.['notifications']), resourceSubscriptions }
  return line({ method: acknowledged, params: { notifications, _meta } })
}

const change = (listen: Message, uri: string): string =>
  line({ method: updated, params: { uri, _meta: { [key('subscriptionId')]: listen.id } } })

/** The n-th listen that a process has got. */
function listenAt(process: ScriptedProcess, n: number): Promise<Message> {
  return eventually(() => {
    const listen = process.of('subscriptions/listen')[n - 1]
    if (!listen) throw new Error(`There is no listen ${n}.`)
    return listen
  })
}

const cancelled = (process: ScriptedProcess): unknown[] =>
  process.of('notifications/cancelled').map(({ params }) => params?.['requestId'])

/** A client of 2026-07-28 that opens a stream for these resources. */
function open(relay: Relay, uris: readonly string[]): DuplexClient {
  const client = new DuplexClient(relay.gateway.sessions, 'modern')
  const notifications = { resourceSubscriptions: uris }
  void client.request('subscriptions/listen', { notifications, _meta: meta }, 'mine')
  return client
}

const urisOf = (client: { of(method: string): Message[] }): unknown[] =>
  client.of(updated).map(({ params }) => params?.['uri'])

const followed = (client: DuplexClient): unknown =>
  Object(client.of(acknowledged)[0]?.params?.['notifications'])['resourceSubscriptions']

describe('a client that follows a resource of a modern server', () => {
  it('is told so when the server has said that it tells of it', async () => {
    const { relay, process, legacy } = await stage()
    let answer: Message | undefined
    const subscribing = legacy.request('resources/subscribe', { uri: 'x://a' })
    void subscribing.then((message) => (answer = message))
    const modern = open(relay, ['x://a'])
    const listen = await listenAt(process, 2)
    // A whole round through all of them: whatever was to come has come.
    await legacy.call('echo')
    expect(answer).toBeUndefined()
    expect(modern.messages).toEqual([])
    // A change that comes with the acknowledgment comes after it.
    process.write(acknowledgment(listen) + change(listen, 'x://a'))
    expect((await subscribing).result).toEqual({})
    await eventually(() => expect(modern.messages).toHaveLength(2))
    expect(modern.messages[0]?.method).toBe(acknowledged)
    expect(followed(modern)).toEqual(['x://a'])
    expect(urisOf(modern)).toEqual(['x://a'])
    await eventually(() => expect(urisOf(legacy)).toEqual(['x://a']))
  })

  it('misses no change while another joins, and hears none twice', async () => {
    const { relay, process } = await stage()
    const first = open(relay, ['x://a'])
    const before = await listenAt(process, 2)
    process.write(acknowledgment(before))
    await eventually(() => expect(followed(first)).toEqual(['x://a']))
    await eventually(() => expect(cancelled(process)).toEqual([1]))
    const second = open(relay, ['x://b'])
    const after = await listenAt(process, 3)
    expect(resourcesOf(after)).toEqual(['x://a', 'x://b'])
    process.write(change(before, 'x://a'))
    await eventually(() => expect(urisOf(first)).toEqual(['x://a']))
    expect(cancelled(process)).toEqual([1])
    // The server tells both of its streams until it hears that one is over.
    process.write(
      acknowledgment(after) +
        change(before, 'x://a') +
        change(after, 'x://a') +
        change(after, 'x://b'),
    )
    await eventually(() => expect(urisOf(second)).toEqual(['x://b']))
    expect(urisOf(first)).toEqual(['x://a', 'x://a'])
    await eventually(() => expect(cancelled(process)).toEqual([1, before.id]))
    expect(first.messages).toHaveLength(3)
  })

  it('is told when it is left out', async () => {
    const { relay, process, legacy } = await stage()
    const subscribing = legacy.request('resources/subscribe', { uri: 'x://b' })
    const modern = open(relay, ['x://a', 'x://b'])
    process.write(acknowledgment(await listenAt(process, 2), ['x://b']))
    expect((await subscribing).error?.message).toContain('x://b')
    await eventually(() => expect(followed(modern)).toEqual(['x://a']))
    // Nobody follows it, so it is not asked for again.
    const next = await listenAt(process, 3)
    expect(resourcesOf(next)).toEqual(['x://a'])
    process.write(acknowledgment(next) + change(next, 'x://a'))
    await eventually(() => expect(urisOf(modern)).toEqual(['x://a']))
  })

  it('is told why the server refuses, and others keep what they have', async () => {
    const { relay, process, legacy } = await stage()
    const modern = open(relay, ['x://a'])
    const listen = await listenAt(process, 2)
    process.write(acknowledgment(listen))
    await eventually(() => expect(followed(modern)).toEqual(['x://a']))
    const subscribing = legacy.request('resources/subscribe', { uri: 'x://no' })
    process.fail(await listenAt(process, 3), { code: -32602, message: 'not that one' })
    expect((await subscribing).error?.message).toContain('not that one')
    process.write(change(listen, 'x://a'))
    await eventually(() => expect(urisOf(modern)).toEqual(['x://a']))
    expect(process.of('subscriptions/listen')).toHaveLength(3)
  })

  it('is told that the server has gone', async () => {
    const { process, legacy } = await stage()
    const subscribing = legacy.request('resources/subscribe', { uri: 'x://a' })
    await listenAt(process, 2)
    process.crash()
    expect((await subscribing).error?.message).toContain('stopped unexpectedly')
  })

  it('does not wait for ever for a server that says nothing', async () => {
    const { relay, clock, process, legacy } = await stage()
    const first = open(relay, ['x://a'])
    const listen = await listenAt(process, 2)
    process.write(acknowledgment(listen))
    await eventually(() => expect(followed(first)).toEqual(['x://a']))
    const modern = open(relay, ['x://b'])
    let answer: Message | undefined
    void legacy
      .request('resources/subscribe', { uri: 'x://c' })
      .then((message) => (answer = message))
    const silent = await listenAt(process, 3)
    // Its request has come, whether or not it was in time for this listen.
    await legacy.call('echo')
    clock.advance(5_000)
    await eventually(() => expect(modern.of(acknowledged)).toHaveLength(1))
    expect(followed(modern)).toBeUndefined()
    await eventually(() => {
      clock.advance(1_000)
      expect(answer?.error?.message).toContain('did not say within 10 s')
    })
    // What works is kept, what does not is taken back.
    process.write(change(listen, 'x://a'))
    await eventually(() => expect(urisOf(first)).toEqual(['x://a']))
    await eventually(() => expect(cancelled(process)).toContain(silent.id))
    await eventually(() => expect(followedAt(process)).toEqual(['x://a']))
  })
})

it('what changes while the server has ended the listen is found when it is open again', async () => {
  const { relay, clock, process, legacy } = await stage()
  const client = open(relay, ['x://a'])
  const listen = await listenAt(process, 2)
  process.write(acknowledgment(listen))
  await eventually(() => expect(followed(client)).toEqual(['x://a']))
  relay.server('modern').tools.push({ name: 'new', inputSchema: { type: 'object' } })
  process.answer(listen, {})
  const next = await eventually(() => {
    clock.advance(500)
    const found = process.of('subscriptions/listen')[2]
    if (!found) throw new Error('It is not open yet.')
    return found
  })
  expect(legacy.of('notifications/tools/list_changed')).toEqual([])
  process.write(acknowledgment(next))
  await eventually(() => expect(urisOf(client)).toEqual(['x://a']))
  await eventually(() => expect(legacy.of('notifications/tools/list_changed')).toHaveLength(1))
  expect(legacy.of('notifications/prompts/list_changed')).toEqual([])
  const { result } = await legacy.request('tools/list')
  expect(result?.['tools']).toContainEqual(expect.objectContaining({ name: 'new' }))
})

it('many resources are one listen', async () => {
  const { relay, process } = await stage()
  const uris = Array.from({ length: 200 }, (_, i) => `x://${i}`)
  const client = open(relay, uris)
  const listen = await listenAt(process, 2)
  expect(resourcesOf(listen)).toHaveLength(200)
  process.write(acknowledgment(listen))
  await eventually(() => expect(followed(client)).toHaveLength(200))
  client.notify('notifications/cancelled', { requestId: 'mine' })
  expect(resourcesOf(await listenAt(process, 3))).toEqual([])
})

it('over HTTP a change that is late on the replaced stream is told, and once', async () => {
  const clock = new FakeClock()
  const streams: { listen: Message; response: http.ServerResponse }[] = []
  const capabilities = { resources: { subscribe: true }, tools: {} }
  const handler: Handler = (request, response) => {
    const listen: Message = JSON.parse(request.body)
    const { method } = request.rpc
    if (method === 'subscriptions/listen') {
      openStream(response)
      streams.push({ listen, response })
      response.write(`data: ${acknowledgment(listen)}\n`)
    } else if (method === 'server/discover')
      sendJson(
        response,
        answerTo(
          request,
          JSON.stringify({
            resultType: 'complete',
            supportedVersions: ['2026-07-28'],
            capabilities,
          }),
        ),
      )
    else sendJson(response, answerTo(request, '{"resultType":"complete"}'))
  }
  const far = await serve(handler)
  cleanUps.push(() => far.close())
  const relay = await Relay.start(
    () => [{ id: 'modern', runtime: { type: 'remote-http', url: far.url } }],
    {},
    clock,
  )
  cleanUps.push(() => relay.close())
  const tell = (n: number, uri: string): void => {
    const stream = streams[n]
    if (stream) stream.response.write(`data: ${change(stream.listen, uri)}\n`)
  }
  const join = async (uri: string): Promise<DuplexClient> => {
    const client = open(relay, [uri])
    await eventually(() => expect(followed(client)).toEqual([uri]))
    return client
  }
  const first = await join('x://a')
  const second = await join('x://b')
  expect(streams).toHaveLength(2)
  tell(0, 'x://a')
  tell(1, 'x://b')
  await eventually(() => expect(urisOf(second)).toEqual(['x://b']))
  await eventually(() => {
    clock.advance(500)
    expect(urisOf(first)).toEqual(['x://a'])
  })
  await eventually(() => expect(streams[0]?.response.closed).toBe(true))
  const third = await join('x://c')
  tell(2, 'x://a')
  await eventually(() => expect(urisOf(first)).toEqual(['x://a', 'x://a']))
  tell(1, 'x://a')
  tell(1, 'x://b')
  await eventually(() => {
    clock.advance(500)
    expect(urisOf(second)).toEqual(['x://b', 'x://b'])
  })
  tell(2, 'x://c')
  await eventually(() => expect(urisOf(third)).toEqual(['x://c']))
  await eventually(() => expect(streams[1]?.response.closed).toBe(true))
  expect(urisOf(first)).toEqual(['x://a', 'x://a'])
})
