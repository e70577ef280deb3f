import { GatewayError } from '../../src-shared/errors.ts'
import { gatewayCaller } from './caller.ts'
import type { CallHandle, Era, Outgoing, Reply } from './caller.ts'
import type { Envelope } from './envelope.ts'

/** How a call has ended: by what the server has answered, or by an error of the gateway's; undefined: cancelled. */
export type Ending = Envelope | GatewayError | undefined

/** What the owner of a call (a server) is told when it ends. */
export interface CallOwner {
  settled(call: Call, ending: Ending): void
  /**
   * The instance is gone, or the message was not delivered. `reached`: a byte of it may have reached the server.
   * The owner sends it again or calls `call.fail`.
   */
  lost(call: Call, error: GatewayError, reached: boolean): void
}

/** How an upstream lets go of a call whose caller has lost interest. */
interface CallCarrier {
  abandon(call: Call, reason: string | undefined): void
}

/** One request under way, from its arrival to its answer. */
export class Call implements CallHandle {
  readonly outgoing: Outgoing
  readonly reply: Reply
  readonly owner: CallOwner
  /** Of clock.now(). */
  readonly startedAt: number
  /** Where it is now; undefined while it waits for a start. */
  carrier: CallCarrier | undefined
  /** Its id at the server. */
  id = 0
  /** clock.now() at which it times out; moved by progress. */
  deadline = Infinity
  /** How many requests of the server to this call's client are open: a person may be thinking. */
  asking = 0
  /** How often it was sent again. */
  resends = 0
  done = false

  constructor(outgoing: Outgoing, reply: Reply, owner: CallOwner, startedAt: number) {
    this.outgoing = outgoing
    this.reply = reply
    this.owner = owner
    this.startedAt = startedAt
  }

  get method(): string {
    return this.outgoing.envelope.method
  }

  /** Asked by the gateway itself: neither activity nor a request that anybody counts. */
  get internal(): boolean {
    return this.reply.caller === gatewayCaller
  }

  answer(response: Envelope, era: Era): void {
    if (this.done) return
    this.done = true
    this.owner.settled(this, response)
    try {
      this.reply.answer(response, era)
    } catch (error) {
      // What has to be rewritten is read first, and may turn out to be no JSON.
      const why = error instanceof Error ? error.message : String(error)
      this.reply.fail(new GatewayError('server_failed', `The answer cannot be read. ${why}`))
    }
  }

  fail(error: GatewayError): void {
    if (this.done) return
    this.done = true
    this.owner.settled(this, error)
    this.reply.fail(error)
  }

  cancel(reason?: string): void {
    if (this.done) return
    this.done = true
    this.carrier?.abandon(this, reason)
    this.owner.settled(this, undefined)
  }
}

/** `setting`: the limit that was reached. */
export function timeoutError(
  serverId: string,
  method: string,
  ms: number,
  setting: 'request_timeout_seconds' | 'max_request_seconds',
): GatewayError {
  const where = setting === 'request_timeout_seconds' ? ' of this server' : ' in the config'
  return new GatewayError(
    'server_timeout',
    `${serverId} did not answer ${method} within ${Math.round(ms / 1000)} s. It may be stuck or busy. ` +
      `Raise ${setting}${where} if it needs longer.`,
  )
}
