import type http from 'node:http'
import type { Readable } from 'node:stream'
import type { Clock } from '../servers/clock.ts'
import type { RemoteAuthorization } from './remote-authorization.ts'
import { ConnectTimeout, networkError, RemoteFailure } from './remote-failure.ts'
import { maskedUrl, type RemoteTarget } from './remote-target.ts'

const maxRedirects = 3
/** How often one request is sent again because its sign-in was renewed or widened. */
const maxReauthorizations = 2
/** Idle connections are given up before most servers do (5 s in Node), so that no request runs into a closing one. */
const idleSocketMs = 4_000
const tcpKeepAliveMs = 30_000
/** A body of this size is read to its end to keep the connection; from there on the connection is cut. */
const smallBodyBytes = 64 * 1024
const smallBodyMs = 5_000

export interface RemoteRequest {
  method: 'GET' | 'POST' | 'DELETE'
  /** Default: the target's. */
  url?: URL
  headers: Record<string, string>
  body?: readonly Buffer[]
  /** Ends the exchange, the answer's body included. */
  signal: AbortSignal
}

export interface RemoteAnswer {
  status: number
  headers: http.IncomingHttpHeaders
  /** Decompressed. Always has an error listener. */
  body: Readable
  /** Where the answer came from, after redirects. */
  url: URL
}

export interface RemoteClientOptions {
  clock: Clock
  connectTimeoutMs: number
  /** Absent where the configured headers say who we are. */
  authorization?: RemoteAuthorization | undefined
}

/**
 * HTTP/1.1 requests to one server. `node:http` and not fetch, because fetch gives up a stream that is silent for five
 * minutes, and cannot say whether a byte of a failed request was sent.
 */
export class RemoteClient {
  readonly #target: RemoteTarget
  readonly #options: RemoteClientOptions
  readonly #request: typeof http.request
  readonly #agent: http.Agent
  #lastSent: string | undefined

  constructor(target: RemoteTarget, options: RemoteClientOptions) {
    this.#target = target
    this.#options = options
    // Asked of the process and not imported: an ESM import of node:http loads fetch's whole machinery as well.
    const module =
      target.url.protocol === 'https:'
        ? process.getBuiltinModule('node:https')
        : process.getBuiltinModule('node:http')
    this.#request = module.request
    this.#agent = new module.Agent({
      keepAlive: true,
      keepAliveMsecs: tcpKeepAliveMs,
      timeout: idleSocketMs,
    })
  }

  /**
   * One request and the head of its answer. Follows redirects within the origin: the configured headers and the sign-in
   * are for that origin and go to no other. A request that is refused for want of a sign-in has not been looked at, and
   * is sent again when there is one. Rejects with RemoteFailure, or with GatewayError `sign_in_needed`.
   */
  async exchange(request: RemoteRequest): Promise<RemoteAnswer> {
    const { authorization } = this.#options
    if (authorization === undefined) return this.#follow(request, {})
    for (let tries = 0; ; tries++) {
      const sent = await authorization.header(request.signal)
      request.signal.throwIfAborted()
      if (sent !== undefined && sent !== this.#lastSent) {
        this.#lastSent = sent
        this.#target.addSecret(sent.slice(sent.indexOf(' ') + 1))
      }
      const answer = await this.#follow(request, sent === undefined ? {} : { authorization: sent })
      const { status } = answer
      if ((status !== 401 && status !== 403) || tries === maxReauthorizations) return answer
      const challenge = answer.headers['www-authenticate']
      if (!(await authorization.refused({ status, challenge, sent }, request.signal))) return answer
      discard(answer.body)
    }
  }

  async #follow(
    request: RemoteRequest,
    authorization: Record<string, string>,
  ): Promise<RemoteAnswer> {
    let url = request.url ?? this.#target.url
    for (let followed = 0; ; followed++) {
      const answer = await this.#once(request, url, authorization)
      const status = answer.statusCode ?? 0
      const next = redirectOf(answer, url)
      if (next === undefined) return { status, headers: answer.headers, body: decoded(answer), url }
      discard(answer)
      const refusal = this.#redirectRefusal(request, url, next, status, followed)
      if (refusal !== undefined) throw new RemoteFailure(this.#target.error(refusal), true)
      if ((status === 301 || status === 308) && url.href === this.#target.url.href)
        this.#target.url = next
      url = next
    }
  }

  /** Cuts every connection. */
  destroy(): void {
    this.#agent.destroy()
  }

  #redirectRefusal(
    request: RemoteRequest,
    from: URL,
    to: URL,
    status: number,
    followed: number,
  ): string | undefined {
    const says = `${maskedUrl(from)} redirects to ${maskedUrl(to)} (${status})`
    if (to.origin !== from.origin) {
      return `${says}. That is another origin, and the configured headers are sent to none but the configured one. If the new address is right, write it into \`url\`.`
    }
    if (followed >= maxRedirects) {
      return `${says}, after ${followed} other redirects. Write the final address into \`url\`.`
    }
    // 303 asks to fetch the answer elsewhere with GET, which is no MCP. 301 and 302 are followed as 308 and 307 are.
    if (status === 303 && request.method === 'POST') {
      return `${says}, which does not take an MCP message. Check \`url\`; a sign-in page in front of the server redirects so.`
    }
    return undefined
  }

  #once(
    request: RemoteRequest,
    url: URL,
    authorization: Record<string, string>,
  ): Promise<http.IncomingMessage> {
    const { clock, connectTimeoutMs } = this.#options
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
    let connected = false
    const length = request.body?.reduce((sum, chunk) => sum + chunk.length, 0)
    const outgoing = this.#request(url, {
      method: request.method,
      agent: this.#agent,
      signal: request.signal,
      headers: {
        ...this.#target.headers,
        'accept-encoding': 'identity',
        ...authorization,
        ...request.headers,
        ...(length === undefined ? {} : { 'content-length': String(length) }),
      },
    })
    const cancelTimeout = clock.after(connectTimeoutMs, () =>
      outgoing.destroy(new ConnectTimeout(connectTimeoutMs)),
    )
    const onConnected = () => {
      connected = true
      cancelTimeout()
    }
    outgoing.once('socket', (socket) => {
      if (!socket.connecting) onConnected()
      else socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', onConnected)
    })
    // Stays for the whole life: an error after the answer has begun ends the answer's body and is told there.
    outgoing.on('error', (error) => {
      cancelTimeout()
      reject(new RemoteFailure(networkError(this.#target, error, connected), connected))
    })
    outgoing.once('response', resolve)
    for (const chunk of request.body ?? []) outgoing.write(chunk)
    outgoing.end()
    return promise
  }
}

function redirectOf(answer: http.IncomingMessage, base: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(answer.statusCode ?? 0)) return undefined
  const { location } = answer.headers
  const next = location === undefined ? null : URL.parse(location, base.href)
  if (next === null) return undefined
  next.username = ''
  next.password = ''
  next.hash = ''
  return next
}

/** Servers are asked not to compress; some proxies do so nevertheless. */
function decoded(answer: http.IncomingMessage): Readable {
  const zlib = process.getBuiltinModule('node:zlib')
  const flush = zlib.constants.Z_SYNC_FLUSH
  const encoding = answer.headers['content-encoding']?.trim().toLowerCase()
  const decoder =
    encoding === 'gzip' || encoding === 'x-gzip'
      ? zlib.createGunzip({ flush })
      : encoding === 'deflate'
        ? zlib.createInflate({ flush })
        : encoding === 'br'
          ? zlib.createBrotliDecompress()
          : undefined
  const body: Readable = decoder ?? answer
  body.on('error', () => {})
  if (decoder !== undefined) {
    answer.once('error', (error) => decoder.destroy(error))
    decoder.once('close', () => answer.destroy())
    answer.pipe(decoder)
  }
  return body
}

/** Gets rid of a body that nobody wants, keeping the connection if that is cheap. */
export function discard(body: Readable): void {
  const timer = setTimeout(() => body.destroy(), smallBodyMs)
  timer.unref()
  body.on('error', () => {})
  body.once('close', () => clearTimeout(timer))
  let bytes = 0
  body.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > smallBodyBytes) body.destroy()
  })
}

/** How the reading of a body ended. */
export type BodyEnd = { kind: 'ended' } | { kind: 'broken'; error: unknown } | { kind: 'stopped' }

/** Hands every chunk to `onChunk` until the body ends, breaks, or `onChunk` returns false: then it is cut. */
export function readBody(body: Readable, onChunk: (chunk: Buffer) => boolean): Promise<BodyEnd> {
  return new Promise((resolve) => {
    let failure: unknown = new Error('the connection was closed')
    body.on('data', (chunk: Buffer) => {
      if (onChunk(chunk)) return
      resolve({ kind: 'stopped' })
      body.destroy()
    })
    body.once('end', () => resolve({ kind: 'ended' }))
    body.once('error', (error) => {
      failure = error
    })
    body.once('close', () => resolve({ kind: 'broken', error: failure }))
    if (body.destroyed) resolve({ kind: 'broken', error: failure })
  })
}

/** A whole body of at most `maxBytes`; undefined if it has more, and then the rest is not read. */
export async function wholeBody(
  body: Readable,
  maxBytes: number,
): Promise<{ bytes: Buffer; end: BodyEnd }> {
  const chunks: Buffer[] = []
  let length = 0
  const end = await readBody(body, (chunk) => {
    length += chunk.length
    if (length > maxBytes) return false
    chunks.push(chunk)
    return true
  })
  return { bytes: Buffer.concat(chunks), end }
}
