import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Client } from './client.ts'
import { at, Relay, ways } from './relay.ts'
import { param } from './scripted-server.ts'
import type { Message, ScriptedServer } from './scripted-server.ts'

let relay: Relay
let one: ScriptedServer
beforeAll(async () => {
  relay = await Relay.start((stage) => [
    stage.entry('one'),
    stage.entry('other'),
    stage.entry('own', { isolation: 'session' }),
  ])
  one = relay.server('one')
})
afterAll(() => relay.close())

/** What was sent before this has arrived: pipes keep their order. */
async function settled(...clients: Client[]): Promise<void> {
  for (const client of clients) await client.call('echo')
}

const uris = (messages: readonly Message[]): string[] => messages.map((it) => param(it, 'uri'))

describe.each(ways)('$endpoint over $carrier', (way) => {
  let a: Client
  let b: Client
  beforeAll(async () => {
    a = await relay.connect(way.carrier, at(way))
    b = await relay.connect(way.carrier, at(way))
    await settled(a, b)
  })
  beforeEach(async () => {
    // What the first start has changed is told by now.
    await settled(a, b)
    for (const client of [a, b]) client.messages.splice(0)
    for (const process of one.processes) process.received.splice(0)
  })

  describe('subscriptions', () => {
    const updated = (uri: string): void =>
      one.current.send({ method: 'notifications/resources/updated', params: { uri, title: 'é' } })

    it('only who follows a resource is told, and the server is left when nobody does', async () => {
      const uri = 'file:///watched'
      expect((await a.request('resources/subscribe', { uri: a.uri(uri) })).result).toEqual({})
      expect(uris(one.of('resources/subscribe'))).toEqual([uri])
      updated(uri)
      updated('file:///else')
      await settled(a, b)
      await expect
        .poll(() => a.of('notifications/resources/updated').map(({ params }) => params))
        .toEqual([{ uri: a.uri(uri), title: 'é' }])
      expect(b.of('notifications/resources/updated')).toEqual([])

      await b.request('resources/subscribe', { uri: b.uri(uri) })
      expect((await a.request('resources/unsubscribe', { uri: a.uri(uri) })).result).toEqual({})
      expect(one.of('resources/unsubscribe')).toEqual([])
      updated(uri)
      await settled(a, b)
      await expect.poll(() => b.of('notifications/resources/updated').length).toBe(1)
      expect(a.of('notifications/resources/updated').length).toBe(1)
      await b.request('resources/unsubscribe', { uri: b.uri(uri) })
      expect(uris(one.of('resources/unsubscribe'))).toEqual([uri])
    })

    it('who follows a folder is told of what is in it', async () => {
      await a.request('resources/subscribe', { uri: a.uri('file:///dir') })
      updated('file:///dir/sub/file')
      updated('file:///directory')
      await expect
        .poll(() => uris(a.of('notifications/resources/updated')))
        .toEqual([a.uri('file:///dir/sub/file')])
      await a.request('resources/unsubscribe', { uri: a.uri('file:///dir') })
    })

    it('a client that leaves is unsubscribed', async () => {
      const c = await relay.connect(way.carrier, at(way))
      await c.request('resources/subscribe', { uri: c.uri('file:///left') })
      await c.close()
      await expect.poll(() => uris(one.of('resources/unsubscribe'))).toEqual(['file:///left'])
    })

    it('what was followed is followed again after a restart', async () => {
      await a.request('resources/subscribe', { uri: a.uri('file:///kept') })
      await relay.gateway.restart('one')
      await expect.poll(() => uris(one.current.of('resources/subscribe'))).toEqual(['file:///kept'])
      updated('file:///kept')
      await expect.poll(() => a.of('notifications/resources/updated').length).toBe(1)
      await a.request('resources/unsubscribe', { uri: a.uri('file:///kept') })
    })

    it('a refused subscription is no subscription', async () => {
      one.on('resources/subscribe', (request, process) =>
        process.fail(request, { code: -32002, message: 'Resource not found' }),
      )
      const answer = await a.request('resources/subscribe', { uri: a.uri('file:///none') })
      expect(answer.error).toEqual({ code: -32002, message: 'Resource not found' })
      one.on('resources/subscribe', (request, process) => process.answer(request, {}))
      updated('file:///none')
      await settled(a)
      expect(a.of('notifications/resources/updated')).toEqual([])
    })
  })

  describe('logging', () => {
    const log = (level: string): void =>
      one.current.send({
        method: 'notifications/message',
        params: { level, logger: 'x', data: { n: 1 } },
      })
    const levels = (client: Client): string[] =>
      client.of('notifications/message').map((it) => param(it, 'level'))

    it('each gets what it asked for, the server is told the most verbose, also after a restart', async () => {
      const c = await relay.connect(way.carrier, at(way))
      await settled(c)
      expect((await a.request('logging/setLevel', { level: 'debug' })).result).toEqual({})
      await b.request('logging/setLevel', { level: 'error' })
      expect((await b.request('logging/setLevel', { level: 'loud' })).error?.code).toBe(-32602)
      await expect.poll(() => one.of('logging/setLevel').at(-1)?.params).toEqual({ level: 'debug' })
      for (const level of ['debug', 'info', 'error', 'emergency']) log(level)
      await settled(a, b, c)
      await expect.poll(() => levels(a)).toEqual(['debug', 'info', 'error', 'emergency'])
      await expect.poll(() => levels(b)).toEqual(['error', 'emergency'])
      await expect.poll(() => levels(c)).toEqual(['info', 'error', 'emergency'])
      expect(a.of('notifications/message')[0]?.params).toEqual({
        level: 'debug',
        logger: 'x',
        data: { n: 1 },
      })

      await relay.gateway.restart('one')
      await expect
        .poll(() => one.current.of('logging/setLevel').map(({ params }) => params))
        .toEqual([{ level: 'debug' }])

      // Who asked for the most has left.
      await a.close()
      await expect
        .poll(() => one.current.of('logging/setLevel').at(-1)?.params)
        .toEqual({ level: 'info' })
      await b.close()
      await c.close()
      a = await relay.connect(way.carrier, at(way))
      b = await relay.connect(way.carrier, at(way))
      log('debug')
      await settled(a, b)
      expect(levels(a)).toEqual([])
    })
  })

  describe('list changes', () => {
    it('one change of a server is one notification, and the next list has it', async () => {
      const listed = async (): Promise<string> =>
        JSON.stringify((await a.request('tools/list')).result)
      await listed()
      const name = `new-${way.endpoint}-${way.carrier}`
      one.tools.push({ name, inputSchema: { type: 'object' } })
      one.current.send({ method: 'notifications/tools/list_changed' })
      await expect.poll(() => a.of('notifications/tools/list_changed').length).toBe(1)
      expect(await listed()).toContain(JSON.stringify(a.toolName(name)))
      await expect.poll(() => b.of('notifications/tools/list_changed').length).toBe(1)
      await settled(a, b)
      expect(a.of('notifications/tools/list_changed').length).toBe(1)
      expect(a.of('notifications/prompts/list_changed').length).toBe(0)
    })
  })
})

it('a client is not told of servers that it has nothing to do with', async () => {
  const single = await relay.connect('http', { serverId: 'other' })
  const all = await relay.connect('duplex')
  await settled(single)
  single.messages.splice(0)
  one.current.send({ method: 'notifications/tools/list_changed' })
  one.current.send({ method: 'notifications/message', params: { level: 'error', data: 1 } })
  one.current.send({ method: 'notifications/some/thing', params: {} })
  await expect.poll(() => all.of('notifications/tools/list_changed').length).toBeGreaterThan(0)
  await settled(single)
  expect(single.messages).toEqual([])
  // A log message of a server that it has never used is none of its business either.
  expect(all.of('notifications/message')).toEqual([])
})

it('a change while nobody listens is told once when the stream opens', async () => {
  const client = await relay.http({ serverId: 'one' })
  await settled(client)
  client.messages.splice(0)
  for (let i = 0; i < 3; i++) one.current.send({ method: 'notifications/prompts/list_changed' })
  await settled(client)
  expect(client.of('notifications/prompts/list_changed')).toEqual([])
  await client.listen()
  await expect.poll(() => client.of('notifications/prompts/list_changed').length).toBe(1)
})

describe('isolation: session', () => {
  it("level and subscriptions reach the session's own instance, also after its restart", async () => {
    const own = relay.server('own')
    const a = await relay.connect('http', { serverId: 'own' })
    const b = await relay.connect('duplex', { serverId: 'own' })
    await settled(a)
    const first = own.current
    await settled(b)
    const second = own.current
    await a.request('logging/setLevel', { level: 'debug' })
    await a.request('resources/subscribe', { uri: 'file:///a' })
    await expect.poll(() => first.of('logging/setLevel').at(-1)?.params).toEqual({ level: 'debug' })
    first.send({ method: 'notifications/resources/updated', params: { uri: 'file:///a' } })
    first.send({ method: 'notifications/message', params: { level: 'debug', data: 1 } })
    await expect.poll(() => a.of('notifications/message').length).toBe(1)
    await expect.poll(() => a.of('notifications/resources/updated').length).toBe(1)
    await settled(b)
    expect(b.of('notifications/message')).toEqual([])
    expect(second.of('logging/setLevel')).toEqual([])
    first.crash()
    await expect.poll(() => first.isOpen).toBe(false)
    await settled(a)
    const third = own.current
    expect(third.pid).not.toBe(second.pid)
    await expect.poll(() => third.of('logging/setLevel').at(-1)?.params).toEqual({ level: 'debug' })
    await expect.poll(() => uris(third.of('resources/subscribe'))).toEqual(['file:///a'])
  })
})
