import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../../src-shared/errors.ts'
import type { Config } from '../../src-shared/config.ts'
import { ownNames, type OwnNames } from './own-names.ts'
import {
  revokedError,
  type ClientRegister,
  type TokenHolder,
} from '../ai-clients/client-register.ts'
import type { DashboardSessions } from './dashboard-sessions.ts'
import { isLoopback, parseListenAddress, type ListenAddress } from './listen-address.ts'

/** What a caller may do: everything, what the dashboard needs, or what an AI client needs. */
export type Scope = 'owner' | 'dashboard' | 'client'

/** Who is calling. `owner` holds the main key (or nobody needs one, with `auth: none`). */
export interface Caller {
  principal: string
  scope: Scope
  /** Those who hold the same key or bearer. */
  session: string
  /** The id of the AI client whose token it is. */
  client?: string
  /** Aborted when the bearer ends; the main key's holders are told in another way. */
  ended?: AbortSignal
}

const owner: Caller = { principal: 'owner', scope: 'owner', session: 'owner' }

export type AccessConfig = Pick<
  Config,
  'listen_addr' | 'auth' | 'allowed_hosts' | 'cors_enabled' | 'cors_origins'
>

export interface AccessOptions {
  config: AccessConfig
  /** The main key; read for each call, so that it may be replaced while the gateway runs. */
  key(): string | undefined
  /** Bearers of the dashboard. */
  dashboard?: DashboardSessions
  /** Tokens of AI clients. */
  clients?: Pick<ClientRegister, 'find' | 'isToken'>
  /** True if the listener speaks HTTPS: an Origin of ours then starts with https. */
  tls?: boolean
}

export interface Access {
  /** The listener says what it is bound to, before the first request is checked. */
  boundTo(address: ListenAddress): void
  /** Host, Origin and key. The error is 400, 401 or 403 and says what to do. */
  check(request: IncomingMessage): Caller | GatewayError
  /** Host and Origin alone: what a CORS preflight, which carries no key, must pass. */
  checkSource(request: IncomingMessage): GatewayError | undefined
  /** Headers that let the page at this request's origin read the answer; undefined if it may not. */
  corsHeaders(request: IncomingMessage): Record<string, string> | undefined
}

/** As text of hexadecimal digits: the one output that costs no buffer, and this runs on every call. */
const sha256 = (text: string): string => hash('sha256', text, 'hex')

/**
 * Decides who may speak to the endpoint (product.md 6). A browser page can reach a loopback port: by DNS rebinding
 * its Host is the page's own name, and a direct request carries its Origin. Both are refused before the key counts.
 */
export function createAccess(options: AccessOptions): Access {
  const { config } = options
  const corsOrigins = new Set(config.cors_enabled ? config.cors_origins : [])
  let names: OwnNames | undefined
  let loopback = false
  let keyText: string | undefined
  /** Compared by hash: equal lengths make the constant-time compare possible. */
  let keyHash: Buffer | undefined
  const presentedHash = Buffer.alloc(64)

  function isMainKey(presented: string): boolean {
    const key = options.key()
    if (key !== keyText) {
      keyText = key
      keyHash = key === undefined || key === '' ? undefined : Buffer.from(sha256(key))
    }
    presentedHash.write(sha256(presented), 'latin1')
    return keyHash !== undefined && timingSafeEqual(keyHash, presentedHash)
  }

  function checkSource(request: IncomingMessage): GatewayError | undefined {
    if (names === undefined) return new GatewayError('internal', 'The endpoint is not bound yet.')
    const repeated = repeatedHeader(request.rawHeaders)
    if (repeated !== undefined) {
      return new GatewayError('bad_request', `The header ${repeated} came more than once.`)
    }
    const host = request.headers.host ?? ''
    if (!names.isOurs(host, request.socket.localAddress)) {
      return new GatewayError(
        'forbidden',
        `The Host header ${quoted(host)} is not a name of this gateway. If it is reached through ` +
          'that name on purpose, add the name to allowed_hosts in config.yaml.',
      )
    }
    const { origin } = request.headers
    if (origin === undefined || corsOrigins.has(origin) || names.isOurOrigin(origin, host)) {
      return undefined
    }
    return new GatewayError(
      'forbidden',
      `Pages from the origin ${quoted(origin)} may not call this gateway. To allow it, set ` +
        'cors_enabled: true and add it to cors_origins in config.yaml.',
    )
  }

  function checkKey(request: IncomingMessage): Caller | GatewayError {
    const presented = presentedKey(request)
    // A client stays what it is, also where nobody needs a key: its entry never stands for the main key.
    if (presented !== undefined && options.clients?.isToken(presented) === true) {
      const holder = options.clients.find(presented)
      if (holder !== undefined || !isMainKey(presented)) return clientOf(holder)
    }
    if (config.auth === 'none' && loopback) return owner
    if (presented === undefined) {
      return new GatewayError(
        'unauthorized',
        'This gateway wants its key, in the header Authorization (as a Bearer token) or X-API-Key. ' +
          'The command "gateway key" prints it.',
      )
    }
    if (isMainKey(presented)) return owner
    const session = options.dashboard?.find(presented)
    if (session !== undefined) {
      const { name, ended } = session
      return { principal: 'dashboard', scope: 'dashboard', session: name, ended }
    }
    if (options.dashboard?.isToken(presented) === true)
      return new GatewayError(
        'unauthorized',
        'This dashboard has been signed out. Run "gateway open" for a new link.',
      )
    return new GatewayError(
      'forbidden',
      'The key is wrong. The command "gateway key" prints the right one.',
    )
  }

  return {
    boundTo(address) {
      loopback = isLoopback(address.host)
      names = ownNames({
        bound: address,
        listenHost: parseListenAddress(config.listen_addr).host,
        allowedHosts: config.allowed_hosts,
        scheme: options.tls === true ? 'https' : 'http',
      })
    },
    checkSource,
    check: (request) => checkSource(request) ?? checkKey(request),
    corsHeaders(request) {
      const { origin } = request.headers
      if (origin === undefined || !corsOrigins.has(origin)) return undefined
      return corsAnswer(request, origin)
    },
  }
}

function clientOf(holder: TokenHolder | undefined): Caller | GatewayError {
  if (holder === undefined)
    return new GatewayError(
      'forbidden',
      'This client token is not known here, or was replaced. Connect the client again in the gateway.',
    )
  if (holder.isRevoked) return revokedError(holder)
  const { id, ended } = holder
  const principal = `client:${id}`
  return { principal, scope: 'client', session: principal, client: id, ended }
}

/**
 * Refuses settings that would open the gateway to others (product.md 6). `environmentKey` is MCP_GATEWAY_API_KEY.
 * Throws `bad_request`.
 */
export function assertSafeToListen(
  config: Pick<Config, 'listen_addr' | 'auth' | 'api_key' | 'cors_origins'>,
  environmentKey: string | undefined,
): void {
  const { host } = parseListenAddress(config.listen_addr)
  for (const origin of config.cors_origins) {
    if (!/^[a-z][a-z0-9+.-]*:\/\/[^/*\s]+$/.test(origin)) {
      throw new GatewayError(
        'bad_request',
        `cors_origins holds "${origin}", which is not an origin. Write each one out, ` +
          'for example "https://app.example.com": no path, no wildcard, no "null".',
      )
    }
  }
  if (isLoopback(host)) return
  if (config.auth === 'none') {
    throw new GatewayError(
      'bad_request',
      `auth: none is allowed on loopback only, and listen_addr is ${config.listen_addr}: anyone on ` +
        'the network could run programs here. Use auth: api_key, or listen on 127.0.0.1.',
    )
  }
  if ((config.api_key ?? '') === '' && (environmentKey ?? '') === '') {
    throw new GatewayError(
      'bad_request',
      `listen_addr ${config.listen_addr} can be reached from other machines, and no key is configured. ` +
        'Set api_key in config.yaml or MCP_GATEWAY_API_KEY, or listen on 127.0.0.1.',
    )
  }
}

function presentedKey(request: IncomingMessage): string | undefined {
  const bearer = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')
  if (bearer?.[1] !== undefined) return bearer[1]
  const header = request.headers['x-api-key']
  return typeof header === 'string' && header !== '' ? header : undefined
}

/** Node keeps the first of these and drops the others silently; two readers could then disagree on which counts. */
function repeatedHeader(rawHeaders: readonly string[]): string | undefined {
  let hosts = 0
  let authorizations = 0
  let origins = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name === undefined) continue
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
    else if (name.length === 13 && name.toLowerCase() === 'authorization') authorizations++
    else if (name.length === 6 && name.toLowerCase() === 'origin') origins++
  }
  if (hosts > 1) return 'Host'
  if (authorizations > 1) return 'Authorization'
  return origins > 1 ? 'Origin' : undefined
}

const exposedHeaders = 'Mcp-Session-Id, Mcp-Protocol-Version, ETag, Retry-After, WWW-Authenticate'

function corsAnswer(request: IncomingMessage, origin: string): Record<string, string> {
  const headers: Record<string, string> = {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': exposedHeaders,
    vary: 'Origin',
  }
  if (request.method !== 'OPTIONS') return headers
  const asked = request.headers['access-control-request-headers']
  headers['access-control-allow-methods'] = 'GET, POST, PUT, PATCH, DELETE'
  headers['access-control-max-age'] = '600'
  // MCP has open-ended header names (Mcp-Param-*), and the origin is trusted by name: what it asks for, it may send.
  if (asked !== undefined && /^[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,2048}$/.test(asked)) {
    headers['access-control-allow-headers'] = asked
  }
  if (request.headers['access-control-request-private-network'] === 'true') {
    headers['access-control-allow-private-network'] = 'true'
  }
  return headers
}

/** Foreign text in a message: short, and without control characters. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
}
