import type { GatewayError } from '../../src-shared/errors.ts'
import type { Caller, Era, Outgoing, Reply } from './caller.ts'
import { bridgeResponse, bridgeResult } from './era-bridge.ts'
import { errorBody, errorMessage, resultMessage } from './envelope.ts'
import type { Envelope, RequestEnvelope } from './envelope.ts'
import { member, slice, splice, stringAt } from './json-spans.ts'
import type { Edit } from './json-spans.ts'
import { isLogLevel } from './log-level.ts'
import { readMeta } from './modern-message.ts'

/** The way back for one request: an HTTP response, or a shared pipe. Each array is one message, written in order. */
export interface Channel {
  /**
   * The answer. `error`: made by the gateway, for a carrier that shows it in a status. `code`: of a JSON-RPC error,
   * for the statuses of 2026-07-28.
   */
  respond(message: readonly Buffer[], error?: GatewayError, code?: number): void
  /** Something before the answer; false if this channel cannot carry it. */
  send(message: readonly Buffer[]): boolean
  /** No answer will come: the request was cancelled. */
  abandon(): void
}

/** A client's request with its way back: puts the client's own id, and the forms of its era, into whatever answers it. */
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

  get root(): Reply {
    return this
  }

  answer(response: Envelope, era: Era): void {
    if (!response.id || this.#done) return
    const to = this.caller.era
    // Before the end: what has to be rewritten may turn out to be no JSON, and then an error is the answer.
    const own =
      era === to
        ? response
        : bridgeResponse(response, this.request.method, to, this.caller.capabilities)
    if (!own.id || !this.#end()) return
    const message = splice(own.bytes, [{ ...own.id, text: this.id }])
    if (to === 'modern' && own.error) this.#channel.respond(message, undefined, errorCode(own))
    else this.#channel.respond(message)
  }

  /** Answers with a result of the gateway's own; JSON, in the form of the client's era. */
  result(...json: readonly Buffer[]): void {
    if (this.#end()) this.#channel.respond(resultMessage(this.id, json))
  }

  /** Answers with a whole result (JSON) that was kept of a server of this era. */
  known(json: Buffer, era: Era): void {
    this.result(bridgeResult(json, this.request.method, era, this.caller.era))
  }

  fail(error: GatewayError): void {
    const body = errorBody(error)
    // 2026-07-28 basic, Error Codes: -32002 must not be emitted any more.
    if (this.caller.era === 'modern' && error.code === 'resource_not_found') body.code = -32602
    if (this.#end()) this.#channel.respond(errorMessage(this.id, body), error, body.code)
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

function errorCode({ bytes, error }: Envelope): number {
  const code = member(bytes, error, 'code')
  return code ? Number(bytes.toString('latin1', code.start, code.end)) : 0
}

/** The request of this caller as it goes to a server, with these rewrites. */
export function outgoing(
  request: RequestEnvelope,
  caller: Caller,
  edits: readonly Edit[] = [],
): Outgoing {
  const { bytes, params } = request
  if (caller.era === 'modern') {
    const meta = readMeta(request)
    const level = stringAt(bytes, meta?.logLevel)
    return {
      envelope: request,
      era: 'modern',
      logLevel: isLogLevel(level) ? level : undefined,
      progressToken: meta?.progressToken,
      edits,
    }
  }
  // A cheap look before the exact one: most requests carry no token.
  const mayHaveToken = params !== undefined && bytes.includes('progressToken', params.start)
  const progressToken = mayHaveToken
    ? member(bytes, member(bytes, params, '_meta'), 'progressToken')
    : undefined
  return { envelope: request, era: 'legacy', logLevel: caller.logLevel, progressToken, edits }
}
