import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { Caller } from '../mcp/caller.ts'
import type { Envelope } from '../mcp/envelope.ts'
import { isAtLeast } from '../mcp/log-level.ts'
import type { McpLogLevel } from '../mcp/log-level.ts'
import { declares } from '../mcp/server-capability.ts'
import type { ServerLog } from '../telemetry/server-log.ts'
import type { Clock } from './clock.ts'
import type { Instance } from './instance.ts'
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
    if (greeting?.era === 'modern') this.#listen(slot)
    else
      for (const uri of slot.subscriptions.uris()) this.#tell(slot, 'resources/subscribe', { uri })
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
   * Follows a resource on an instance that is up: by a request, or by the stream that the gateway listens on. Resolves
   * when the server has said that it tells of it; rejects with GatewayError if it does not.
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
    subscriptions.add(uri, caller)
    if (!instance?.upstream) return
    try {
      // Also where others follow it: it may be that the server has not answered them yet.
      const isTold =
        era === 'modern'
          ? (await instance.upstream.follow(subscriptions.uris())).has(uri)
          : (await this.#ask(instance, 'resources/subscribe', { uri })).result !== undefined
      if (isTold) return
      const why = `${instance.serverId} does not let ${uri} be followed.`
      throw new GatewayError('resource_not_found', why)
    } catch (error) {
      if (subscriptions.remove(uri, caller) && era === 'modern') this.#listen(slot)
      throw error
    }
  }

  /** Nobody follows these any longer. */
  unfollowed(slot: Slot, uris: readonly string[]): void {
    const { instance } = slot
    if (instance?.phase !== 'ready') return
    if (instance.greeting?.era === 'modern') this.#listen(slot)
    else for (const uri of uris) this.#tell(slot, 'resources/unsubscribe', { uri })
  }

  setLogLevel(level: McpLogLevel | undefined, slots: readonly Slot[]): void {
    this.#level = level ?? this.#level
    for (const slot of slots) this.#tellLevel(slot)
  }

  /** The gateway's own request to an instance, if it runs; its answer does not matter. */
  #tell(slot: Slot, method: string, params: object): void {
    if (slot.instance?.phase !== 'ready') return
    this.#ask(slot.instance, method, params).catch((error: unknown) => this.#failed(method, error))
  }

  /** Brings what a modern server is listened to for up to date. */
  #listen({ instance, subscriptions }: Slot): void {
    if (instance?.phase !== 'ready') return
    const following = instance.upstream?.follow(subscriptions.uris())
    following?.catch((error: unknown) => this.#failed('subscriptions/listen', error))
  }

  #ask(instance: Instance, method: string, params: object): Promise<Envelope> {
    return askInstance(instance, this.#clock, method, params, ownRequestTimeoutMs)
  }

  #failed(method: string, error: unknown): void {
    this.#log().append('lifecycle', `${method} failed. ${asGatewayError(error).message}`)
  }

  #tellLevel(slot: Slot): void {
    const level = slot.owner ? slot.owner.logLevel : this.#level
    const { instance } = slot
    if (level === undefined || level === slot.logLevel || instance?.phase !== 'ready') return
    const { greeting } = instance
    // A modern server is told with each request.
    if (greeting?.era !== 'legacy' || !('logging' in greeting.capabilities)) return
    slot.logLevel = level
    this.#tell(slot, 'logging/setLevel', { level })
  }
}
