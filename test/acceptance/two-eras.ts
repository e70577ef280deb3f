import { expect } from 'vitest'
import { HttpClient } from '../mcp/client.ts'
import type { Exchange } from '../mcp/client.ts'
import type { Relay } from '../mcp/relay.ts'
import { param, readMessage } from '../mcp/scripted-server.ts'
import type { Message, ScriptedProcess, ScriptedServer } from '../mcp/scripted-server.ts'

export type Era = 'legacy' | 'modern'

/** One way through the house: a client of one era, a server of one, through one of the two endpoints. */
export interface Leg {
  client: Era
  /** Its name; those that speak one era have the name of it. */
  server: Era | 'far'
  endpoint: 'single' | 'aggregate'
}

const eras = ['legacy', 'modern'] as const
export const legs: Leg[] = (['single', 'aggregate'] as const).flatMap((endpoint) =>
  eras.flatMap((client) => eras.map((server) => ({ client, server, endpoint }))),
)

const version = '2026-07-28'
const metaKey = (name: string): string => `io.modelcontextprotocol/${name}`

/** A client of 2026-07-28 over HTTP: no session, metadata and headers on every request, questions inside results. */
export class ModernClient extends HttpClient {
  capabilities: object = {}
  /** Of each request. */
  logLevel: string | undefined
  /** Results that were questions. */
  readonly rounds: Message[] = []
  readonly open = new Map<string, Exchange>()

  meta(): Record<string, unknown> {
    return {
      [metaKey('protocolVersion')]: version,
      [metaKey('clientInfo')]: { name: 'acceptance', version: '1' },
      [metaKey('clientCapabilities')]: this.capabilities,
      ...(this.logLevel === undefined ? {} : { [metaKey('logLevel')]: this.logLevel }),
    }
  }

  /** Answers what it is asked, as `onQuestion` says; where that is silent, the question is the answer. */
  override async request(
    method: string,
    params: object = {},
    id?: string | number,
  ): Promise<Message> {
    let answer = await super.request(method, params, id)
    while (answer.result?.['resultType'] === 'input_required') {
      this.rounds.push(answer)
      const { inputRequests, requestState } = answer.result
      const inputResponses: Record<string, unknown> = {}
      for (const [key, value] of Object.entries(Object(inputRequests))) {
        const question = readMessage(Buffer.from(JSON.stringify(value)))
        this.messages.push(question)
        const given: unknown = this.onQuestion(question)
        if (given === undefined) return answer
        inputResponses[key] = Object(given)['result']
      }
      answer = await super.request(method, { ...params, inputResponses, requestState })
    }
    return answer
  }

  /** Opens a stream of changes and waits until it is acknowledged. */
  async follow(notifications: object): Promise<Exchange> {
    const id = `listen ${this.exchanges.length}`
    const before = this.of('notifications/subscriptions/acknowledged').length
    void super.request('subscriptions/listen', { notifications }, id)
    await expect
      .poll(() => this.of('notifications/subscriptions/acknowledged').length, { interval: 5 })
      .toBe(before + 1)
    const exchange = this.open.get(JSON.stringify(id))
    if (!exchange) throw new Error('never')
    return exchange
  }

  override close(): Promise<void> {
    for (const exchange of this.exchanges) exchange.destroy()
    return Promise.resolve()
  }

  protected override post(raw: Buffer): void {
    const message = readMessage(raw)
    const { id, method = '', params = {} } = message
    const name = params['name'] ?? params['uri']
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id,
      method,
      params: { ...params, _meta: { ...this.meta(), ...Object(params['_meta']) } },
    })
    const exchange = this.exchange(body, {
      'mcp-protocol-version': version,
      'mcp-method': method,
      ...(typeof name === 'string' && method !== 'completion/complete' ? { 'mcp-name': name } : {}),
    })
    this.open.set(JSON.stringify(id), exchange)
    exchange.done.then(
      ({ headers, body: answer }) => {
        if (headers['content-type'] === 'application/json') this.got(answer)
      },
      () => {},
    )
  }
}

/** A client of the leg's era at the leg's endpoint. */
export async function connect(relay: Relay, leg: Leg, capabilities: object = {}) {
  const serverId = leg.endpoint === 'single' ? leg.server : undefined
  const client = new (leg.client === 'modern' ? ModernClient : HttpClient)(relay.port, serverId)
  client.toolName = (tool) => (serverId === undefined ? `${leg.server}__${tool}` : tool)
  client.uri = (uri) => (serverId === undefined ? `mcp://${leg.server}/${uri}` : uri)
  relay.clients.push(client)
  if (client instanceof ModernClient) client.capabilities = capabilities
  else {
    await client.initialize({ capabilities })
    await client.listen()
  }
  return client
}

/** The client gives up this request, in the way of its era. */
export function cancel(client: HttpClient, id: string | number): void {
  if (client instanceof ModernClient) client.open.get(JSON.stringify(id))?.destroy()
  else client.notify('notifications/cancelled', { requestId: id })
}

/** Follows a resource; how to leave it is returned. */
export async function subscribe(client: HttpClient, uri: string): Promise<() => Promise<void>> {
  if (client instanceof ModernClient) {
    const stream = await client.follow({ resourceSubscriptions: [uri] })
    return () => Promise.resolve(stream.destroy())
  }
  expect((await client.request('resources/subscribe', { uri })).result).toEqual({})
  return async () => void (await client.request('resources/unsubscribe', { uri }))
}

// ---- servers ------------------------------------------------------------------------------------

/** Streams of changes that this process has open. */
function listensOf(process: ScriptedProcess): Message[] {
  const over = process.of('notifications/cancelled').map(({ params }) => params?.['requestId'])
  return process.of('subscriptions/listen').filter(({ id }) => !over.includes(id))
}

const filterOf = (listen: Message): Record<string, unknown> =>
  Object(listen.params?.['notifications'])

/** The resources that somebody follows at this process. */
export function followedAt(process: ScriptedProcess): unknown[] {
  const uris = new Set<unknown>()
  for (const { method, params } of process.received)
    if (method === 'resources/subscribe') uris.add(params?.['uri'])
    else if (method === 'resources/unsubscribe') uris.delete(params?.['uri'])
  for (const listen of listensOf(process))
    for (const uri of Object(filterOf(listen)['resourceSubscriptions'] ?? [])) uris.add(uri)
  return [...uris]
}

/** The server says that something has changed, in the way of its era. */
export function announce(process: ScriptedProcess, method: string, params: object = {}): void {
  if (process.of('initialize').length > 0) return process.send({ method, params })
  const kind = /^notifications\/(\w+)\/list_changed$/.exec(method)?.[1]
  for (const listen of listensOf(process)) {
    const filter = filterOf(listen)
    const uris: unknown = filter['resourceSubscriptions']
    const wants =
      kind === undefined
        ? Array.isArray(uris) && 'uri' in params && uris.includes(params.uri)
        : filter[`${kind}ListChanged`] === true
    if (!wants) continue
    const _meta = { [metaKey('subscriptionId')]: listen.id }
    process.send({ method, params: { ...params, _meta } })
  }
}

const cacheable = /^(server\/discover|resources\/read|.*\/list)$/

/** Makes a scripted server one of 2026-07-28. */
export function speakModern(server: ScriptedServer): void {
  const adapted = new WeakSet<ScriptedProcess>()
  const receive = server.receive.bind(server)
  server.receive = (process, message) => {
    if (!adapted.has(process)) {
      adapted.add(process)
      const answer = process.answer.bind(process)
      process.answer = (request, result) => {
        if (typeof result === 'string') return answer(request, result)
        const hints = cacheable.test(request.method ?? '')
          ? { ttlMs: 60_000, cacheScope: 'public' }
          : {}
        answer(request, { resultType: 'complete', ...hints, ...result })
      }
    }
    receive(process, message)
  }
  server.on('initialize', (request, process) =>
    process.fail(request, { code: -32601, message: 'Method not found: initialize' }),
  )
  server.on('server/discover', (request, process) => {
    const { capabilities } = server
    process.answer(request, {
      supportedVersions: [version],
      capabilities,
      _meta: { [metaKey('serverInfo')]: { name: server.name, version: '1' } },
    })
  })
  server.on('subscriptions/listen', (request, process) =>
    process.send({
      method: 'notifications/subscriptions/acknowledged',
      params: {
        _meta: { [metaKey('subscriptionId')]: request.id },
        notifications: request.params?.['notifications'],
      },
    }),
  )
}

export interface Held {
  call: Message
  process: ScriptedProcess
}

const severities = ['debug', 'info', 'notice', 'warning', 'error']
const argument = (call: Message, name: string): unknown => Object(call.params?.['arguments'])[name]

/** Gives a server the tools that the rows need. Calls of `hold` are open until the test answers them, by their `key`. */
export function playTools(server: ScriptedServer, era: Era, held: Map<unknown, Held>): void {
  server.onTool('hold', (call, process) => held.set(argument(call, 'key'), { call, process }))
  server.onTool('fail', (call, process) =>
    process.fail(call, { code: -31_999, message: 'née', data: { n: [1, null, 'é'] } }),
  )
  // Progress and log messages in the course of a call.
  server.onTool('tell', (call, process) => {
    const meta = Object(call.params?.['_meta'])
    const wanted: unknown = meta[metaKey('logLevel')]
    for (const level of Object(argument(call, 'levels') ?? [])) {
      const isWanted =
        era === 'legacy' || severities.indexOf(level) >= severities.indexOf(String(wanted))
      if (isWanted && (era === 'legacy' || wanted !== undefined))
        process.send({ method: 'notifications/message', params: { level, data: 'said' } })
    }
    for (const progress of Object(argument(call, 'progress') ?? []))
      process.send({
        method: 'notifications/progress',
        params: { progressToken: meta['progressToken'], progress },
      })
    process.answer(call, { content: [] })
  })
  // Asks its client, and answers with what it got.
  let states = 0
  server.onTool('ask', (call, process) => {
    const method = String(argument(call, 'method'))
    const params = Object(argument(call, 'params') ?? {})
    const answer = (got: unknown): void =>
      process.answer(call, { content: [{ type: 'text', text: JSON.stringify(got) }] })
    if (era === 'legacy') {
      void process
        .ask(method, params, `q${++states}`)
        .then(({ result, error }) => answer(error ? { error } : result))
    } else if (call.params?.['requestState'] === undefined)
      process.answer(call, {
        resultType: 'input_required',
        inputRequests: { q: { method, params } },
        requestState: `stäte "${++states}"\n=`,
      })
    else
      answer({
        ...Object(Object(call.params['inputResponses'])['q']),
        state: param(call, 'requestState'),
      })
  })
}
