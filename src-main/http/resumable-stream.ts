import { GatewayError } from '../../src-shared/errors.ts'
import { errorBody, errorMessage } from '../mcp/envelope.ts'
import type { SessionEvents } from './event-store.ts'
import { formatEvent } from './sse-response.ts'
import type { SseResponse } from './sse-response.ts'

/** What a client waits before it comes back. */
const retryMs = 1_000

/**
 * One event stream of a session, which may outlive its connections (2025-11-25 basic/transports, Resumability and
 * Redelivery): the answer to a POST, or the session's stream of GET.
 */
export class ResumableStream {
  /** Within its session. */
  readonly name: string
  /** How many of its events can be asked for; counted by who keeps them. */
  kept = 0
  readonly #events: SessionEvents
  readonly #forget: () => void
  #connection: SseResponse | undefined
  #sequence = 0
  #isEnded = false

  constructor(name: string, events: SessionEvents, forget: () => void) {
    this.name = name
    this.#events = events
    this.#forget = forget
  }

  get isConnected(): boolean {
    return this.#connection?.isOpen === true
  }

  /** The first connection. `primed`: the client expects an event with an id and without data. */
  open(connection: SseResponse, primed: boolean): void {
    this.#connection = connection
    if (primed) connection.write(Buffer.from(`id: ${this.name}-0\nretry: ${retryMs}\ndata: \n\n`))
  }

  /** Another connection takes over: it gets what came after `sequence`, and all that comes. */
  resume(connection: SseResponse, sequence: number): void {
    this.#connection?.end()
    this.#connection = connection
    this.replay(sequence, (event) => connection.write(event))
    if (this.#isEnded) connection.end()
  }

  /** What is kept of what came after `sequence`, in order. */
  replay(sequence: number, write: (event: Buffer) => void): void {
    for (const event of this.#events.of(this)) if (event.sequence > sequence) write(event.bytes)
  }

  /**
   * One message; kept while the client is away. False once the stream has ended. `answerTo`: the message is the answer
   * to the request with this id (JSON); if it is too large to be kept, the client that comes back is told so.
   */
  send(message: readonly Buffer[], answerTo?: Buffer): boolean {
    if (this.#isEnded) return false
    const sequence = ++this.#sequence
    const id = `${this.name}-${sequence}`
    const event = formatEvent(message, id)
    if (!this.#events.keep(this, sequence, event) && answerTo) {
      const lost = errorMessage(answerTo, errorBody(lostAnswer(event.length)))
      this.#events.keep(this, sequence, formatEvent(lost, id))
    }
    this.#connection?.write(event)
    return true
  }

  /** Nothing more will come. What was sent can be asked for until it is dropped. */
  end(): void {
    this.#isEnded = true
    this.#connection?.end()
    this.forgetIfEmpty()
  }

  /** Ends it, and nobody can come back to it. */
  discard(): void {
    this.end()
    for (const event of this.#events.of(this)) this.#events.drop(event)
  }

  forgetIfEmpty(): void {
    if (this.#isEnded && this.kept === 0) this.#forget()
  }
}

function lostAnswer(bytes: number): GatewayError {
  return new GatewayError(
    'server_failed',
    `The answer (${bytes} bytes) came while the client was not connected, and is too large to be kept. Send the request again.`,
  )
}
