import { GatewayError } from '../../src-shared/errors.ts'
import { Redactor } from '../telemetry/redact.ts'

/** What the transport sets itself; a catalog entry that sets them too would break framing or the session. */
const reserved = new Set([
  'accept',
  'accept-encoding',
  'connection',
  'content-length',
  'content-type',
  'host',
  'keep-alive',
  'last-event-id',
  'mcp-protocol-version',
  'mcp-session-id',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Origin and path. Query strings and credentials often are secrets and never leave in a message. */
export function maskedUrl(url: URL): string {
  return `${url.origin}${url.pathname}${url.search === '' ? '' : '?***'}`
}

/** Where a remote server is, and what is sent along with every request to it. */
export class RemoteTarget {
  readonly serverId: string
  /** Without credentials and fragment. A permanent redirect within the origin moves it. */
  url: URL
  /** The configured headers, names in lower case, and Basic authorization from credentials in the URL. */
  readonly headers: Readonly<Record<string, string>>
  readonly #redactor = new Redactor()

  /** Throws GatewayError `server_failed` for a URL or header that can never work. */
  constructor(serverId: string, url: string, headers: Readonly<Record<string, string>>) {
    this.serverId = serverId
    const parsed = URL.parse(url)
    // The text itself stays out of the message: what is no URL may still hold a password.
    if (parsed === null) {
      throw this.error('its `url` is not a valid URL. Write it as https://host/path.')
    }
    if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
      throw this.error(
        `its \`url\` starts with ${parsed.protocol}//, which is not HTTP. Write it as https://host/path or http://host/path.`,
      )
    }
    const own: Record<string, string> = { 'user-agent': 'open-mcp-gateway' }
    if (parsed.username !== '' || parsed.password !== '') {
      const user = decoded(parsed.username)
      const password = decoded(parsed.password)
      this.#redactor.add(password)
      this.#redactor.add(parsed.password)
      own.authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
    }
    for (const [name, value] of Object.entries(headers)) {
      const key = name.toLowerCase()
      if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
        throw this.error(
          `the header name '${name}' in its \`headers\` has characters that HTTP does not allow.`,
        )
      }
      // eslint-disable-next-line no-control-regex -- control characters are what is looked for
      if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
        throw this.error(
          `the value of the header '${name}' has characters that HTTP does not allow (a line end, perhaps). Correct \`headers\`.`,
        )
      }
      if (!reserved.has(key)) own[key] = value
    }
    for (const [name, value] of Object.entries(own)) {
      if (name === 'user-agent') continue
      this.#redactor.add(value)
      for (const part of value.split(/\s+/)) this.#redactor.add(part)
    }
    for (const value of parsed.searchParams.values()) this.#redactor.add(value)
    parsed.username = ''
    parsed.password = ''
    parsed.hash = ''
    this.headers = own
    this.url = parsed
  }

  /** The URL as it may be shown. */
  get label(): string {
    return maskedUrl(this.url)
  }

  /** The server has given a secret of its own (a session id). */
  addSecret(secret: string): void {
    this.#redactor.add(secret)
  }

  /** Text of the server's, fit to be shown. */
  mask(text: string): string {
    return this.#redactor.redact(text)
  }

  /** A GatewayError about this server: `serverId: text`. */
  error(
    text: string,
    options: { cause?: unknown; retryAfterSeconds?: number } = {},
    code: 'server_failed' | 'server_timeout' | 'too_large' = 'server_failed',
  ): GatewayError {
    return new GatewayError(code, `${this.serverId}: ${text}`, options)
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
