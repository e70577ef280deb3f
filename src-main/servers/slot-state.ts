import { asGatewayError } from '../../src-shared/errors.ts'
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
  #level: string | undefined

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
    for (const uri of slot.subscriptions.uris()) this.tell(slot, 'resources/subscribe', { uri })
  }

  setLogLevel(level: string | undefined, slots: readonly Slot[]): void {
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
    if (!instance.greeting || !('logging' in instance.greeting.capabilities)) return
    slot.logLevel = level
    this.tell(slot, 'logging/setLevel', { level })
  }
}
