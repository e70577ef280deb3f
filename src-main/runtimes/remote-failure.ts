import type http from 'node:http'
import type { GatewayError } from '../../src-shared/errors.ts'
import type { RemoteTarget } from './remote-target.ts'

const snippetLength = 300

/** An exchange that came to nothing. */
export class RemoteFailure extends Error {
  readonly error: GatewayError
  /** True if a byte of the request may have reached the server. */
  readonly reached: boolean

  constructor(error: GatewayError, reached: boolean) {
    super(error.message, { cause: error })
    this.name = 'RemoteFailure'
    this.error = error
    this.reached = reached
  }
}

/** The connection was not made within the limit. */
export class ConnectTimeout extends Error {
  readonly afterMs: number
  constructor(afterMs: number) {
    super(`no connection within ${afterMs} ms`)
    this.name = 'ConnectTimeout'
    this.afterMs = afterMs
  }
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : ''
}

function isTlsFailure(code: string): boolean {
  return (
    /^(?:ERR_TLS|ERR_SSL|CERT_|EPROTO$|HOSTNAME_MISMATCH$)/.test(code) ||
    code.includes('SELF_SIGNED') ||
    code.includes('UNABLE_TO_')
  )
}

/** What kept a request from being answered, in words. `reached`: the connection was made before. */
export function networkError(
  target: RemoteTarget,
  thrown: unknown,
  reached: boolean,
): GatewayError {
  const { host, hostname } = target.url
  const options = { cause: thrown }
  if (thrown instanceof ConnectTimeout) {
    return target.error(
      `no connection to ${host} within ${thrown.afterMs / 1000} s. The host may be down, or a firewall drops the packets. Check \`url\` and the network.`,
      options,
      'server_timeout',
    )
  }
  const code = codeOf(thrown)
  if (code === 'ECONNREFUSED') {
    return target.error(
      `${host} refused the connection. Nothing listens there. Start the server, or correct \`url\`.`,
      options,
    )
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return target.error(
      `the host ${hostname} cannot be found (DNS: ${code}). Check the spelling in \`url\`, and the network or VPN.`,
      options,
    )
  }
  if (isTlsFailure(code)) {
    return target.error(
      `no secure connection to ${host} (${code}). Its certificate is not trusted here, or it does not speak HTTPS. For a private authority set NODE_EXTRA_CA_CERTS to its certificate; for a server without TLS write http:// in \`url\`.`,
      options,
    )
  }
  if (['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'ETIMEDOUT'].includes(code)) {
    return target.error(
      `${host} cannot be reached (${code}). Check the network or VPN, and \`url\`.`,
      options,
    )
  }
  const detail = code === '' ? String(thrown instanceof Error ? thrown.message : thrown) : code
  return target.error(
    reached
      ? `the connection to ${host} broke before the answer was complete (${target.mask(detail)}). The server may have crashed or been restarted. Try again, and look at the server's own log.`
      : `no connection to ${host} (${target.mask(detail)}). Check \`url\`, and that the server is up.`,
    options,
  )
}

export function answerTooLarge(target: RemoteTarget, maxBytes: number): GatewayError {
  const limit = `${Math.floor(maxBytes / 1024 / 1024)} MiB`
  const text = `its answer is larger than ${limit} and was dropped. Ask for less at once.`
  return target.error(text, {}, 'too_large')
}

/** `Retry-After` (RFC 9110 10.2.3) as seconds from now, if there is one that makes sense. */
function retryAfterSeconds(value: string | undefined, wallMs: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value.trim())) return Number(value.trim())
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - wallMs) / 1000))
}

export interface Refusal {
  /** `POST`, `GET`. */
  method: string
  status: number
  headers: http.IncomingHttpHeaders
  /** The start of the body. */
  body: Buffer
  wallMs: number
  /** What else a person should know about a 404 or 405. */
  notFoundHint: string
}

/** What an HTTP status means for a person. */
export function statusError(target: RemoteTarget, refusal: Refusal): GatewayError {
  const { status } = refusal
  const said = snippet(target, refusal.body)
  const answered = `${target.label} answered ${status}`
  if (status === 401 || status === 403) {
    const why =
      status === 401 ? 'It wants a sign-in or a key.' : 'The sign-in or key does not allow this.'
    return target.error(
      `${answered}. ${why} Set \`headers\` of this server in the catalog, for example Authorization: Bearer \${MY_TOKEN}.${said}`,
    )
  }
  const seconds = retryAfterSeconds(refusal.headers['retry-after'], refusal.wallMs)
  const options = seconds === undefined ? {} : { retryAfterSeconds: seconds }
  const later = seconds === undefined ? 'Try again later' : `Try again in ${seconds} s`
  if (status === 429)
    return target.error(`${answered}: too many requests. ${later}.${said}`, options)
  if (status >= 500) {
    return target.error(
      `${answered}. The server has failed. ${later}, or look at its own log.${said}`,
      options,
    )
  }
  if (status === 404 || status === 405) {
    return target.error(
      `${answered} to ${refusal.method}. There is no MCP endpoint at this address. ${refusal.notFoundHint}${said}`,
    )
  }
  return target.error(
    `${answered} to ${refusal.method}. It did not accept the request. Check \`url\` and \`headers\`.${said}`,
    options,
  )
}

/** The start of a body on one line, without secrets. */
export function snippet(target: RemoteTarget, body: Buffer): string {
  // Masked before it is cut: a secret cut in half would not be recognised.
  const text = target
    .mask(body.toString('utf8', 0, 16 * 1024))
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
  if (text === '') return ''
  return ` It said: ${text.length > snippetLength ? `${text.slice(0, snippetLength)}…` : text}`
}
