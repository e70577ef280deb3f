import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { GatewayError } from '../../src-shared/errors.ts'
import type { Log } from '../telemetry/log.ts'
import type { Gateway } from '../gateway.ts'
import type { Access, Caller, Scope } from './access.ts'
import { drain, OpenGets, UnusedConnections } from './drain.ts'
import { createHttpServer, defaultLimits, listen, type ListenerLimits } from './http-server.ts'
import { authority, isWildcard, parseListenAddress, type ListenAddress } from './listen-address.ts'
import { errorBody, sendError, sendJson } from './respond.ts'

interface McpContext {
  serverId?: string
  principal: string
  /** The id of the client whose token it is. */
  client?: string
}

/** Real MCP and the one-call envelope; both are called with the caller already let in. */
export interface McpHttp {
  /** `/mcp` and, with `serverId`, `/servers/:id/mcp`; every method. */
  handle(request: IncomingMessage, response: ServerResponse, context: McpContext): void
  /** `POST /rpc`; `serverId` is the X-Server-ID header. */
  rpc(request: IncomingMessage, response: ServerResponse, context: McpContext): void
}

/** Everything that is neither MCP nor `/health`. */
export type RestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  caller: Caller,
) => void

/** `/ui/`: what a browser gets before it has a bearer. */
export type UiHandler = (request: IncomingMessage, response: ServerResponse) => void

export interface ListenerOptions {
  gateway: Pick<Gateway, 'config'>
  access: Access
  mcp: McpHttp
  /** Called once, on the first request that needs it: REST costs start time and memory. */
  rest: () => Promise<RestHandler>
  /** `/api/`: the management API. Loaded as REST is. */
  api?: () => Promise<RestHandler>
  /** Loaded as REST is. */
  ui?: () => Promise<UiHandler>
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
  const server = createHttpServer(config.tls, limits, options.log)
  const gets = new OpenGets()
  const unused = new UnusedConnections()
  const route = createRoute(options)

  server.on(config.tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) =>
    unused.opened(socket),
  )
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    unused.used(request.socket)
    if (request.method === 'GET') gets.watch(response)
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

  const address = await listen(server, wanted)
  options.access.boundTo(address)
  // Later errors (an accept that fails for want of file handles) pass; the socket goes on listening.
  server.on('error', (error) => options.log.error({ error }, 'The listening socket had an error.'))

  let closing: Promise<void> | undefined
  return {
    address,
    url: `${config.tls === undefined ? 'http' : 'https'}://${authority(dialable(address))}`,
    close: (drainMs = config.drain_timeout_seconds * 1000) =>
      (closing ??= drain(server, gets, unused, drainMs)),
  }
}

/** Every interface is an address to listen on, not one to call. */
function dialable({ host, port }: ListenAddress): ListenAddress {
  if (!isWildcard(host)) return { host, port }
  return { host: host === '::' ? '::1' : '127.0.0.1', port }
}

/** Says who answers: by path, on strings. */
function createRoute({ access, mcp, rest, api, ui, log }: ListenerOptions) {
  const toRest = onDemand(rest, log)
  const toApi = api && onDemand(api, log)
  const toUi = ui && onDemand(ui, log)

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
    if (toUi !== undefined && (path === '/' || path === '/ui' || path.startsWith('/ui/'))) {
      const refused = access.checkSource(request)
      if (refused !== undefined) sendError(response, refused)
      else toUi(response, (handler) => handler(request, response))
      return
    }
    const caller = access.check(request)
    if (caller instanceof GatewayError) {
      sendError(response, caller)
      return
    }
    const target = mcpTarget(request, path)
    const refused = refusal(caller.scope, target, path)
    if (refused !== undefined) {
      sendError(response, refused)
      return
    }
    if (target !== undefined) {
      const { principal, client } = caller
      if (client !== undefined && caller.ended !== undefined) endWith(caller.ended, response)
      const { serverId } = target
      const who = client === undefined ? { principal } : { principal, client }
      mcp[target.by](request, response, serverId === undefined ? who : { ...who, serverId })
      return
    }
    if (!path.startsWith('/')) {
      // An absolute target names a host of its own, past the one that was checked.
      sendError(response, new GatewayError('bad_request', 'The request target must be a path.'))
      return
    }
    const toHandler = toApi !== undefined && path.startsWith('/api/') ? toApi : toRest
    toHandler(response, (handler) => handler(request, response, caller))
  }
}

/** What is MCP's, and for which server; undefined for every other route. */
function mcpTarget(
  request: IncomingMessage,
  path: string,
): { by: 'handle' | 'rpc'; serverId?: string } | undefined {
  if (path === '/mcp') return { by: 'handle' }
  if (path === '/rpc' && request.method === 'POST') {
    const serverId = request.headers['x-server-id']
    return typeof serverId === 'string' ? { by: 'rpc', serverId } : { by: 'rpc' }
  }
  if (!path.startsWith('/servers/') || !path.endsWith('/mcp')) return undefined
  const serverId = decodeSegment(path.slice('/servers/'.length, -'/mcp'.length))
  return serverId === undefined ? undefined : { by: 'handle', serverId }
}

/** The one place that says which routes a kind of key opens. */
function refusal(scope: Scope, mcp: object | undefined, path: string): GatewayError | undefined {
  const asked = path.slice(0, 100)
  switch (scope) {
    case 'owner':
      return undefined
    case 'dashboard':
      if (path.startsWith('/api/')) return undefined
      return new GatewayError(
        'forbidden',
        `This bearer opens the dashboard's own routes alone, not ${asked}.`,
      )
    case 'client':
      if (mcp !== undefined) return undefined
      return new GatewayError(
        'forbidden',
        `A client's token opens MCP alone (/mcp, /servers/<id>/mcp, POST /rpc), not ${asked}. ` +
          'Everything else wants the key that "gateway key" prints.',
      )
  }
}

/** What is under way is cut off once its token has ended. */
function endWith(ended: AbortSignal, response: ServerResponse): void {
  const end = (): void => void response.destroy()
  ended.addEventListener('abort', end)
  response.on('close', () => ended.removeEventListener('abort', end))
}

/** Loads a handler at its first use, and again if that has failed. */
function onDemand<T>(load: () => Promise<T>, log: Log) {
  let ready: Promise<T> | undefined
  return (response: ServerResponse, use: (handler: T) => void): void => {
    ready ??= load()
    ready.then(use, (error: unknown) => {
      ready = undefined
      log.error({ error }, 'A part of the endpoint could not be loaded.')
      const message = 'The gateway failed to answer. Its log says why.'
      sendError(response, new GatewayError('internal', message))
    })
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
