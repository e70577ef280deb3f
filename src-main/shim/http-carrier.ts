import type http from 'node:http'
import { idText, readEnvelope } from '../mcp/envelope.ts'
import type { Envelope } from '../mcp/envelope.ts'
import { pause } from './carrier.ts'
import type { Carrier, CarrierEvents, Connect, ShimLog } from './carrier.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import { parseRecord } from './json-record.ts'
import { monotonicMs } from './monotonic.ts'
import { oneLine, SseReader } from './sse-reader.ts'

export interface HttpConnectOptions {
  /** Of the gateway, or of one of its MCP endpoints. */
  url: string
  apiKey: string | undefined
  serverId?: string
  client?: string
  log: ShimLog
}

const reconnectLimitMs = 15_000
const goodbyeLimitMs = 1_000

/** Carriers to a gateway on another machine: Streamable HTTP (MCP 2025-11-25, "Transports"). */
export function httpConnect(options: HttpConnectOptions): Connect {
  const url = endpoint(options.url, options.serverId)
  let isFirst = true
  return async (events, demand, signal) => {
    // The first message finds out by itself whether the gateway is there.
    if (!isFirst) {
      let wait = 100
      let deadline = Infinity
      while (!(await isThere(url, options))) {
        if (signal.aborted) throw new Error('The client has gone.')
        if (demand.wanted && deadline === Infinity) deadline = monotonicMs() + reconnectLimitMs
        if (monotonicMs() > deadline)
          throw new Error(
            `The gateway at ${url.origin} does not answer. Is it running, and can it be reached from here?`,
          )
        wait = Math.min(wait * 2, demand.wanted ? 500 : 5_000)
        await demand.pause(wait)
      }
    }
    isFirst = false
    return new HttpCarrier(url, options, events)
  }
}

function endpoint(text: string, serverId: string | undefined): URL {
  const url = new URL(text)
  if (url.pathname.endsWith('/mcp')) return url
  const base = url.pathname.replace(/\/$/, '')
  url.pathname =
    serverId === undefined ? `${base}/mcp` : `${base}/servers/${encodeURIComponent(serverId)}/mcp`
  return url
}

/** node:http is loaded only where it is used: it costs the socket's users memory and time. */
function httpOf(url: URL): Pick<typeof http, 'request' | 'Agent'> {
  return url.protocol === 'https:'
    ? process.getBuiltinModule('node:https')
    : process.getBuiltinModule('node:http')
}

function isThere(url: URL, options: HttpConnectOptions): Promise<boolean> {
  const health = new URL(url.href.replace(/(\/servers\/[^/]+)?\/mcp$/, '/health'))
  return new Promise((resolve) => {
    const request = httpOf(url).request(health, { timeout: 2_000 }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.on('timeout', () => request.destroy())
    request.on('error', (error) => {
      options.log('debug', `${health.href}: ${error.message}`)
      resolve(false)
    })
    request.end()
  })
}

class HttpCarrier implements Carrier {
  readonly #url: URL
  readonly #options: HttpConnectOptions
  readonly #events: CarrierEvents
  readonly #agent: http.Agent
  readonly #open = new Set<http.ClientRequest>()
  #sessionId: string | undefined
  #protocolVersion: string | undefined
  #isListening = false
  #ended = false

  constructor(url: URL, options: HttpConnectOptions, events: CarrierEvents) {
    this.#url = url
    this.#options = options
    this.#events = events
    this.#agent = new (httpOf(url).Agent)({ keepAlive: true })
  }

  send(line: Buffer): void {
    const body = Buffer.from(line)
    const envelope = tryRead(body)
    const headers = { ...this.#headers(), ...modernHeaders(body, envelope) }
    const request = this.#request('POST', {
      ...headers,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'content-length': String(body.length),
    })
    request.on('error', (error) =>
      this.#lose(error, 'code' in error && error.code === 'ECONNREFUSED' ? body : undefined),
    )
    request.on('response', (response) => this.#answered(response, body, envelope))
    request.end(body)
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    for (const request of this.#open) request.destroy()
    if (this.#sessionId === undefined) return this.#agent.destroy()
    const goodbye = httpOf(this.#url).request(this.#url, {
      method: 'DELETE',
      headers: this.#headers(),
      timeout: goodbyeLimitMs,
    })
    goodbye.on('timeout', () => goodbye.destroy())
    goodbye.on('error', () => {})
    goodbye.on('response', (response) => response.resume())
    goodbye.on('close', () => this.#agent.destroy())
    goodbye.end()
  }

  #headers(): Record<string, string> {
    const { apiKey, client } = this.#options
    return {
      'user-agent': client === undefined ? 'gateway-stdio' : `gateway-stdio (${asciiOf(client)})`,
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      ...(this.#sessionId === undefined ? {} : { 'mcp-session-id': this.#sessionId }),
      ...(this.#protocolVersion === undefined
        ? {}
        : { 'mcp-protocol-version': this.#protocolVersion }),
    }
  }

  #request(method: string, headers: Record<string, string>): http.ClientRequest {
    const request = httpOf(this.#url).request(this.#url, { method, headers, agent: this.#agent })
    this.#open.add(request)
    request.on('close', () => this.#open.delete(request))
    return request
  }

  #answered(response: http.IncomingMessage, sent: Buffer, envelope: Envelope | undefined): void {
    const status = response.statusCode ?? 0
    const isSse = (response.headers['content-type'] ?? '').startsWith('text/event-stream')
    // The session is gone (2025-11-25, "Session Management"): a new one is begun with what we remember.
    if (status === 404 && this.#sessionId !== undefined) {
      response.resume()
      return this.#lose(new Error('the gateway does not know the session any more'), sent)
    }
    if (status >= 200 && status < 300 && isSse) return this.#readStream(response, envelope)
    const parts: Buffer[] = []
    response.on('data', (part: Buffer) => parts.push(part))
    response.on('error', (error) => this.#lose(error))
    response.on('end', () => {
      const body = Buffer.concat(parts)
      if (status >= 200 && status < 300) this.#accepted(response, envelope, body)
      else this.#refused(status, envelope, body)
    })
  }

  #accepted(response: http.IncomingMessage, envelope: Envelope | undefined, body: Buffer): void {
    if (envelope?.method === 'notifications/initialized') this.#listen()
    if (body.length === 0) return
    this.#noteInitialize(response, envelope, body)
    this.#deliver(body)
  }

  #noteInitialize(
    response: http.IncomingMessage,
    envelope: Envelope | undefined,
    answer: Buffer,
  ): void {
    if (envelope?.method !== 'initialize') return
    const sessionId = response.headers['mcp-session-id']
    if (typeof sessionId === 'string') this.#sessionId = sessionId
    const { result } = parseRecord(answer)
    if (isRecord(result) && typeof result['protocolVersion'] === 'string')
      this.#protocolVersion = result['protocolVersion']
  }

  #readStream(response: http.IncomingMessage, envelope: Envelope | undefined): void {
    const id = envelope?.kind === 'request' ? idText(envelope) : undefined
    let isAnswered = id === undefined
    const reader = new SseReader(({ data }) => {
      // Only an id, to come back with.
      if (data.length === 0) return
      const answer = tryRead(data)
      if (answer?.kind === 'response' && idText(answer) === id) {
        isAnswered = true
        this.#noteInitialize(response, envelope, data)
      }
      this.#deliver(data)
    })
    response.on('data', (part: Buffer) => reader.push(part))
    response.on('error', (error) => this.#lose(error))
    response.on('end', () => {
      if (!isAnswered) this.#lose(new Error('the stream ended before its answer'))
    })
  }

  /** What the gateway says of its own accord comes on a stream of its own, if it offers one. */
  #listen(lastEventId?: string): void {
    if (this.#isListening && lastEventId === undefined) return
    this.#isListening = true
    let last = lastEventId
    const again = (ms: number): void => {
      void pause(ms).then(() => {
        if (!this.#ended) this.#listen(last ?? '')
      })
    }
    const request = this.#request('GET', {
      ...this.#headers(),
      accept: 'text/event-stream',
      ...(last === undefined || last === '' ? {} : { 'last-event-id': last }),
    })
    request.on('error', (error) => this.#lose(error))
    request.on('response', (response) => {
      if (response.statusCode !== 200) {
        response.resume()
        if (response.statusCode === 404 && this.#sessionId !== undefined)
          this.#lose(new Error('the gateway does not know the session any more'))
        return
      }
      const reader = new SseReader(({ data, id }) => {
        if (id !== undefined) last = id
        if (data.length > 0) this.#deliver(data)
      })
      response.on('data', (part: Buffer) => reader.push(part))
      response.on('error', () => {})
      response.on('close', () => again(500))
    })
    request.end()
  }

  #refused(status: number, envelope: Envelope | undefined, body: Buffer): void {
    const { origin } = this.#url
    const answer = tryRead(body)
    const said = parseRecord(body)['message']
    const why =
      status === 401 || status === 403
        ? `The gateway at ${origin} did not accept the key (HTTP ${status}). Put its key into MCP_GATEWAY_API_KEY of this entry.`
        : `The gateway at ${origin} answered with HTTP ${status}${typeof said === 'string' ? `: ${said}` : '.'}`
    this.#options.log('error', why)
    if (envelope?.kind !== 'request') return
    if (answer?.kind === 'response' && idText(answer) === idText(envelope))
      return this.#deliver(body)
    const message = { code: -32000, message: why }
    this.#deliver(
      Buffer.from(`{"jsonrpc":"2.0","id":${idText(envelope)},"error":${JSON.stringify(message)}}`),
    )
  }

  #deliver(message: Buffer): void {
    if (!this.#ended) this.#events.message(oneLine(message))
  }

  #lose(error: Error, undelivered?: Buffer): void {
    if (this.#ended) return
    this.#ended = true
    for (const request of this.#open) request.destroy()
    this.#agent.destroy()
    this.#events.lost(error, undelivered)
  }
}

/** 2026-07-28 repeats parts of a message in headers; older revisions have none of this in their `_meta`. */
function modernHeaders(body: Buffer, envelope: Envelope | undefined): Record<string, string> {
  if (envelope?.kind !== 'request' || !body.includes('io.modelcontextprotocol/protocolVersion'))
    return {}
  const { params } = parseRecord(body)
  const meta = isRecord(params) ? params['_meta'] : undefined
  const version = isRecord(meta) ? meta['io.modelcontextprotocol/protocolVersion'] : undefined
  if (!isRecord(params) || typeof version !== 'string') return {}
  const name = params['name'] ?? params['uri']
  return {
    'mcp-protocol-version': version,
    'mcp-method': envelope.method,
    ...(typeof name === 'string' && name === asciiOf(name) ? { 'mcp-name': name } : {}),
  }
}

function asciiOf(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?')
}

function tryRead(message: Buffer): Envelope | undefined {
  try {
    return readEnvelope(message)
  } catch {
    return undefined
  }
}
