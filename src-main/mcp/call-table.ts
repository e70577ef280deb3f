import type { GatewayError } from '../../src-shared/errors.ts'
import type { Link, RequestHeaders } from '../runtimes/runtime.ts'
import type { Clock } from '../servers/clock.ts'
import type { Call } from './call.ts'
import { timeoutError } from './call.ts'
import type { Era } from './caller.ts'
import type { Envelope } from './envelope.ts'
import { member, slice, splice, stringAt } from './json-spans.ts'
import type { Edit } from './json-spans.ts'
import { isAtLeast } from './log-level.ts'
import type { UpstreamLimits } from './upstream.ts'

interface Options {
  serverId: string
  link: Link
  clock: Clock
  limits: () => UpstreamLimits
}

/** The calls under way at one server, by the id that the server knows them under. The same in both eras. */
export class CallTable {
  readonly #options: Options
  readonly #calls = new Map<number, Call>()
  #nextId = 1
  #own = 0

  constructor(options: Options) {
    this.#options = options
  }

  /** Calls that are not the gateway's own. */
  get inFlight(): number {
    return this.#calls.size - this.#own
  }

  /** An id for a request that is no call. */
  takeId(): number {
    return this.#nextId++
  }

  get(id: number): Call | undefined {
    return this.#calls.get(id)
  }

  values(): Iterable<Call> {
    return this.#calls.values()
  }

  /** Sends it with its own id and progress token replaced by ours. False: the link is gone, no byte was sent. */
  send(call: Call, edits: readonly Edit[], headers?: RequestHeaders): boolean {
    const { link, clock, limits } = this.#options
    const id = this.#nextId++
    const { envelope, progressToken, edits: rewrites } = call.outgoing
    const idBytes = Buffer.from(String(id), 'latin1')
    const all: Edit[] = [{ start: envelope.id.start, end: envelope.id.end, text: idBytes }]
    if (progressToken)
      all.push({ start: progressToken.start, end: progressToken.end, text: idBytes })
    if (rewrites.length > 0) all.push(...rewrites)
    if (edits.length > 0) all.push(...edits)
    call.id = id
    call.deadline = clock.now() + limits().requestTimeoutMs
    if (!link.send(splice(envelope.bytes, all), id, headers)) return false
    this.#calls.set(id, call)
    if (call.internal) this.#own++
    return true
  }

  take(id: number): Call | undefined {
    const call = this.#calls.get(id)
    if (call === undefined) return undefined
    this.#calls.delete(id)
    if (call.internal) this.#own--
    return call
  }

  /** `notifications/progress`: to its caller, with the caller's own token; the call has more time again. */
  progress(envelope: Envelope): void {
    const { bytes, params } = envelope
    const token = member(bytes, params, 'progressToken')
    const call = token && this.#calls.get(Number(bytes.toString('latin1', token.start, token.end)))
    if (!token || !call?.outgoing.progressToken) return
    call.deadline = this.#options.clock.now() + this.#options.limits().requestTimeoutMs
    const original = slice(call.outgoing.envelope.bytes, call.outgoing.progressToken)
    call.reply.notify(splice(bytes, [{ start: token.start, end: token.end, text: original }]))
  }

  /**
   * `notifications/message` to the requests that asked for it (2026-07-28 server/utilities/logging). Over a pipe the
   * server does not say to which it belongs, so all that are under way get it.
   */
  logMessage(envelope: Envelope, relatedTo: number | undefined, era?: Era): void {
    let level: string | undefined
    const related = relatedTo === undefined ? undefined : this.#calls.get(relatedTo)
    for (const call of related ? [related] : this.#calls.values()) {
      const { outgoing } = call
      if (outgoing.logLevel === undefined || (era !== undefined && outgoing.era !== era)) continue
      level ??= stringAt(envelope.bytes, member(envelope.bytes, envelope.params, 'level')) ?? ''
      if (isAtLeast(level, outgoing.logLevel)) call.reply.notify([envelope.bytes])
    }
  }

  /** Times out what is due; `abandon` tells the server. */
  sweep(abandon: (call: Call, reason: string) => void): void {
    const now = this.#options.clock.now()
    for (const call of this.#calls.values()) {
      const { requestTimeoutMs, maxRequestMs } = this.#options.limits()
      const overall = call.startedAt + maxRequestMs
      if (now < overall && (now < call.deadline || call.asking > 0)) continue
      abandon(call, 'timed out')
      const setting = now < overall ? 'request_timeout_seconds' : 'max_request_seconds'
      const ms = now < overall ? requestTimeoutMs : maxRequestMs
      call.fail(timeoutError(this.#options.serverId, call.method, ms, setting))
    }
  }

  /** The link is gone: every call is lost. */
  loseAll(error: GatewayError): void {
    for (const call of this.#calls.values()) {
      this.take(call.id)
      call.carrier = undefined
      call.owner.lost(call, error, true)
    }
  }
}
