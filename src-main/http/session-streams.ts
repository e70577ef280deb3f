import { randomBytes } from 'node:crypto'
import { GatewayError } from '../../src-shared/errors.ts'
import { SessionEvents } from './event-store.ts'
import type { EventStore } from './event-store.ts'
import { ResumableStream } from './resumable-stream.ts'

/** A place in a stream, named by the id of an event. */
export interface StreamPlace {
  stream: ResumableStream
  /** Of the last event that the client has. */
  sequence: number
}

const idPattern = /^([A-Za-z0-9_]+)-([gp]\d{1,9})-(\d{1,15})$/

/** The event streams of one session that a client can come back to. Ids of events: `<session's tag>-<stream>-<number>`. */
export class SessionStreams {
  readonly #events: SessionEvents
  readonly #streams = new Map<string, ResumableStream>()
  /** Not the session's id: that opens more than these streams. Made when the first stream is. */
  #tag = ''
  #next = 1

  constructor(store: EventStore) {
    this.#events = new SessionEvents(store)
  }

  /** `g`: the stream of a GET; `p`: the answer to a POST. */
  create(kind: 'g' | 'p'): ResumableStream {
    this.#tag ||= randomBytes(6).toString('hex')
    const name = `${this.#tag}-${kind}${this.#next++}`
    const stream = new ResumableStream(name, this.#events, () => this.#streams.delete(name))
    this.#streams.set(name, stream)
    return stream
  }

  /**
   * The place that a `Last-Event-ID` names. Undefined if it means nothing here (2025-11-25: a server MAY use the header):
   * it is of another session, or of a stream that another has replaced. Throws `bad_request` for an answer that is not
   * kept any more: a stream without it would let the client wait for ever.
   */
  find(lastEventId: string): StreamPlace | undefined {
    const [, tag, stream, sequence] = idPattern.exec(lastEventId) ?? []
    if (tag === undefined || tag !== this.#tag || stream === undefined) return undefined
    const found = this.#streams.get(`${tag}-${stream}`)
    if (found) return { stream: found, sequence: Number(sequence) }
    if (stream.startsWith('g')) return undefined
    throw new GatewayError(
      'bad_request',
      'The stream of this Last-Event-ID has ended, and its events are not kept any more. Send the request again.',
    )
  }

  /** The session has ended. */
  close(): void {
    for (const stream of this.#streams.values()) stream.discard()
  }
}
