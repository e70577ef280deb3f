import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import { Call } from '../mcp/call.ts'
import type { CallOwner, Ending } from '../mcp/call.ts'
import type { Caller, CallHandle, Outgoing, Reply } from '../mcp/caller.ts'
import type { ToolGate } from '../mcp/tool-filter.ts'
import type { LatencyWindow } from '../telemetry/latency.ts'
import type { Instances } from './instances.ts'
import type { Placement } from './placement.ts'
import type { Preparation } from './preparation.ts'
import { reworded } from './reworded-error.ts'
import type { ServerOptions } from './server-options.ts'
import { linkedReply } from './sign-in-reply.ts'
import type { SlotState } from './slot-state.ts'
import { deniedTool, filteredReply } from './tool-gate.ts'

interface Parts {
  serverId: string
  options: ServerOptions
  preparation: Preparation
  placement: Placement
  instances: Instances
  state: SlotState
  /** Which tools this caller may use; undefined: all. */
  access: (caller: Caller) => ToolGate | undefined
  /** A call is on its way to an instance. */
  woken: () => void
}

/** Requests that change nothing: sent once more after a crash (product 3, Retries). */
const repeatable =
  /^(?:.+\/(?:list|get|read|complete)|resources\/(?:templates\/list|subscribe|unsubscribe)|logging\/setLevel|ping)$/

/** A call that reached nobody may be sent again more often than one that may have had an effect. */
const maxUnreachedResends = 5

/** The requests of clients on their way to a server: each is sent, counted, and sent again where that does no harm. */
export class ServerCalls implements CallOwner {
  requestCount = 0
  errorCount = 0
  lastActivityWall: number | undefined
  readonly #parts: Parts
  #latency: LatencyWindow | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Milliseconds over the last calls. */
  get latencyMs(): { p50: number | null; p95: number | null } {
    return { p50: this.#latency?.p50() ?? null, p95: this.#latency?.p95() ?? null }
  }

  send(outgoing: Outgoing, reply: Reply): CallHandle {
    const { options, placement, preparation, serverId, state } = this.#parts
    const access = this.#parts.access(reply.caller)
    const linked = linkedReply(reply, serverId, () => options.signIn?.(serverId))
    const gated = access ? filteredReply(access, outgoing, linked) : linked
    const call = new Call(outgoing, gated, this, options.clock.now())
    this.requestCount++
    if (outgoing.era === 'modern' && outgoing.logLevel !== undefined)
      state.wantLogLevel(placement.of(reply.caller), outgoing.logLevel)
    const denied = access && deniedTool(access, outgoing)
    if (denied) call.fail(denied)
    else if (preparation.current) this.#dispatch(call)
    else void preparation.ready().then(() => this.#dispatch(call))
    return call
  }

  notify(caller: Caller, bytes: readonly Buffer[]): void {
    const { instance, owner } = this.#parts.placement.of(caller)
    if (owner && instance?.phase === 'ready') instance.upstream?.notify(bytes)
  }

  settled(call: Call, ending: Ending): void {
    const { instances, options, placement, serverId } = this.#parts
    const { clock, createLatency, history } = options
    const now = clock.now()
    const durationMs = now - call.startedAt
    const isError = ending instanceof GatewayError || ending?.error !== undefined
    call.reply.caller.permissions?.settled(isError)
    if (isError) this.errorCount++
    else (this.#latency ??= createLatency()).record(durationMs)
    history?.record(serverId, call, ending, durationMs)
    this.lastActivityWall = clock.wall()
    const { instance } = placement.of(call.reply.caller)
    if (instance) instance.lastActivity = now
    for (const leaving of instances.ending) leaving.settled()
  }

  lost(call: Call, error: GatewayError, reached: boolean): void {
    if (call.done) return
    const mayRepeat = !reached || repeatable.test(call.method)
    const left = (reached ? 1 : maxUnreachedResends) - call.resends
    if (this.#parts.instances.isFinal(error) || error.code === 'sign_in_needed') call.fail(error)
    else if (!mayRepeat) call.fail(notRepeated(error))
    else if (left <= 0) call.fail(error)
    else {
      call.resends++
      this.#dispatch(call)
    }
  }

  #dispatch(call: Call): void {
    if (call.done) return
    const { instances, placement, woken } = this.#parts
    try {
      const instance = instances.usable(placement.for(call.reply.caller))
      woken()
      instance.send(call)
    } catch (error) {
      call.fail(asGatewayError(error))
    }
  }
}

function notRepeated(error: GatewayError): GatewayError {
  const why = 'The call was not sent again, since it may have had an effect.'
  return reworded(error, `${error.message} ${why}`)
}
