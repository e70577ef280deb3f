import type { ServerDefinition } from '../../src-shared/catalog.ts'
import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { ServerLog } from '../telemetry/server-log.ts'
import type { Clock } from './clock.ts'
import type { Instance } from './instance.ts'
import { askInstance } from './own-request.ts'
import type { LifeSettings } from './server-options.ts'
import type { Slot } from './slot.ts'

const pingTimeoutMs = 10_000
/** Pings in a row without an answer after which an instance is given up. */
const maxMissedPings = 2

interface Options {
  settings: LifeSettings
  clock: Clock
  definition: () => ServerDefinition
  log: () => ServerLog
  /** Stops the slot's instance gracefully. */
  retire: (slot: Slot, reason: string) => void
  changed: () => void
}

/** What an instance needs from time to time: time limits, an end when it is idle, health checks (product 3). */
export class Upkeep {
  readonly #options: Options

  constructor(options: Options) {
    this.#options = options
  }

  /** Once a second. */
  tick(slot: Slot, instance: Instance): void {
    instance.sweep()
    if (instance.phase !== 'ready' || instance.inFlight > 0) return
    const { clock, definition, retire, settings } = this.#options
    const now = clock.now()
    const { always_on: isAlwaysOn, idle_timeout_seconds: own } = definition()
    const idleMs = own === undefined ? settings.idleTimeoutMs : own * 1000
    const isHeld = (isAlwaysOn && slot.owner === undefined) || slot.subscriptions.size > 0
    if (idleMs > 0 && !isHeld && now - instance.lastActivity >= idleMs) {
      retire(slot, `idle for ${readable(idleMs)}`)
      return
    }
    const lastSign = Math.max(slot.checkedAt, instance.lastActivity)
    if (slot.isBeingChecked) return
    if (!slot.isCheckDue && now - lastSign < settings.healthIntervalMs) return
    slot.isCheckDue = false
    slot.checkedAt = now
    void this.#check(slot, instance)
  }

  async #check(slot: Slot, instance: Instance): Promise<void> {
    const { changed, clock, log } = this.#options
    const before = instance.missedPings
    slot.isBeingChecked = true
    try {
      const method = instance.upstream?.healthMethod ?? 'ping'
      await askInstance(instance, clock, method, undefined, pingTimeoutMs)
      instance.missedPings = 0
    } catch (error) {
      // A busy server may be in a synchronous call: only death counts then.
      if (instance.phase !== 'ready' || instance.inFlight > 0) return
      instance.missedPings++
      log().append('lifecycle', asGatewayError(error).message)
      if (instance.missedPings < maxMissedPings) return
      const why = `${instance.serverId} was stopped: it did not answer two pings in a row.`
      void instance.stop(new GatewayError('server_failed', why))
    } finally {
      slot.isBeingChecked = false
      if (instance.missedPings !== before) changed()
    }
  }
}

function readable(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`
}
