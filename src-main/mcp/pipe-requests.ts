import type { CallHandle } from './caller.ts'
import type { Channel } from './client-reply.ts'
import { idText, isRequest } from './envelope.ts'
import type { Envelope } from './envelope.ts'
import { member } from './json-spans.ts'
import type { ModernEndpoint } from './modern-endpoint.ts'
import { mayBeModern, readMeta } from './modern-message.ts'

/** The requests of 2026-07-28 that are under way on one pipe, where a cancellation is a message. */
export class PipeRequests {
  readonly #endpoint: ModernEndpoint
  readonly #context: { principal: string; serverId?: string | undefined }
  readonly #handles = new Map<string, CallHandle>()

  constructor(
    endpoint: ModernEndpoint,
    context: { principal: string; serverId?: string | undefined },
  ) {
    this.#endpoint = endpoint
    this.#context = context
  }

  /** False if the message is of a session: the two eras are told apart by the message itself. */
  receive(envelope: Envelope, channel: Channel): boolean {
    if (isRequest(envelope)) {
      if (!mayBeModern(envelope) || !readMeta(envelope)?.protocolVersion) return false
      const id = idText(envelope)
      const ended = (): void => void this.#handles.delete(id)
      let isOver = false
      const handle = this.#endpoint.request(envelope, this.#context, channel, undefined, () => {
        isOver = true
        ended()
      })
      if (!isOver) this.#handles.set(id, handle)
      return true
    }
    if (envelope.method !== 'notifications/cancelled') return false
    const { bytes, params } = envelope
    const at = member(bytes, params, 'requestId')
    const handle = at && this.#handles.get(bytes.toString('latin1', at.start, at.end))
    handle?.cancel('The client has cancelled the request.')
    return handle !== undefined
  }

  close(): void {
    for (const handle of this.#handles.values()) handle.cancel('The client has gone.')
    this.#handles.clear()
  }
}
