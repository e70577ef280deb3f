import type { ServerResponse } from 'node:http'
import type { GatewayError } from '../../src-shared/errors.ts'
import type { Channel } from '../mcp/client-reply.ts'
import { errorHeaders } from './respond.ts'
import type { ResumableStream } from './resumable-stream.ts'
import { SseResponse } from './sse-response.ts'

/** Below this, one copy is cheaper than several writes. */
const joinBelowBytes = 64 * 1024

/** Answers with one JSON body. */
function sendMessage(
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

/** 2026-07-28 basic/transports/streamable-http: unknown method 404, what is wrong with the request itself 400. */
function modernStatus(error: GatewayError | undefined, code: number): number {
  if (code === -32601 || error?.code === 'server_not_found') return 404
  return error?.code === 'malformed' || (code <= -32020 && code >= -32022) ? 400 : 200
}

export interface HttpChannelOptions {
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
  streams: Set<SseResponse>
  /** Of the request, as JSON. */
  id: Buffer | undefined
  /** Takes up a stream that the client can come back to; undefined where there is no session. */
  resumable: ((connection: SseResponse) => ResumableStream) | undefined
}

/** The way back for one POSTed request: one JSON body, or events as soon as something comes before the answer. */
export class HttpChannel implements Channel {
  readonly #options: HttpChannelOptions
  #stream: SseResponse | ResumableStream | undefined

  constructor(options: HttpChannelOptions) {
    this.#options = options
  }

  respond(message: readonly Buffer[], error?: GatewayError, code = 0): void {
    const { response, headers, statuses, acceptsJson, id } = this.#options
    if (this.#stream || (!acceptsJson && !response.destroyed)) {
      this.send(message, id)
      this.#stream?.end()
    } else if (response.destroyed) return
    else if (statuses === 'modern')
      sendMessage(response, modernStatus(error, code), message, headers)
    else if (error && statuses === 'rest')
      sendMessage(response, error.status, message, { ...headers, ...errorHeaders(error) })
    else sendMessage(response, 200, message, headers)
  }

  /** `answerTo`: the message is the answer to the request with this id (JSON). */
  send(message: readonly Buffer[], answerTo?: Buffer): boolean {
    this.#stream ??= this.#open()
    return this.#stream?.send(message, answerTo) ?? false
  }

  abandon(): void {
    const { response, acceptsEvents, headers, streams } = this.#options
    if (this.#stream) this.#stream.end()
    else if (response.destroyed || response.writableEnded) return
    else if (acceptsEvents) new SseResponse(response, streams, headers).end()
    else response.writeHead(202).end()
  }

  /** A client that is gone before the stream has begun cannot come back to it. */
  #open(): SseResponse | ResumableStream | undefined {
    const { response, acceptsEvents, headers, streams, resumable } = this.#options
    if (!acceptsEvents || response.destroyed) return undefined
    const connection = new SseResponse(response, streams, headers)
    return resumable ? resumable(connection) : connection
  }
}
