import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../../src-shared/errors.ts'
import type { ClientSession } from '../mcp/client-session.ts'
import type { Sessions } from '../mcp/sessions.ts'
import type { Clock } from '../servers/clock.ts'
import { EventStore } from './event-store.ts'
import type { ResumableStream } from './resumable-stream.ts'
import { SessionStreams } from './session-streams.ts'

/** A session without a stream or a call for this long has been left behind. */
const sessionIdleMs = 8 * 3_600_000
/** When the gateway is full, sessions this idle make room. */
const evictIdleMs = 300_000
/** Its streams begin with an event that has an id only, so that a client can always come back. */
const primedVersion = '2025-11-25'

export interface HttpSession {
  session: ClientSession
  principal: string
  serverId: string | undefined
  streams: SessionStreams
  /** That of GET, also while it is interrupted. */
  listening: ResumableStream | undefined
  /** Of clock.now(). */
  usedAt: number
}

/** Whose request it is, and for which server; none: all as one. */
export interface Context {
  serverId?: string
  principal: string
  /** The id of the client whose token it is. */
  client?: string
}

/** The sessions that clients have opened over HTTP, by the id in their headers (2025-11-25 basic/transports). */
export class HttpSessions {
  readonly #sessions: Sessions
  readonly #clock: Clock
  readonly #entries = new Map<string, HttpSession>()
  readonly #events: EventStore

  constructor(sessions: Sessions, clock: Clock) {
    this.#sessions = sessions
    this.#clock = clock
    this.#events = new EventStore(() => clock.now())
  }

  open(context: Context): HttpSession {
    if (this.#sessions.isFull) this.#evict(evictIdleMs)
    const session = this.#sessions.open(context)
    const entry: HttpSession = {
      session,
      principal: context.principal,
      serverId: context.serverId,
      streams: new SessionStreams(this.#events),
      listening: undefined,
      usedAt: this.#clock.now(),
    }
    this.#entries.set(session.key, entry)
    session.onEnd = () => {
      this.#entries.delete(session.key)
      entry.streams.close()
    }
    return entry
  }

  /** The session that the header names, if it is this caller's and of this endpoint. Throws GatewayError. */
  find(request: IncomingMessage, context: Context): HttpSession {
    const id = request.headers['mcp-session-id']
    // No stream and nothing to delete without a session (2026-07-28 basic/transports/streamable-http, Earlier Revisions).
    if (typeof id !== 'string' && request.method !== 'POST')
      throw new GatewayError(
        'method_not_allowed',
        'GET and DELETE are for sessions: send Mcp-Session-Id.',
      )
    if (typeof id !== 'string')
      throw new GatewayError(
        'bad_request',
        'The header Mcp-Session-Id is missing. Send `initialize` first, or put `server_id` into the body for a single call.',
      )
    const entry = this.#entries.get(id)
    if (!entry || entry.principal !== context.principal || entry.serverId !== context.serverId)
      throw sessionNotFound()
    return entry
  }

  touch(entry: HttpSession): void {
    entry.usedAt = this.#clock.now()
  }

  /** Ends what was left behind; to be called now and then. */
  expire(): void {
    this.#events.expire()
    this.#evict(sessionIdleMs)
  }

  #evict(idleMs: number): void {
    const before = this.#clock.now() - idleMs
    for (const { session, listening, usedAt } of this.#entries.values())
      if (!listening?.isConnected && session.openCalls === 0 && usedAt <= before)
        this.#sessions.close(session)
  }
}

/** 2025-11-25 basic/transports, Sending Messages to the Server: older clients take an event without data for a message. */
export function isPrimed({ session }: HttpSession): boolean {
  return session.protocolVersion === primedVersion
}

export function sessionNotFound(): GatewayError {
  return new GatewayError(
    'session_not_found',
    'This session is not known here. Send `initialize` to start a new one.',
  )
}
