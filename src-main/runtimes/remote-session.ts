import type { CarrierContext } from './remote-carrier.ts'
import type { RemoteAnswer } from './remote-exchange.ts'

/** Requests under way when the session turns out to be gone get so long to hear the same. */
const lastWordsMs = 500

/** The session that a Streamable HTTP server keeps for us (MCP 2025-11-25, "Session Management"). */
export class RemoteSession {
  readonly #context: CarrierContext
  #id: string | undefined
  #protocolVersion: string | undefined
  /** Requests sent, and neither accepted nor refused so far. */
  #unheard = 0
  /** Requests that the server refused because the session is gone; undefined while it is not. */
  #refused: number[] | undefined

  constructor(context: CarrierContext) {
    this.#context = context
  }

  get exists(): boolean {
    return this.#id !== undefined
  }

  /** The session is gone, and the link is about to close. */
  get isEnding(): boolean {
    return this.#refused !== undefined
  }

  negotiated(protocolVersion: string): void {
    if (/^[\x21-\x7e]{1,64}$/.test(protocolVersion)) this.#protocolVersion = protocolVersion
  }

  /** `own` with what belongs to the session. */
  headers(own: Record<string, string>): Record<string, string> {
    const headers = { ...own }
    if (this.#id !== undefined) headers['mcp-session-id'] = this.#id
    if (this.#protocolVersion !== undefined) headers['mcp-protocol-version'] = this.#protocolVersion
    return headers
  }

  /** Keeps the id that the first good answer gives. */
  learn(answer: RemoteAnswer): void {
    const given = answer.headers['mcp-session-id']
    if (this.#id !== undefined || typeof given !== 'string') return
    if (answer.status < 200 || answer.status >= 300) return
    if (!/^[\x21-\x7e]{1,1024}$/.test(given)) {
      this.#context.host.log(
        'The server gave a session id that is not visible ASCII; it is not used.',
      )
      return
    }
    this.#id = given
    this.#context.target.addSecret(given)
  }

  /** Runs what sends a request and hears whether it is accepted. */
  async hearing<T>(send: () => Promise<T>): Promise<T> {
    this.#unheard++
    try {
      return await send()
    } finally {
      this.#unheard--
      if (this.#unheard === 0) this.#finish()
    }
  }

  /**
   * The server has ended the session. `id`: the request that it refused with this news; it was not looked at, so it
   * may be sent to the next session as if it had never been sent. The link closes as soon as the other requests under
   * way have heard the same, so that they may be sent again too.
   */
  ended(id?: number): void {
    const isFirst = this.#refused === undefined
    this.#refused ??= []
    if (id !== undefined) this.#refused.push(id)
    if (isFirst) this.#context.clock.after(lastWordsMs, () => this.#finish())
    if (this.#unheard === 0) this.#finish()
  }

  #finish(): void {
    if (this.#refused === undefined) return
    const { host, target } = this.#context
    host.lost(
      `The server at ${target.label} has ended the session. It may have been restarted, or the session was idle for too long. The next request begins a new one.`,
      this.#refused,
    )
  }
}

/**
 * 404 is what the specification wants for a session that is gone. Many servers made from the SDK's examples answer 400
 * with a JSON-RPC error instead. A 404 may also be the answer to a method that the server does not know.
 */
export function saysSessionGone(status: number, body: Buffer): boolean {
  if (status !== 404 && status !== 400) return false
  const { code, message } = errorIn(body)
  if (status === 404) return code !== -32601
  return (
    (code === -32000 || code === -32001) &&
    typeof message === 'string' &&
    /session|not initialized/i.test(message)
  )
}

/** The error of a JSON-RPC error response; members are missing from anything else. */
function errorIn(body: Buffer): { code?: unknown; message?: unknown } {
  try {
    const parsed: unknown = JSON.parse(body.toString())
    if (typeof parsed !== 'object' || parsed === null || !('error' in parsed)) return {}
    return typeof parsed.error === 'object' && parsed.error !== null ? parsed.error : {}
  } catch {
    return {}
  }
}
