import type { ResumableStream } from './resumable-stream.ts'

/** Bounds on what is kept of event streams for clients that come back. */
export interface EventLimits {
  /** Of one session. */
  sessionEvents: number
  sessionBytes: number
  /** A larger event is sent, but not kept. */
  eventBytes: number
  /** Of all sessions. */
  totalBytes: number
  /** How long a client may be away. */
  keptMs: number
}

const eventLimits: EventLimits = {
  sessionEvents: 256,
  sessionBytes: 4 * 1024 * 1024,
  eventBytes: 2 * 1024 * 1024,
  totalBytes: 64 * 1024 * 1024,
  keptMs: 300_000,
}

/** What an event costs beside its bytes. */
const overheadBytes = 256

export interface KeptEvent {
  readonly stream: ResumableStream
  /** Its place in the stream, from 1. */
  readonly sequence: number
  readonly bytes: Buffer
  /** Of clock.now(). */
  readonly at: number
}

/** The events of one session that a client could still ask for, oldest first. */
export class SessionEvents {
  readonly #store: EventStore
  readonly #events = new Set<KeptEvent>()
  #bytes = 0

  constructor(store: EventStore) {
    this.#store = store
  }

  /** False if it is too large. The oldest go when there are too many. */
  keep(stream: ResumableStream, sequence: number, event: Buffer): boolean {
    const { limits } = this.#store
    if (event.length > limits.eventBytes) return false
    // Copied: a small buffer may be a piece of a larger one, which would be kept with it.
    const bytes = Buffer.allocUnsafeSlow(event.length)
    event.copy(bytes)
    const kept: KeptEvent = { stream, sequence, bytes, at: this.#store.now() }
    this.#events.add(kept)
    this.#bytes += costOf(kept)
    stream.kept++
    this.#store.add(kept, this)
    while (this.#events.size > limits.sessionEvents || this.#bytes > limits.sessionBytes) {
      const [oldest] = this.#events
      if (!oldest) break
      this.drop(oldest)
    }
    return true
  }

  of(stream: ResumableStream): KeptEvent[] {
    return [...this.#events].filter((event) => event.stream === stream)
  }

  drop(event: KeptEvent): void {
    if (!this.#events.delete(event)) return
    this.#bytes -= costOf(event)
    this.#store.delete(event)
    event.stream.kept--
    event.stream.forgetIfEmpty()
  }
}

/** What is kept for all sessions: bounded in bytes and time, the oldest goes first. */
export class EventStore {
  readonly limits: EventLimits
  readonly now: () => number
  readonly #events = new Map<KeptEvent, SessionEvents>()
  #bytes = 0

  constructor(now: () => number, limits: EventLimits = eventLimits) {
    this.now = now
    this.limits = limits
  }

  get bytes(): number {
    return this.#bytes
  }

  add(event: KeptEvent, owner: SessionEvents): void {
    this.#events.set(event, owner)
    this.#bytes += costOf(event)
    while (this.#bytes > this.limits.totalBytes) {
      const [oldest] = this.#events
      if (!oldest) return
      oldest[1].drop(oldest[0])
    }
  }

  delete(event: KeptEvent): void {
    if (this.#events.delete(event)) this.#bytes -= costOf(event)
  }

  /** Drops what nobody has come back for. */
  expire(): void {
    const before = this.now() - this.limits.keptMs
    for (const [event, owner] of this.#events) {
      if (event.at > before) return
      owner.drop(event)
    }
  }
}

function costOf(event: KeptEvent): number {
  return event.bytes.length + overheadBytes
}
