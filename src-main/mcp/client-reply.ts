import type { GatewayError } from '../../src-shared/errors.ts'
import type { Caller, Outgoing, Reply } from './caller.ts'
import { errorBody, errorMessage, resultMessage } from './envelope.ts'
import type { Envelope, RequestEnvelope } from './envelope.ts'
import { member, slice, splice } from './json-spans.ts'
import type { Edit } from './json-spans.ts'

/** The way back for one request: an HTTP response, or a shared pipe. Each array is one message, written in order. */
export interface Channel {
  /** The answer. `error`: made by the gateway, for a carrier that shows it in a status. */
  respond(message: readonly Buffer[], error?: GatewayError): void
  /** Something before the answer; false if this channel cannot carry it. */
  send(message: readonly Buffer[]): boolean
  /** No answer will come: the request was cancelled. */
  abandon(): void
}

/** A client's request with its way back: puts the client's own id into whatever answers it. */
export class ClientReply implements Reply {
  readonly caller: Caller
  readonly request: RequestEnvelope
  readonly #channel: Channel
  readonly #ended: () => void
  #done = false

  constructor(caller: Caller, request: RequestEnvelope, channel: Channel, ended: () => void) {
    this.caller = caller
    this.request = request
    this.#channel = channel
    this.#ended = ended
  }

  get id(): Buffer {
    return slice(this.request.bytes, this.request.id)
  }

  answer(response: Envelope): void {
    if (!this.#end() || !response.id) return
    this.#channel.respond(splice(response.bytes, [{ ...response.id, text: this.id }]))
  }

  /** Answers with a result of the gateway's own; JSON. */
  result(...json: readonly Buffer[]): void {
    if (this.#end()) this.#channel.respond(resultMessage(this.id, json))
  }

  fail(error: GatewayError): void {
    if (this.#end()) this.#channel.respond(errorMessage(this.id, errorBody(error)), error)
  }

  notify(message: readonly Buffer[]): boolean {
    return !this.#done && this.#channel.send(message)
  }

  abandon(): void {
    if (this.#end()) this.#channel.abandon()
  }

  #end(): boolean {
    if (this.#done) return false
    this.#done = true
    this.#ended()
    return true
  }
}

/** The request as it goes to a server, with these rewrites. */
export function outgoing(request: RequestEnvelope, edits: readonly Edit[] = []): Outgoing {
  const { bytes, params } = request
  // A cheap look before the exact one: most requests carry no token.
  const mayHaveToken = params !== undefined && bytes.includes('progressToken', params.start)
  const progressToken = mayHaveToken
    ? member(bytes, member(bytes, params, '_meta'), 'progressToken')
    : undefined
  return { envelope: request, progressToken, edits }
}
