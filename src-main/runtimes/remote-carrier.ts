import type { GatewayError } from '../../src-shared/errors.ts'
import { idText, readEnvelope, type Envelope } from '../mcp/envelope.ts'
import { arrayItems, skipWhitespace, slice } from '../mcp/json-spans.ts'
import type { Clock } from '../servers/clock.ts'
import type { RemoteClient } from './remote-exchange.ts'
import type { RemoteTarget } from './remote-target.ts'
import type { RequestHeaders } from './runtime.ts'
import type { CreateSseParser } from './sse-reader.ts'

/** One message on its way to the server. */
export interface Outgoing {
  readonly chunks: readonly Buffer[]
  /** Of requests only. */
  readonly id: number | undefined
  /** Only a request of 2026-07-28 has any. */
  readonly headers: RequestHeaders | undefined
}

/** What a carrier tells the link; the link passes it on while it is open. */
export interface CarrierHost {
  message(bytes: Buffer, relatedTo?: number): void
  failed(id: number, error: GatewayError, reached: boolean): void
  /**
   * The conversation is over, and a new link is needed. `refused`: requests that the server did not take for this
   * reason; they and all that were not sent yet are told as not having reached it.
   */
  lost(message: string, refused?: readonly number[]): void
  log(text: string): void
}

/** One of the two HTTP transports. */
export interface Carrier {
  send(message: Outgoing): void
  negotiated(protocolVersion: string): void
  forget(id: number): void
  /** Requests of which no byte was sent so far. */
  unsent(): number[]
  /** Aborts whatever is under way; nothing is told to the host any more. */
  abort(): void
  /** Tells the server that the conversation is over, if that can be told. At most `maxMs`. */
  sayGoodbye(maxMs: number): Promise<void>
}

/** What both carriers need. */
export interface CarrierContext {
  readonly target: RemoteTarget
  readonly client: RemoteClient
  readonly host: CarrierHost
  readonly clock: Clock
  readonly createSseParser: CreateSseParser
  readonly maxConnections: number
  readonly maxMessageBytes: number
  /** How long an old HTTP+SSE server may take to name its endpoint. */
  readonly endpointTimeoutMs: number
  /** Before a broken stream is opened again; doubled each time in a row. `retry:` takes its place. */
  readonly reconnectMs: number
}

/** The messages of a body or an event: a JSON array is a batch (MCP 2025-03-26), cut by byte positions. */
export function messagesIn(bytes: Buffer): Buffer[] {
  const start = skipWhitespace(bytes, 0)
  if (start === bytes.length) return []
  if (bytes[start] !== 0x5b) return [bytes]
  try {
    return arrayItems(bytes, start).map((item) => slice(bytes, item))
  } catch {
    // Not ours to judge: the owner says that it is no JSON.
    return [bytes]
  }
}

export function envelopeOf(bytes: Buffer): Envelope | undefined {
  try {
    return readEnvelope(bytes)
  } catch {
    return undefined
  }
}

/** The number of the request that this message answers; undefined if it is no answer, or not to a number. */
export function answeredId(bytes: Buffer): number | undefined {
  const envelope = envelopeOf(bytes)
  if (envelope?.kind !== 'response' || envelope.id === undefined) return undefined
  const id = Number(idText(envelope))
  return Number.isNaN(id) ? undefined : id
}

/** The method of a request or notification; '' for a response and for what cannot be read. */
export function methodOf(message: Outgoing): string {
  const [only] = message.chunks
  const bytes =
    message.chunks.length === 1 && only !== undefined ? only : Buffer.concat(message.chunks)
  return envelopeOf(bytes)?.method ?? ''
}

/** Resolves after `ms`, or at once when the signal fires. */
export function delay(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(ms, done)
    signal.addEventListener('abort', done, { once: true })
  })
}

/** `application/json` of `application/json; charset=utf-8`. */
export function mediaType(contentType: string | undefined): string {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

export const bothTypes = 'application/json, text/event-stream'
export const eventStream = 'text/event-stream'
