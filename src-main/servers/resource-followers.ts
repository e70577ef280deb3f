import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { Caller, CallHandle, Era, Outgoing, Reply } from '../mcp/caller.ts'
import { readEnvelope } from '../mcp/envelope.ts'
import type { Instances } from './instances.ts'
import type { Placement } from './placement.ts'
import type { Preparation } from './preparation.ts'
import type { ServerLists } from './server-lists.ts'
import type { SlotState } from './slot-state.ts'

interface Parts {
  preparation: Preparation
  placement: Placement
  lists: ServerLists
  instances: Instances
  state: SlotState
  send: (outgoing: Outgoing, reply: Reply) => CallHandle
}

/** Who follows which resource of a server: in each era in its own way, and one subscription at the server for all. */
export class ResourceFollowers {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** See Server.subscribe. */
  subscribe(outgoing: Outgoing, uri: string, reply: Reply): CallHandle {
    const { caller, root } = reply
    if (this.#eraFor(caller) !== 'legacy') {
      let isCancelled = false
      this.follow(uri, caller).then(
        () => {
          const answer = readEnvelope(Buffer.from('{"jsonrpc":"2.0","id":0,"result":{}}'))
          if (!isCancelled) reply.answer(answer, 'legacy')
        },
        (error: unknown) => {
          if (!isCancelled) reply.fail(asGatewayError(error))
        },
      )
      return { cancel: () => void (isCancelled = true) }
    }
    return this.#parts.send(outgoing, {
      caller,
      root,
      notify: (bytes) => reply.notify(bytes),
      fail: (error) => reply.fail(error),
      answer: (response, answering) => {
        if (response.result) this.#parts.placement.of(caller).subscriptions.add(uri, caller)
        reply.answer(response, answering)
      },
    })
  }

  /** See Server.follow. */
  async follow(uri: string, caller: Caller): Promise<void> {
    const { instances, placement, preparation, state } = this.#parts
    await preparation.ready()
    const slot = placement.for(caller)
    await instances.up(slot)
    if (caller.isGone) throw new GatewayError('cancelled', 'The session has ended.')
    await state.follow(slot, uri, caller)
  }

  /** See Server.unsubscribe. */
  unsubscribe(uri: string, caller: Caller): boolean {
    const { placement, state } = this.#parts
    const slot = placement.of(caller)
    slot.subscriptions.remove(uri, caller)
    if (this.#eraFor(caller) !== 'modern') return slot.subscriptions.has(uri)
    state.unfollowed(slot, [uri])
    return true
  }

  /** The caller is gone: what it follows, and what it was asked. */
  forget(caller: Caller): void {
    const { placement, state } = this.#parts
    for (const slot of placement.all()) {
      slot.instance?.upstream?.forget(caller)
      const left = slot.subscriptions.forget(caller)
      if (left.length > 0) state.unfollowed(slot, left)
    }
  }

  /** As far as it is known. In 2026-07-28 following a resource is no request. */
  #eraFor(caller: Caller): Era | undefined {
    const { lists, placement } = this.#parts
    return placement.of(caller).instance?.greeting?.era ?? lists.era()
  }
}
