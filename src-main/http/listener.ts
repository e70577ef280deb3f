import fs from 'node:fs'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type https from 'node:https'
import type { Socket } from 'node:net'
import { GatewayError } from '../../src-shared/errors.ts'
import type { Log } from '../telemetry/log.ts'
import type { Gateway } from '../gateway.ts'
import type { Access, Caller } from './access.ts'
import { authority, parseListenAddress, type ListenAddress } from './listen-address.ts'
import { listenFailure } from './port-holder.ts'
import { errorBody, safeHeaders, sendError, sendJson } from './respond.ts'

/** Real MCP and the one-call envelope; both are called with the caller already let in. */
export interface McpHttp {
  /** `/mcp` and, with `serverId`, `/servers/:id/mcp`; every method. */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    context: { serverId?: string; principal: string },
  ): void
  /** `POST /rpc`; `serverId` is the X-Server-ID header. */
  rpc(
    request: IncomingMessage,
    response: ServerResponse,
    context: { serverId?: string; principal: string },
  ): void
}

/** Everything that is neither MCP nor `/health`. */
export type RestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  caller: Caller,
) => void

/** Bounds against slow, huge and too many clients; milliseconds and bytes. */
export interface ListenerLimits {
  headersTimeoutMs: number
  /** For the whole request, body included; an answer may stream for as long as it likes. */
  requestTimeoutMs: number
  keepAliveTimeoutMs: number
  maxHeaderBytes: number
  maxSockets: number
}

export const defaultLimits: ListenerLimits = {
  headersTimeoutMs: 15_000,
  requestTimeoutMs: 120_000,
  keepAliveTimeoutMs: 65_000,
  maxHeaderBytes: 16 * 1024,
  maxSockets: 8192,
}

export interface ListenerOptions {
  gateway: Pick<Gateway, 'config'>
  access: Access
  mcp: McpHttp
  /** Called once, on the first request that needs it: REST costs start time and memory. */
  rest: () => Promise<RestHandler>
  log: Log
  limits?: Partial<ListenerLimits>
}

export interface Listener {
  readonly address: ListenAddress
  /** `http://127.0.0.1:4444`, without a slash at the end. */
  readonly url: string
  /**
   * Takes no more connections, ends event streams, and lets requests in flight finish for at most `drainMs`
   * (default: the config's drain_timeout_seconds). Idempotent.
   */
  close(drainMs?: number): Promise<void>
}

/**
 * The endpoint on `listen_addr`. The way of an MCP call through it is string compares and one hash: no framework, no
 * URL object. Rejects with a GatewayError that says who holds the port and how to choose another.
 */
export async function createListener(options: ListenerOptions): Promise<Listener> {
  const { config } = options.gateway
  const limits = { ...defaultLimits, ...options.limits }
  const wanted = parseListenAddress(config.listen_addr)
  const server = createServer(config.tls, limits)
  const streams = new OpenGets()
  const route = createRoute(options)

  server.maxConnections = limits.maxSockets
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.method === 'GET') streams.watch(response)
    try {
      route(request, response)
    } catch (error) {
      options.log.error(
        { error, path: pathOf(request.url ?? '') },
        'A request failed in the gateway.',
      )
      sendError(
        response,
        new GatewayError('internal', 'The gateway failed to answer. Its log says why.'),
      )
    }
  })
  server.on('clientError', refuseBadRequest)
  server.on('drop', warnOfDrops(options.log, limits.maxSockets))

  const address = await listen(server, wanted)
  options.access.boundTo(address)
  // Later errors (an accept that fails for want of file handles) pass; the socket goes on listening.
  server.on('error', (error) => options.log.error({ error }, 'The listening socket had an error.'))

  let closing: Promise<void> | undefined
  return {
    address,
    url: `${config.tls === undefined ? 'http' : 'https'}://${authority(address)}`,
    close: (drainMs = config.drain_timeout_seconds * 1000) =>
      (closing ??= drain(server, streams, drainMs)),
  }
}

/** Says who answers: by path, on strings. */
function createRoute({ access, mcp, rest, log }: ListenerOptions) {
  let restReady: Promise<RestHandler> | undefined

  function toRest(request: IncomingMessage, response: ServerResponse, caller: Caller): void {
    restReady ??= rest()
    restReady.then(
      (handler) => handler(request, response, caller),
      (error: unknown) => {
        restReady = undefined
        log.error({ error }, 'The REST routes could not be loaded.')
        sendError(
          response,
          new GatewayError('internal', 'The gateway failed to answer. Its log says why.'),
        )
      },
    )
  }

  return function route(request: IncomingMessage, response: ServerResponse): void {
    const path = pathOf(request.url ?? '/')
    if (path === '/health') {
      sendHealth(request, response)
      return
    }
    const cors = request.headers.origin === undefined ? undefined : access.corsHeaders(request)
    if (cors !== undefined) for (const name in cors) response.setHeader(name, cors[name] ?? '')
    if (request.method === 'OPTIONS' && cors !== undefined) {
      const refused = access.checkSource(request)
      if (refused !== undefined) sendError(response, refused)
      else response.writeHead(204).end()
      return
    }
    const caller = access.check(request)
    if (caller instanceof GatewayError) {
      sendError(response, caller)
      return
    }
    const { principal } = caller
    if (path === '/mcp') {
      mcp.handle(request, response, { principal })
      return
    }
    if (path === '/rpc' && request.method === 'POST') {
      const serverId = request.headers['x-server-id']
      mcp.rpc(
        request,
        response,
        typeof serverId === 'string' ? { serverId, principal } : { principal },
      )
      return
    }
    if (path.startsWith('/servers/') && path.endsWith('/mcp')) {
      const serverId = decodeSegment(path.slice('/servers/'.length, -'/mcp'.length))
      if (serverId !== undefined) {
        mcp.handle(request, response, { serverId, principal })
        return
      }
    }
    if (!path.startsWith('/')) {
      // An absolute target names a host of its own, past the one that was checked.
      sendError(response, new GatewayError('bad_request', 'The request target must be a path.'))
      return
    }
    toRest(request, response, caller)
  }
}

function pathOf(url: string): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}

/** One path segment, or undefined if it is none. */
function decodeSegment(segment: string): string | undefined {
  if (segment === '' || segment.includes('/')) return undefined
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

/** Open to everyone, under any Host: it tells nothing but that the gateway is here. */
function sendHealth(request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'GET' || request.method === 'HEAD') {
    sendJson(response, 200, { status: 'ok' }, { server: 'open-mcp-gateway' })
    return
  }
  const error = new GatewayError('method_not_allowed', 'Only GET is allowed on /health.')
  sendJson(response, error.status, errorBody(error), { allow: 'GET, HEAD' })
}

function createServer(
  tls: { cert: string; key: string } | undefined,
  limits: ListenerLimits,
): http.Server | https.Server {
  const settings: http.ServerOptions = {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    maxHeaderSize: limits.maxHeaderBytes,
    connectionsCheckingInterval: Math.min(5000, limits.headersTimeoutMs),
  }
  if (tls === undefined) return http.createServer(settings)
  // Loaded only where it is wanted: TLS costs start time.
  return process.getBuiltinModule('node:https').createServer({ ...settings, ...readTls(tls) })
}

function readTls(tls: { cert: string; key: string }): { cert: Buffer; key: Buffer } {
  try {
    return { cert: fs.readFileSync(tls.cert), key: fs.readFileSync(tls.key) }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new GatewayError(
      'bad_request',
      `The files of tls in config.yaml cannot be read: ${why}. Check tls.cert and tls.key.`,
      { cause: error },
    )
  }
}

function listen(server: http.Server, wanted: ListenAddress): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => {
      listenFailure(wanted, error).then(reject, reject)
    }
    server.once('error', onError)
    server.listen({ host: wanted.host, port: wanted.port, backlog: 1024 }, () => {
      server.off('error', onError)
      const bound = server.address()
      if (bound === null || typeof bound === 'string') {
        reject(new GatewayError('internal', 'The endpoint has no address.'))
      } else resolve({ host: bound.address, port: bound.port })
    })
  })
}

/** Answers what Node could not even parse, then hangs up. */
function refuseBadRequest(error: Error & { code?: string }, socket: Socket): void {
  // Bytes may be out already, of this answer or an earlier one: a second answer would be taken for its rest.
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy()
    return
  }
  const [status, message] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', 'The headers are too large.']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'The request took too long to arrive.']
        : ['400 Bad Request', 'This is not a valid HTTP request.']
  const body = JSON.stringify({ error: status.slice(4), message })
  const headers = Object.entries({
    ...safeHeaders,
    'content-type': 'application/json',
    'content-length': String(body.length),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status}\r\n${headers.join('')}\r\n${body}`)
}

/** At most one line a minute, or a flood of connections becomes a flood of lines. */
function warnOfDrops(log: Log, maxSockets: number): () => void {
  let quietUntil = 0
  return () => {
    const now = performance.now()
    if (now < quietUntil) return
    quietUntil = now + 60_000
    log.warn({ maxSockets }, 'Connections are refused: too many are open.')
  }
}

/** GETs that are not answered in full. Only they can be streams without an end; POSTs are the hot path. */
class OpenGets {
  readonly #open = new Set<ServerResponse>()

  watch(response: ServerResponse): void {
    this.#open.add(response)
    response.on('close', () => this.#open.delete(response))
  }

  /** Ends those that have begun and not ended by themselves: event streams. */
  endStreams(): void {
    for (const response of this.#open) {
      if (!response.headersSent || response.writableEnded) continue
      // Its owner may write once more before it learns of the end; that is no reason to crash.
      response.on('error', () => {})
      response.end()
    }
  }
}

function drain(server: http.Server, streams: OpenGets, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    // A connection turns idle whenever its answer is out, and a stream may begin after the close: hence the sweep.
    const sweep = setInterval(() => {
      streams.endStreams()
      server.closeIdleConnections()
    }, 20)
    const deadline = setTimeout(() => server.closeAllConnections(), drainMs)
    server.close(() => {
      clearInterval(sweep)
      clearTimeout(deadline)
      resolve()
    })
    streams.endStreams()
    server.closeIdleConnections()
  })
}
