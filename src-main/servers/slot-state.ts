import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { Caller } from '../mcp/caller.ts'
import { isAtLeast } from '../mcp/log-level.ts'
import type { McpLogLevel } from '../mcp/log-level.ts'
import { declares } from '../mcp/server-capability.ts'
import type { ServerLog } from '../telemetry/server-log.ts'
import type { Clock } from './clock.ts'
import { saysListChanged } from './listing-refresh.ts'
import { askInstance, ownRequestTimeoutMs } from './own-request.ts'
import type { Slot } from './slot.ts'

/** What sessions rely on in an instance without saying it again: log level and subscriptions. */
export class SlotState {
  readonly #clock: Clock
  readonly #log: () => ServerLog
  /** The most verbose level that a session has asked for. */
  #level: McpLogLevel | undefined

  constructor(clock: Clock, log: () => ServerLog) {
    this.#clock = clock
    this.#log = log
  }

  /** Puts it back into an instance that has just started. */
  restore(slot: Slot): void {
    const greeting = slot.instance?.greeting
    slot.lists.isMute = greeting !== undefined && !saysListChanged(greeting)
    slot.logLevel = undefined
    this.#tellLevel(slot)
    const uris = slot.subscriptions.uris()
    if (greeting?.era === 'modern') slot.instance?.upstream?.follow(uris)
    else for (const uri of uris) this.tell(slot, 'resources/subscribe', { uri })
  }

  /** The most verbose level that a session has asked for. */
  get logLevel(): McpLogLevel | undefined {
    return this.#level
  }

  /** A request without a session wants log messages: a legacy server knows one level for all. */
  wantLogLevel(slot: Slot, level: McpLogLevel): void {
    if (slot.owner) this.#tellLevel(slot)
    else if (this.#level === undefined || isAtLeast(this.#level, level))
      this.setLogLevel(level, [slot])
  }

  /**
   * Follows a resource on an instance that is up: by a request, or by the stream that the gateway listens on. Rejects
   * with GatewayError.
   */
  async follow(slot: Slot, uri: string, caller: Caller): Promise<void> {
    const { instance, subscriptions } = slot
    const { era, capabilities } = instance?.greeting ?? {}
    // A server that cannot be followed would just leave it out of what it acknowledges (2026-07-28 basic/patterns/subscriptions).
    if (era === 'modern' && !declares(capabilities, 'resources', 'subscribe'))
      throw new GatewayError(
        'method_not_found',
        `Resources of ${instance?.serverId} cannot be followed.`,
      )
    const isNew = !subscriptions.has(uri)
    subscriptions.add(uri, caller)
    if (!isNew || !instance) return
    if (instance.greeting?.era === 'modern') {
      instance.upstream?.follow(subscriptions.uris())
      return
    }
    const params = { uri }
    const asking = askInstance(
      instance,
      this.#clock,
      'resources/subscribe',
      params,
      ownRequestTimeoutMs,
    )
    const answer = await asking.catch((error: unknown) => {
      subscriptions.remove(uri, caller)
      throw error
    })
    if (answer.result) return
    subscriptions.remove(uri, caller)
    const why = `${instance.serverId} does not let ${uri} be followed.`
    throw new GatewayError('resource_not_found', why)
  }

  /** Nobody follows these any longer. */
  unfollowed(slot: Slot, uris: readonly string[]): void {
    const { instance, subscriptions } = slot
    if (instance?.phase !== 'ready') return
    if (instance.greeting?.era === 'modern') instance.upstream?.follow(subscriptions.uris())
    else for (const uri of uris) this.tell(slot, 'resources/unsubscribe', { uri })
  }

  setLogLevel(level: McpLogLevel | undefined, slots: readonly Slot[]): void {
    this.#level = level ?? this.#level
    for (const slot of slots) this.#tellLevel(slot)
  }

  /** The gateway's own request to an instance, if it runs; its answer does not matter. */
  tell(slot: Slot, method: string, params: object): void {
    if (slot.instance?.phase !== 'ready') return
    const asking = askInstance(slot.instance, this.#clock, method, params, ownRequestTimeoutMs)
    asking.catch((error: unknown) => {
      this.#log().append('lifecycle', `${method} failed. ${asGatewayError(error).message}`)
    })
  }

  #tellLevel(slot: Slot): void {
    const level = slot.owner ? slot.owner.logLevel : this.#level
    const { instance } = slot
    if (level === undefined || level === slot.logLevel || instance?.phase !== 'ready') return
    const { greeting } = instance
    // A modern server is told with each request.
    if (greeting?.era !== 'legacy' || !('logging' in greeting.capabilities)) return
    slot.logLevel = level
    this.tell(slot, 'logging/setLevel', { level })
  }
}
