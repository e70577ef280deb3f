import type { ServerResponse } from 'node:http'
import type { GatewayError } from '../../src-shared/errors.ts'
import type { Channel } from '../mcp/client-reply.ts'
import { onOneLine } from '../mcp/envelope.ts'
import { errorHeaders } from './respond.ts'

/** More than this waiting for a client that does not read ends its stream. */
const maxUnreadBytes = 64 * 1024 * 1024
/** Below this, one copy is cheaper than several writes. */
const joinBelowBytes = 64 * 1024

const eventStart = Buffer.from('event: message\ndata: ')
const eventEnd = Buffer.from('\n\n')

/** Answers with one JSON body. */
export function sendMessage(
  response: ServerResponse,
  status: number,
  chunks: readonly Buffer[],
  headers: Record<string, string> = {},
): void {
  let length = 0
  for (const chunk of chunks) length += chunk.length
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': length,
    ...headers,
  })
  if (length < joinBelowBytes) {
    response.end(Buffer.concat(chunks, length))
    return
  }
  for (const chunk of chunks) response.write(chunk)
  response.end()
}

/** Server-sent events on one response. */
export class EventStream {
  readonly #response: ServerResponse

  constructor(response: ServerResponse, headers: Record<string, string> = {}) {
    this.#response = response
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      // nginx would hold events back.
      'x-accel-buffering': 'no',
      ...headers,
    })
    response.flushHeaders()
  }

  /** One message as one event; false if the client is gone. */
  send(message: readonly Buffer[]): boolean {
    if (this.#response.destroyed || this.#response.writableEnded) return false
    if (this.#response.writableLength > maxUnreadBytes) {
      this.#response.destroy()
      return false
    }
    this.#response.write(Buffer.concat([eventStart, ...message.map(onOneLine), eventEnd]))
    return true
  }

  /** Keeps proxies from closing a quiet stream. */
  beat(): void {
    if (this.#response.writableLength === 0 && !this.#response.writableEnded)
      this.#response.write(': \n\n')
  }

  end(): void {
    this.#response.end()
  }
}

/** 2026-07-28 basic/transports/streamable-http: unknown method 404, what is wrong with the request itself 400. */
function modernStatus(error: GatewayError | undefined, code: number): number {
  if (code === -32601 || error?.code === 'server_not_found') return 404
  return error?.code === 'malformed' || (code <= -32020 && code >= -32022) ? 400 : 200
}

interface HttpChannelOptions {
  response: ServerResponse
  acceptsEvents: boolean
  acceptsJson: boolean
  headers: Record<string, string>
  /**
   * What becomes of the status: `rest`, errors of the gateway are told by it; `legacy`, clients want 200 and the error
   * in the body; `modern`, the errors that the spec names have theirs.
   */
  statuses: 'rest' | 'legacy' | 'modern'
  /** Streams that are kept alive. */
  streams: Set<EventStream>
}

/** The way back for one POSTed request: one JSON body, or events as soon as something comes before the answer. */
export class HttpChannel implements Channel {
  readonly #options: HttpChannelOptions
  #stream: EventStream | undefined

  constructor(options: HttpChannelOptions) {
    this.#options = options
  }

  respond(message: readonly Buffer[], error?: GatewayError, code = 0): void {
    const { response, headers, statuses, acceptsJson } = this.#options
    if (response.destroyed) return
    if (this.#stream || !acceptsJson) {
      this.send(message)
      this.#end()
    } else if (statuses === 'modern')
      sendMessage(response, modernStatus(error, code), message, headers)
    else if (error && statuses === 'rest')
      sendMessage(response, error.status, message, { ...headers, ...errorHeaders(error) })
    else sendMessage(response, 200, message, headers)
  }

  send(message: readonly Buffer[]): boolean {
    const { response, acceptsEvents, headers, streams } = this.#options
    if (!acceptsEvents || response.destroyed) return false
    if (!this.#stream) {
      const stream = new EventStream(response, headers)
      this.#stream = stream
      streams.add(stream)
      response.on('close', () => streams.delete(stream))
    }
    return this.#stream.send(message)
  }

  abandon(): void {
    const { response, acceptsEvents, headers } = this.#options
    if (response.destroyed || response.writableEnded) return
    if (this.#stream) this.#end()
    else if (acceptsEvents) new EventStream(response, headers).end()
    else response.writeHead(202).end()
  }

  #end(): void {
    this.#stream?.end()
  }
}
