import type { ServerResponse } from 'node:http'
import { onOneLine } from '../mcp/envelope.ts'

/** More than this waiting for a client that does not read ends its stream. */
const maxUnreadBytes = 64 * 1024 * 1024

const eventStart = Buffer.from('event: message\n')
const dataStart = Buffer.from('data: ')
const eventEnd = Buffer.from('\n\n')

/** One message as one event. `id`: what a client names to get what came after it. */
export function formatEvent(message: readonly Buffer[], id?: string): Buffer {
  const idLine = id === undefined ? [] : [Buffer.from(`id: ${id}\n`, 'latin1')]
  return Buffer.concat([eventStart, ...idLine, dataStart, ...message.map(onOneLine), eventEnd])
}

/** One HTTP response that carries server-sent events. */
export class SseResponse {
  readonly #response: ServerResponse

  /** `streams`: those that are kept alive; it is one of them until it closes. */
  constructor(
    response: ServerResponse,
    streams: Set<SseResponse>,
    headers: Record<string, string> = {},
  ) {
    this.#response = response
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      // nginx would hold events back.
      'x-accel-buffering': 'no',
      ...headers,
    })
    response.flushHeaders()
    streams.add(this)
    response.on('close', () => streams.delete(this))
  }

  get isOpen(): boolean {
    return !this.#response.destroyed && !this.#response.writableEnded
  }

  /** One message as one event; false if the client is gone. */
  send(message: readonly Buffer[]): boolean {
    return this.isOpen && this.write(formatEvent(message))
  }

  /** An event as it is; false if the client is gone. */
  write(event: Buffer): boolean {
    if (!this.isOpen) return false
    if (this.#response.writableLength > maxUnreadBytes) {
      this.#response.destroy()
      return false
    }
    this.#response.write(event)
    return true
  }

  /** Keeps proxies from closing a quiet stream. */
  beat(): void {
    if (this.#response.writableLength === 0 && this.isOpen) this.#response.write(': \n\n')
  }

  end(): void {
    this.#response.end()
  }
}
