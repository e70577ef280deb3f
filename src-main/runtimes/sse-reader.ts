import type { createParser, EventSourceParser } from 'eventsource-parser'

/** eventsource-parser's constructor: loaded by whoever opens the first remote server. */
export type CreateSseParser = typeof createParser

/** One event of an event stream. */
interface SseEvent {
  /** `message` if the server named none. */
  type: string
  /** The bytes that came. */
  data: Buffer
}

export interface SseReaderEvents {
  event(event: SseEvent): void
  /** An event over the limit was skipped; `tail` is the end of its text. The stream goes on behind it. */
  tooLarge(tail: Buffer): void
}

const LF = 0x0a
const CR = 0x0d
const tailBytes = 80
const bufferSlackBytes = 1024
const minReconnectMs = 10

/**
 * Reads an event stream (HTML, "Server-sent events") as bytes. The text goes through the parser as Latin-1, one
 * character a byte: all that it looks for is ASCII, and what comes out is byte for byte what came in.
 */
export class SseReader {
  /** For `Last-Event-ID`; undefined while the server has given none. */
  lastEventId: string | undefined
  /** From the last `retry:` field, in milliseconds. */
  retryMs: number | undefined
  /** Events seen so far, those without data included. */
  count = 0
  readonly #parser: EventSourceParser
  readonly #events: SseReaderEvents
  #overflowed = false
  /** What the parser was fed last: a line end may lie between two chunks. */
  #lastByte: Buffer = Buffer.alloc(0)
  /** While an event that is too large is skipped. */
  #skip: EmptyLineSearch | undefined

  constructor(create: CreateSseParser, maxEventBytes: number, events: SseReaderEvents) {
    this.#events = events
    this.#parser = create({
      // With room for the field names that are counted along; the limit itself is checked at the event.
      maxBufferSize: maxEventBytes + bufferSlackBytes,
      onEvent: ({ id, event, data }) => {
        this.count++
        // What no header can hold cannot be sent back either.
        if (id !== undefined)
          this.lastEventId = /^[\t\x20-\x7e\x80-\xff]+$/.test(id) ? id : undefined
        if (data.length > maxEventBytes)
          events.tooLarge(Buffer.from(data.slice(-tailBytes), 'latin1'))
        else events.event({ type: event ?? 'message', data: Buffer.from(data, 'latin1') })
      },
      onRetry: (ms) => {
        this.retryMs = ms
      },
      onError: (error) => {
        if (error.type === 'max-buffer-size-exceeded') this.#overflowed = true
      },
    })
  }

  /**
   * How long to wait before the stream is opened again for the nth time in a row (from 0) without anything new on it:
   * what the server asked for, else `defaultMs`, doubled each time up to 32 times as much.
   */
  reconnectDelayMs(attempt: number, defaultMs: number): number {
    return Math.max(this.retryMs ?? defaultMs, minReconnectMs) * 2 ** Math.min(attempt, 5)
  }

  /** A new connection continues the stream: what was begun on the old one is dropped. */
  restart(): void {
    this.#parser.reset()
    this.#skip = undefined
    this.#overflowed = false
    this.#lastByte = Buffer.alloc(0)
  }

  /** An event has gone over the limit, and its end has not come yet. */
  get isSkipping(): boolean {
    return this.#skip !== undefined
  }

  push(chunk: Buffer): void {
    let rest = chunk
    if (this.#skip !== undefined) {
      const end = this.#skip.find(chunk)
      if (end === undefined) return
      this.#drop(this.#skip.tail)
      rest = chunk.subarray(end)
    }
    if (rest.length === 0) return
    this.#parser.feed(rest.toString('latin1'))
    const before = Buffer.concat([this.#lastByte, rest.subarray(-tailBytes)])
    this.#lastByte = Buffer.from(rest.subarray(-1))
    if (!this.#overflowed) return
    this.#overflowed = false
    this.#parser.reset()
    // The parser waits behind a carriage return for a line feed: its event may have ended all the same.
    if (/[\r\n]\r$/.test(before.toString('latin1'))) this.#drop(before)
    else this.#skip = new EmptyLineSearch(before)
  }

  #drop(tail: Buffer): void {
    this.#skip = undefined
    this.count++
    this.#events.tooLarge(tail)
  }
}

/** Looks for the empty line that ends an event, whichever of the three line ends the stream uses. */
class EmptyLineSearch {
  /** The last bytes before the place reached so far. */
  tail: Buffer
  #lineIsEmpty: boolean
  #afterCarriageReturn: boolean

  /** `before`: what precedes the bytes to be searched. */
  constructor(before: Buffer) {
    const last = before.at(-1)
    this.tail = Buffer.from(before.subarray(-tailBytes))
    this.#lineIsEmpty = last === LF || last === CR
    this.#afterCarriageReturn = last === CR
  }

  /** The position behind the empty line, or undefined if it is not in this chunk. */
  find(chunk: Buffer): number | undefined {
    for (let i = 0; i < chunk.length; i++) {
      const c = chunk[i]
      const completesPair = c === LF && this.#afterCarriageReturn
      this.#afterCarriageReturn = c === CR
      if (completesPair) continue
      if (c !== LF && c !== CR) this.#lineIsEmpty = false
      else if (this.#lineIsEmpty) {
        this.#keep(chunk.subarray(0, i))
        // The line feed of a CR LF pair is left to the parser: an empty line between events means nothing.
        return i + 1
      } else this.#lineIsEmpty = true
    }
    this.#keep(chunk)
    return undefined
  }

  #keep(bytes: Buffer): void {
    this.tail = Buffer.concat([this.tail, bytes.subarray(-tailBytes)]).subarray(-tailBytes)
  }
}
