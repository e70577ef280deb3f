import { randomUUID } from 'node:crypto'
import { GatewayError } from '../../src-shared/errors.ts'
import type { CallHandle } from './caller.ts'
import type { Channel } from './client-reply.ts'
import { errorBody, errorMessage, idText, isRequest } from './envelope.ts'
import type { Envelope, RequestEnvelope } from './envelope.ts'
import { member, slice } from './json-spans.ts'
import type { ModernEndpoint, RequestContext } from './modern-endpoint.ts'
import { mayBeModern, readMeta } from './modern-message.ts'

/** Requests that one pipe may have under way at once. */
const maxOpen = 1_000

/** The requests of 2026-07-28 that are under way on one pipe, where a cancellation is a message. */
export class PipeRequests {
  readonly #endpoint: ModernEndpoint
  readonly #context: RequestContext & { connection: string }
  /** By id; undefined while a request is being handed over. */
  readonly #handles = new Map<string, CallHandle | undefined>()

  constructor(
    endpoint: ModernEndpoint,
    { principal, serverId, client }: Omit<RequestContext, 'connection'>,
  ) {
    this.#endpoint = endpoint
    this.#context = { principal, serverId, client, connection: randomUUID() }
  }

  /** False if the message is of a session: the two eras are told apart by the message itself. */
  receive(envelope: Envelope, channel: Channel): boolean {
    if (isRequest(envelope)) {
      if (!mayBeModern(envelope) || !readMeta(envelope)?.protocolVersion) return false
      this.#request(envelope, channel)
      return true
    }
    if (envelope.method !== 'notifications/cancelled') return false
    const { bytes, params } = envelope
    const at = member(bytes, params, 'requestId')
    const handle = at && this.#handles.get(bytes.toString('latin1', at.start, at.end))
    handle?.cancel('The client has cancelled the request.')
    return handle !== undefined
  }

  #request(request: RequestEnvelope, channel: Channel): void {
    const id = idText(request)
    const refusal = this.#handles.has(id)
      ? new GatewayError('bad_request', `A request with the id ${id} is still under way.`)
      : this.#handles.size >= maxOpen
        ? new GatewayError('too_many', `This client has ${maxOpen} requests under way.`)
        : undefined
    if (refusal) {
      channel.respond(errorMessage(slice(request.bytes, request.id), errorBody(refusal)), refusal)
      return
    }
    this.#handles.set(id, undefined)
    const ended = (): void => void this.#handles.delete(id)
    const handle = this.#endpoint.request(request, this.#context, channel, undefined, ended)
    if (this.#handles.has(id)) this.#handles.set(id, handle)
  }

  close(): void {
    for (const handle of this.#handles.values()) handle?.cancel('The client has gone.')
    this.#handles.clear()
    this.#endpoint.left(this.#context.connection)
  }
}
