/** What proxies usually break, row by row: each for clients and servers of both eras, on the single and the aggregate endpoint. */
import http from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Exchange } from '../mcp/client.ts'
import type { HttpClient } from '../mcp/client.ts'
import { Relay } from '../mcp/relay.ts'
import { param } from '../mcp/scripted-server.ts'
import { answerTo, sendJson, serve, streamable } from '../runtimes/remote-peer.ts'
import type { RemoteServer } from '../runtimes/remote-peer.ts'
import { toolText } from '../support/gateway.ts'
import {
  announce,
  cancel,
  connect,
  followedAt,
  legs,
  ModernClient,
  playTools,
  speakModern,
  subscribe,
} from './two-eras.ts'
import type { Held, Leg } from './two-eras.ts'

const held = new Map<unknown, Held>()
const everything = { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} }
const title = '$client client, $server server, $endpoint endpoint'
const legacyLegs = legs.filter(({ client }) => client === 'legacy')
const modernLegs = legs.filter(({ client }) => client === 'modern')

/** Members that relay in no server's way; `one` has them in its lists and results. */
const richTool = {
  name: 'rich',
  title: 'Ri\u2028ch',
  description: 'é😀',
  inputSchema: { type: 'object', properties: { x: { const: 1e21 } }, 'x-unknown': [null] },
  outputSchema: { type: 'object', $defs: { a: {} } },
  icons: [{ src: 'data:,', mimeType: 'image/png', sizes: ['any'], theme: 'dark' }],
  annotations: { readOnlyHint: true, unknownHint: 1 },
  execution: { taskSupport: 'optional' },
  _meta: { 'com.example/x': { deep: [[]] }, ui: { resourceUri: 'ui://x', visibility: ['app'] } },
  future: { a: [] },
}
const richResult = {
  content: [
    { type: 'text', text: 'é', annotations: { priority: 0.1 }, _meta: { a: 1 } },
    { type: 'future', blob: '' },
  ],
  structuredContent: { n: 1, s: null },
  isError: false,
  _meta: { traceparent: '00-1-2-01', 'com.example/x': 2 },
  future: [1],
}
let huge = ''

let far: RemoteServer
let farSession = 0
let relay: Relay
beforeAll(async () => {
  // A remote server whose sessions a test can end: each has its number.
  far = await serve((request, response) => {
    if (request.rpc.method === 'server/discover')
      return sendJson(
        response,
        `{"jsonrpc":"2.0","id":${request.rpc.id},"error":{"code":-32601,"message":"?"}}`,
      )
    if (request.rpc.method === 'initialize') {
      const result = `{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"far","version":"1"}}`
      return sendJson(response, answerTo(request, result), { 'mcp-session-id': `s${++farSession}` })
    }
    const its = request.headers['mcp-session-id']
    if (request.method === 'POST' && its !== undefined && its !== `s${farSession}`)
      return void response.writeHead(404).end()
    const list = '{"tools":[{"name":"where","inputSchema":{"type":"object"}}]}'
    const text = `{"content":[{"type":"text","text":"s${farSession}"}]}`
    streamable((one, out) =>
      sendJson(out, answerTo(one, one.rpc.method === 'tools/list' ? list : text)),
    )(request, response)
  })
  relay = await Relay.start((stage) => [
    stage.entry('legacy', { isolation: 'shared' }),
    stage.entry('modern'),
    { id: 'far', runtime: { type: 'remote-http', url: far.url } },
  ])
  speakModern(relay.server('modern'))
  for (const era of ['legacy', 'modern'] as const) {
    const server = relay.server(era)
    server.tools.push(richTool)
    playTools(server, era, held)
    server.onTool('rich', (call, process) => process.answer(call, richResult))
    server.onTool('huge', (call, process) => process.answer(call, { content: [], huge }))
    server.onTool('odd', (call, process) => {
      const text = JSON.stringify({
        jsonrpc: '2.0',
        id: call.id,
        result: { resultType: 'complete', t: 'a\u2028b\u2029c\u0085d😀\\' },
      })
      process.write('Server listening on {"jsonrpc"...\n\n{not json}\r\n[]\n')
      const bytes = Buffer.from(`${text}\r\n`)
      // One byte on each turn: characters come in pieces.
      let sent = 0
      const next = (): void => {
        process.write(bytes.subarray(sent, ++sent))
        if (sent < bytes.length) setImmediate(next)
      }
      next()
    })
    server.prompts = [{ name: 'greet', arguments: [{ name: 'who' }] }]
    server.resources = [{ uri: 'file:///a', name: 'a' }]
    server.resourceTemplates = [{ uriTemplate: 'x:///{p}', name: 'x' }]
    server.on('completion/complete', (call, process) =>
      process.answer(call, { completion: { values: [era, JSON.stringify(call.params?.['ref'])] } }),
    )
  }
})
afterAll(async () => {
  await relay.close()
  await far.close()
})

const upstream = ({ server }: Pick<Leg, 'server'>) => relay.server(server).current
const two = (leg: Leg, capabilities: object = {}) =>
  Promise.all([connect(relay, leg, capabilities), connect(relay, leg, capabilities)])

async function hold(client: HttpClient, key: string, more: object = {}, id?: string | number) {
  const answer = client.call('hold', { key }, more, id)
  await expect.poll(() => held.get(key), { interval: 5 }).toBeDefined()
  const found = held.get(key)
  if (!found) throw new Error('never')
  held.delete(key)
  return {
    ...found,
    answer,
    release: () => found.process.answer(found.call, { content: [], key }),
  }
}

describe('progress', () => {
  it.each(legs)(
    `comes with the client's own token, and not after the result: ${title}`,
    async (leg) => {
      const [a, b] = await two(leg)
      const calls = [
        await hold(a, 'p1', { _meta: { progressToken: 1 } }),
        await hold(b, 'p2', { _meta: { progressToken: 1 } }),
        await hold(a, 'p3', { _meta: { progressToken: 'abc' } }),
      ]
      const say = ({ call, process }: Held, progress: number): void =>
        process.send({
          method: 'notifications/progress',
          params: { progressToken: Object(call.params?.['_meta'])['progressToken'], progress },
        })
      for (const [i, call] of calls.entries()) say(call, i)
      for (const { release } of calls) release()
      await Promise.all(calls.map(({ answer }) => answer))
      for (const call of calls) say(call, 9)
      await Promise.all([a.call('echo'), b.call('echo')])
      const seen = (client: HttpClient) =>
        client.of('notifications/progress').map(({ params }) => Object.values(params ?? {}))
      expect(seen(a)).toEqual([
        [1, 0],
        ['abc', 2],
      ])
      expect(seen(b)).toEqual([[1, 1]])
    },
  )
})

describe('cancel', () => {
  it.each(legs)(`reaches the server within a second, no answer follows: ${title}`, async (leg) => {
    const a = await connect(relay, leg)
    const { answer, call, process, release } = await hold(a, 'gone', {}, 77)
    let isAnswered = false
    void answer.then(() => (isAnswered = true))
    const start = performance.now()
    cancel(a, 77)
    await expect
      .poll(() => process.of('notifications/cancelled').at(-1)?.params?.['requestId'], {
        interval: 5,
      })
      .toBe(call.id)
    expect(performance.now() - start).toBeLessThan(1_000)
    release()
    expect((await a.call('echo', {}, {}, 78)).result).toBeDefined()
    expect(isAnswered).toBe(false)
  })
})

describe('ids', () => {
  it.each(legs)(`100 calls of each of two clients are matched: ${title}`, async (leg) => {
    const clients = await two(leg)
    const ids = Array.from({ length: 50 }, (_, i) => [i, String(i)]).flat()
    const answers = await Promise.all(
      clients.map((client, from) =>
        Promise.all(ids.map((id) => client.call('echo', { from, id }, {}, id))),
      ),
    )
    for (const [from, its] of answers.entries())
      for (const [i, answer] of its.entries()) {
        expect(answer.id).toBe(ids[i])
        expect(JSON.parse(toolText(answer))).toEqual({ from, id: ids[i] })
      }
  })
})

describe('server→client', () => {
  const questions = {
    'sampling/createMessage': { messages: [], maxTokens: 1 },
    'elicitation/create': { message: '?', requestedSchema: { type: 'object' } },
    'roots/list': {},
  }

  it.each(legs)(`only who caused a question is asked: ${title}`, async (leg) => {
    const [a, b] = await two(leg, everything)
    // An instance that is shared is never told of roots.
    const methods = Object.entries(questions).filter(
      ([method]) => leg.server === 'modern' || method !== 'roots/list',
    )
    for (const [method, params] of methods) {
      a.onQuestion = (question) => ({ result: { to: question.method, é: 1 } })
      const answer = await a.call('ask', { method, params })
      expect(JSON.parse(toolText(answer))).toMatchObject({ to: method, é: 1 })
      expect(a.of(method).length).toBe(1)
      expect(a.of(method)[0]?.params ?? {}).toEqual(params)
    }
    expect(b.messages.filter(({ id }) => id !== undefined)).toEqual([])
  })

  // A modern server knows better than to ask a modern client for what it has not declared.
  const bridged = legs.filter(({ client, server }) => client === 'legacy' || server === 'legacy')
  it.each(bridged)(`what a client cannot answer is an error at once: ${title}`, async (leg) => {
    const a = await connect(relay, leg)
    for (const [method, params] of Object.entries(questions)) {
      const start = performance.now()
      const answer = await a.call('ask', { method, params })
      expect(performance.now() - start).toBeLessThan(1_000)
      expect(answer.error?.message ?? toolText(answer)).toMatch(/sampling|elicitation|roots/)
    }
    expect(a.messages.filter(({ id }) => id !== undefined)).toEqual([])
  })
})

describe('subscriptions', () => {
  it.each(legs)(`reach who asked, end with the last, outlive a restart: ${title}`, async (leg) => {
    const [a, b] = await two(leg)
    await a.call('echo')
    const uri = `file:///${leg.client}-${leg.endpoint}`
    const updates = (client: HttpClient) =>
      client.of('notifications/resources/updated').map((it) => param(it, 'uri'))
    const leaveA = await subscribe(a, a.uri(uri))
    const leaveOther = await subscribe(a, a.uri(`${uri}-other`))
    await expect.poll(() => followedAt(upstream(leg))).toEqual([uri, `${uri}-other`])
    const update = () => announce(upstream(leg), 'notifications/resources/updated', { uri })
    update()
    await expect.poll(() => updates(a)).toEqual([a.uri(uri)])
    await b.call('echo')
    expect(updates(b)).toEqual([])

    const { pid } = upstream(leg)
    await relay.gateway.restart(leg.server)
    expect(upstream(leg).pid).not.toBe(pid)
    await expect.poll(() => followedAt(upstream(leg))).toEqual([uri, `${uri}-other`])
    update()
    await expect.poll(() => updates(a)).toEqual([a.uri(uri), a.uri(uri)])

    const leaveB = await subscribe(b, b.uri(uri))
    await leaveA()
    await expect
      .poll(() => {
        update()
        return updates(b).length
      })
      .toBeGreaterThan(0)
    expect(followedAt(upstream(leg))).toContain(uri)
    await leaveB()
    await expect.poll(() => followedAt(upstream(leg))).toEqual([`${uri}-other`])
    await leaveOther()
    await expect.poll(() => followedAt(upstream(leg))).toEqual([])
  })
})

describe('list_changed', () => {
  it.each(legs)(`one change is one notification, the next list is fresh: ${title}`, async (leg) => {
    const a = await connect(relay, leg)
    const method = 'notifications/tools/list_changed'
    if (a instanceof ModernClient) await a.follow({ toolsListChanged: true })
    const listed = async () => JSON.stringify((await a.request('tools/list')).result)
    await listed()
    await a.call('echo')
    // What starts have changed is told by now.
    await new Promise((resolve) => setTimeout(resolve, 150))
    a.messages.splice(0)
    const name = `new-${leg.client}-${leg.endpoint}`
    relay.server(leg.server).tools.push({ name, inputSchema: { type: 'object' } })
    announce(upstream(leg), method)
    await expect.poll(() => a.of(method).length).toBe(1)
    expect(await listed()).toContain(JSON.stringify(a.toolName(name)))
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(a.of(method).length).toBe(1)
  })
})

describe('logging', () => {
  it.each(legs)(`each gets what it asked for: ${title}`, async (leg) => {
    const [a, b] = await two(leg)
    await b.call('echo')
    for (const [client, level] of [
      [a, 'debug'],
      [b, 'error'],
    ] as const)
      if (client instanceof ModernClient) client.logLevel = level
      else expect((await client.request('logging/setLevel', { level })).result).toEqual({})
    const levels = ['debug', 'info', 'error']
    const got = (client: HttpClient) =>
      client.of('notifications/message').map((it) => param(it, 'level'))
    await a.call('tell', { levels })
    await expect.poll(() => got(a)).toEqual(levels)
    b.messages.splice(0)
    await b.call('tell', { levels })
    await expect.poll(() => got(b)).toEqual(['error'])
    if (!(a instanceof ModernClient)) return
    // Without a level there are none (2026-07-28 server/utilities/logging).
    a.logLevel = undefined
    a.messages.splice(0)
    await a.call('tell', { levels })
    await a.call('echo')
    expect(got(a)).toEqual([])
  })
})

describe('completion', () => {
  it.each(legs)(`reaches the right server by its own names: ${title}`, async (leg) => {
    const a = await connect(relay, leg)
    const values = async (ref: object): Promise<unknown[]> => {
      const argument = { name: 'who', value: 'x' }
      const answer = await a.request('completion/complete', { ref, argument })
      return Object(answer.result?.['completion'])['values']
    }
    expect(await values({ type: 'ref/prompt', name: a.toolName('greet') })).toEqual([
      leg.server,
      JSON.stringify({ type: 'ref/prompt', name: 'greet' }),
    ])
    expect(await values({ type: 'ref/resource', uri: a.uri('x:///{p}') })).toEqual([
      leg.server,
      JSON.stringify({ type: 'ref/resource', uri: 'x:///{p}' }),
    ])
  })
})

describe('size', () => {
  it.each(legs)(`8 MiB of arguments and of result are byte-equal: ${title}`, async (leg) => {
    const a = await connect(relay, leg)
    huge = '"😀\u2028\n'.repeat(770_000)
    const answer = await a.call('huge', { huge })
    expect(answer.result?.['huge'] === huge).toBe(true)
    const call = upstream(leg)
      .of('tools/call')
      .findLast((it) => param(it, 'name') === 'huge')
    expect(Object(call?.params?.['arguments'])['huge'] === huge).toBe(true)
  })

  it('above the cap is a typed error, and the process lives', async () => {
    const before = upstream({ server: 'legacy' }).pid
    for (const leg of legs.filter(({ server }) => server === 'legacy')) {
      const a = await connect(relay, leg)
      const { status, body } = await a.exchange(Buffer.alloc(64 * 1024 * 1024 + 1, 0x20)).done
      expect(status).toBe(413)
      expect(JSON.parse(body.toString())).toMatchObject({ jsonrpc: '2.0', error: { code: -32600 } })
      expect((await a.call('echo')).result).toBeDefined()
      expect(upstream(leg).pid).toBe(before)
    }
  })
})

describe('framing', () => {
  it.each(legs)(`separators are text, junk is no message: ${title}`, async (leg) => {
    const a = await connect(relay, leg)
    const answer = await a.call('odd')
    expect(answer.result?.['t']).toBe('a\u2028b\u2029c\u0085d😀\\')
  })
})

describe('fidelity', () => {
  /** The listed rewrites (docs/protocol.md), taken back. */
  const unwritten = (leg: Leg, result: object | undefined): object => {
    const { resultType: _type, ttlMs: _ttl, cacheScope: _scope, ...rest } = Object(result)
    return leg.client === 'modern' || leg.server === 'modern' ? rest : Object(result)
  }

  it.each(legs)(`a list and a call are what the server wrote: ${title}`, async (leg) => {
    const a = await connect(relay, leg)
    const { tools } = Object((await a.request('tools/list')).result)
    const isAggregate = leg.endpoint === 'aggregate'
    const expected = isAggregate
      ? {
          ...richTool,
          name: a.toolName('rich'),
          _meta: { ...richTool._meta, ui: { ...richTool._meta.ui, resourceUri: a.uri('ui://x') } },
        }
      : richTool
    expect(tools.find((tool: object) => 'name' in tool && tool.name === expected.name)).toEqual(
      expected,
    )
    const args = { x: [null, { y: 1e300 }], é: '\u2028' }
    const more = { future: [1], _meta: { traceparent: '00-a-b-01', 'com.example/k': { v: [] } } }
    const answer = await a.call('rich', args, more)
    expect(unwritten(leg, answer.result)).toEqual(richResult)
    const got = upstream(leg).of('tools/call').at(-1)?.params ?? {}
    const { _meta, ...params } = got
    expect(params).toEqual({ name: 'rich', arguments: args, future: [1] })
    expect(_meta).toMatchObject(more._meta)
    const keys = Object.keys(Object(_meta)).filter((key) => !(key in more._meta))
    expect(keys.filter((key) => !key.startsWith('io.modelcontextprotocol/'))).toEqual([])
    expect(keys.length > 0).toBe(leg.server === 'modern')
  })
})

describe('sessions', () => {
  it.each(legacyLegs)(`DELETE, then POST, is 404, and ids differ: ${title}`, async (leg) => {
    const [a, b] = await two(leg)
    expect(a.sessionId).toBeDefined()
    expect(a.sessionId).not.toBe(b.sessionId)
    await a.close()
    const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
    expect((await a.exchange(ping).done).status).toBe(404)
    expect((await b.exchange(ping).done).status).toBe(200)
  })

  it.each(modernLegs)(`there are none to get or to delete: ${title}`, async (leg) => {
    const a = await connect(relay, leg)
    const path = leg.endpoint === 'single' ? `/servers/${leg.server}/mcp` : '/mcp'
    for (const method of ['GET', 'DELETE'])
      expect((await new Exchange(relay.port, { path, method }).done).status).toBe(405)
    const { headers } = await a.exchange('{}').done
    expect(headers['mcp-session-id']).toBeUndefined()
  })

  it.each(legs.filter(({ server }) => server === 'legacy'))(
    'a remote server that has forgotten its session gets a new one unseen: $client client, $endpoint endpoint',
    async ({ client, endpoint }) => {
      const a = await connect(relay, { client, server: 'far', endpoint })
      await relay.gateway.restart('far')
      const before = toolText(await a.call('where'))
      farSession++
      const after = toolText(await a.call('where'))
      expect(after).toMatch(/^s\d+$/)
      expect(after).not.toBe(before)
    },
  )
})

describe('resumption', () => {
  it.each(legacyLegs)(
    `what a broken stream has missed comes once, on it alone: ${title}`,
    async (leg) => {
      const [a, b] = await two(leg)
      const path = leg.endpoint === 'single' ? `/servers/${leg.server}/mcp` : '/mcp'
      const ids: string[] = []
      const stream = (lastId?: string) =>
        new Promise<{ data: string[]; end: () => void }>((resolve, reject) => {
          const headers = {
            ...a.headers,
            ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
          }
          const data: string[] = []
          const request = http.get(
            { port: relay.port, path, headers, agent: false },
            (response) => {
              response.on('error', () => {})
              response.on('data', (chunk: Buffer) => {
                for (const line of chunk.toString().split('\n'))
                  if (line.startsWith('id:')) ids.push(line.slice(3).trim())
                  else if (line.startsWith('data: {')) data.push(line.slice('data: '.length))
              })
              resolve({ data, end: () => request.destroy() })
            },
          )
          request.on('error', reject)
        })
      await a.call('echo')
      const first = await stream()
      const say = (n: number) =>
        upstream(leg).send({ method: 'notifications/message', params: { level: 'error', data: n } })
      const change = () => announce(upstream(leg), 'notifications/tools/list_changed')
      const tell = leg.server === 'legacy' ? say : change
      tell(1)
      await expect.poll(() => first.data.length).toBeGreaterThan(0)
      await expect.poll(() => ids.length).toBeGreaterThan(0)
      const last = ids.at(-1)
      first.end()
      const before = first.data.length
      // Of another client: a call of this one would be a way for it.
      await b.call('echo')
      tell(2)
      await b.call('echo')
      const second = await stream(last)
      await expect.poll(() => second.data.length).toBe(1)
      expect(first.data.length).toBe(before)
      second.end()
      // What was taken up is not told again.
      const third = await stream(ids.at(-1))
      await a.call('echo')
      expect(third.data).toEqual([])
      third.end()
    },
  )
})

describe('host, origin', () => {
  it.each([
    ['host', { host: 'evil.com' }],
    ['origin', { origin: 'https://evil.com' }],
    ['origin', { origin: 'null' }],
  ])('a foreign %s is 403', async (_what, headers) => {
    const body = '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}'
    for (const path of ['/mcp', '/servers/legacy/mcp'])
      for (const method of ['POST', 'GET', 'DELETE']) {
        const exchange = new Exchange(relay.port, {
          path,
          method,
          headers,
          ...(method === 'POST' ? { body } : {}),
        })
        expect((await exchange.done).status).toBe(403)
      }
  })
})

describe('lazy start', () => {
  it.each(legs)(`twelve first calls start one process, lists start none: ${title}`, async (leg) => {
    const a = await connect(relay, leg)
    await a.call('echo')
    await relay.gateway.stop(leg.server)
    const { processes } = relay.server(leg.server)
    const before = processes.length
    expect((await a.request('tools/list')).result).toBeDefined()
    expect(processes.length).toBe(before)
    const clients = [...(await two(leg)), a]
    expect(processes.length).toBe(before)
    const calls = clients.flatMap((client) => [1, 2, 3, 4].map((i) => client.call('echo', { i })))
    const answers = await Promise.all(calls)
    for (const answer of answers) expect(answer.result).toBeDefined()
    expect(processes.length).toBe(before + 1)
  })
})

describe('errors', () => {
  it.each(legs)(`code, message and data are the server's: ${title}`, async (leg) => {
    const a = await connect(relay, leg)
    expect((await a.call('fail')).error).toEqual({
      code: -31_999,
      message: 'née',
      data: { n: [1, null, 'é'] },
    })
  })

  it.each(legs)(`a crash is an error at once: ${title}`, async (leg) => {
    const a = await connect(relay, leg)
    const { answer, process } = await hold(a, 'crash')
    const start = performance.now()
    process.crash()
    expect((await answer).error?.message).toContain('exited with code 3')
    expect(performance.now() - start).toBeLessThan(1_000)
    // A start by hand does not wait for the restart's turn.
    await relay.gateway.start(leg.server)
    expect((await a.call('echo')).result).toBeDefined()
  })
})

describe('MRTR', () => {
  const question = { method: 'elicitation/create', params: { message: '?', requestedSchema: {} } }

  it.each(legs.filter(({ server }) => server === 'modern'))(
    `requestState comes back byte-equal: ${title}`,
    async (leg) => {
      const a = await connect(relay, leg, everything)
      a.onQuestion = () => ({ result: { action: 'decline' } })
      const answer = JSON.parse(toolText(await a.call('ask', question)))
      expect(answer).toMatchObject({ action: 'decline' })
      expect(answer.state).toMatch(/^stäte "\d+"\n=$/)
      if (a instanceof ModernClient)
        expect(a.rounds[0]?.result?.['requestState']).toBe(answer.state)
    },
  )

  it.each(modernLegs.filter(({ server }) => server === 'legacy'))(
    `the state of one call is worth nothing for another: ${title}`,
    async (leg) => {
      const [a, b] = await Promise.all([
        connect(relay, leg, everything),
        connect(relay, leg, everything),
      ])
      const asked = await a.call('ask', question)
      const { requestState, inputRequests } = asked.result ?? {}
      expect(typeof requestState).toBe('string')
      const inputResponses = Object.fromEntries(
        Object.keys(Object(inputRequests)).map((key) => [key, { action: 'accept', content: {} }]),
      )
      const state = String(requestState)
      const forged = `${state.slice(0, -2)}${state.endsWith('AA') ? 'BB' : 'AA'}`
      const wrong = [
        // Another tool, other arguments, a forged state.
        b.call('echo', question, { requestState, inputResponses }),
        b.call('ask', { ...question, more: 1 }, { requestState, inputResponses }),
        b.call('ask', question, { requestState: forged, inputResponses }),
      ]
      const other = await connect(relay, { ...leg, server: 'modern' }, everything)
      const elsewhere = other.call('ask', question, { requestState, inputResponses })
      for (const answer of [...(await Promise.all(wrong)), await elsewhere])
        expect(answer.error?.code).toBe(-32_602)
      const answer = await a.call('ask', question, { requestState, inputResponses })
      expect(JSON.parse(toolText(answer))).toEqual({ action: 'accept', content: {} })
      // Used up.
      const again = await a.call('ask', question, { requestState, inputResponses })
      expect(again.error?.code).toBe(-32_602)
    },
  )
})

describe('lists of many servers', () => {
  let many: Relay
  const names = ['a', 'legacy', 'modern']
  beforeAll(async () => {
    many = await Relay.start((stage) => names.map((name) => stage.entry(name)))
    speakModern(many.server('modern'))
    for (const name of names) {
      const server = many.server(name)
      server.pageSize = 3
      server.tools = Array.from({ length: 8 }, (_, i) => ({
        name: `t${i}`,
        inputSchema: { type: 'object' },
      }))
    }
  })
  afterAll(() => many.close())

  const pages = async (client: HttpClient): Promise<string[][]> => {
    const all: string[][] = []
    let cursor: string | undefined
    do {
      const answer = await client.request('tools/list', cursor === undefined ? {} : { cursor })
      const { tools, nextCursor } = Object(answer.result)
      all.push(tools.map((tool: { name: string }) => tool.name))
      cursor = nextCursor
    } while (cursor !== undefined)
    return all
  }

  describe('pagination', () => {
    it.each(legs)(`the union of all pages, each item once: ${title}`, async (leg) => {
      const client = await connect(many, leg)
      const all = await pages(client)
      const tools = Array.from({ length: 8 }, (_, i) => `t${i}`)
      if (leg.endpoint === 'single') expect(all.map((page) => page.length)).toEqual([3, 3, 2])
      expect(all.flat()).toEqual(
        leg.endpoint === 'single'
          ? tools
          : names.flatMap((name) => tools.map((tool) => `${name}__${tool}`)),
      )
    })

    it.each(legs.filter(({ endpoint }) => endpoint === 'aggregate'))(
      `a forged cursor is refused: ${title}`,
      async (leg) => {
        const client = await connect(many, leg)
        for (const cursor of ['', '3', 'forged', 'bnVsbA==', '{}'])
          expect((await client.request('tools/list', { cursor })).error?.code).toBe(-32_602)
      },
    )
  })

  describe('one bad server', () => {
    it.each(['legacy', 'modern'] as const)(
      'the list of the others does not wait for one that hangs: %s client',
      async (era) => {
        const bad = 'silent'
        for (const method of ['initialize', 'server/discover', 'tools/list'])
          many.server(bad).on(method, () => {})
        await many.writeCatalog([...names, bad].map((name) => many.stage.entry(name)))
        await many.gateway.reload()
        const client = await connect(many, { client: era, server: 'legacy', endpoint: 'aggregate' })
        await client.request('tools/list')
        const start = performance.now()
        expect((await pages(client)).flat().length).toBe(24)
        expect(performance.now() - start).toBeLessThan(1_000)
        expect((await client.call('t1')).result).toBeDefined()
      },
    )
  })
})
