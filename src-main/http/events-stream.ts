import type { ServerResponse } from 'node:http'
import { GatewayError } from '../../src-shared/errors.ts'
import { safeHeaders } from './respond.ts'

export interface EventStreamLimits {
  /** Keeps proxies from closing a silent stream, and finds out that a client is gone. */
  heartbeatMs: number
  /** A reader with more than this unread is dropped; it may come back. */
  maxBacklogBytes: number
  maxStreams: number
}

const defaultStreamLimits: EventStreamLimits = {
  heartbeatMs: 25_000,
  maxBacklogBytes: 1024 * 1024,
  maxStreams: 100,
}

/** Opens SSE answers, not too many of them. */
export class EventStreams {
  readonly #limits: EventStreamLimits
  #open = 0

  constructor(limits: Partial<EventStreamLimits> = {}) {
    this.#limits = { ...defaultStreamLimits, ...limits }
  }

  /** Begins the answer. Throws `too_many`. */
  open(response: ServerResponse): EventStream {
    if (this.#open >= this.#limits.maxStreams) {
      throw new GatewayError(
        'too_many',
        `${this.#open} event streams are open, which is the limit. Close some, then try again.`,
        { retryAfterSeconds: 10 },
      )
    }
    this.#open++
    response.on('close', () => this.#open--)
    return new EventStream(response, this.#limits)
  }
}

/** One SSE answer. It never waits for its reader. */
export class EventStream {
  readonly #response: ServerResponse
  readonly #maxBacklogBytes: number

  constructor(
    response: ServerResponse,
    limits: Pick<EventStreamLimits, 'heartbeatMs' | 'maxBacklogBytes'>,
  ) {
    this.#response = response
    this.#maxBacklogBytes = limits.maxBacklogBytes
    response.writeHead(200, {
      ...safeHeaders,
      'content-type': 'text/event-stream',
      // nginx would collect the events otherwise.
      'x-accel-buffering': 'no',
    })
    response.on('error', () => {})
    this.#write('retry: 2000\n\n')
    const heartbeat = setInterval(() => this.#write(': still here\n\n'), limits.heartbeatMs)
    heartbeat.unref()
    response.on('close', () => clearInterval(heartbeat))
  }

  /** True while the reader has not taken what was written; `onDrain` tells when it has. */
  get isFull(): boolean {
    return this.#response.writableNeedDrain
  }

  /** `data` goes out as JSON. A reader that is too far behind loses its connection. */
  send(event: string, data: unknown, id?: number): void {
    const idLine = id === undefined ? '' : `id: ${id}\n`
    this.#write(`event: ${event}\n${idLine}data: ${JSON.stringify(data)}\n\n`)
  }

  onDrain(fn: () => void): void {
    this.#response.on('drain', fn)
  }

  /** At once if the client has gone already. */
  onClose(fn: () => void): void {
    if (this.#response.destroyed) fn()
    else this.#response.on('close', fn)
  }

  close(): void {
    this.#response.end()
  }

  #write(text: string): void {
    const response = this.#response
    if (response.destroyed || response.writableEnded) return
    response.write(text)
    if (response.writableLength > this.#maxBacklogBytes) response.destroy()
  }
}
