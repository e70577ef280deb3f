import type { ServerDefinition } from '../../src-shared/catalog.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { gatewayCaller } from '../mcp/caller.ts'
import type { Caller } from '../mcp/caller.ts'
import { canAnswer, sharedCapabilities } from '../mcp/client-capability.ts'
import type { Clock } from './clock.ts'
import { Slot } from './slot.ts'

/** Which instance serves which caller (product 3, isolation). */
export class Placement {
  readonly shared: Slot
  readonly #own = new Map<string, Slot>()
  /** Callers that have met the shared instance stay with it. */
  readonly #onShared = new Set<string>()
  readonly #clock: Clock
  readonly #isolation: () => ServerDefinition['isolation']
  /** Requests that the server was seen to make of clients. */
  readonly #asked: () => ReadonlySet<string> | undefined

  constructor(
    isolation: () => ServerDefinition['isolation'],
    asked: () => ReadonlySet<string> | undefined,
    clock: Clock,
  ) {
    this.#clock = clock
    this.shared = new Slot(undefined, sharedCapabilities, clock)
    this.#isolation = isolation
    this.#asked = asked
  }

  all(): Slot[] {
    return [this.shared, ...this.#own.values()]
  }

  own(): Slot[] {
    return [...this.#own.values()]
  }

  /** As far as it is decided. */
  of(caller: Caller): Slot {
    return this.#own.get((caller.placedWith ?? caller).key) ?? this.shared
  }

  /** True if it is to have, or has, an instance of its own. */
  wantsOwn(caller: Caller): boolean {
    if (caller === gatewayCaller || this.#onShared.has(caller.key)) return false
    if (this.#own.has(caller.key)) return true
    const isolation = this.#isolation()
    if (isolation === 'session') return true
    const asked = this.#asked()
    return isolation === 'auto' && asked !== undefined && canAnswer(caller.capabilities, asked)
  }

  /** Decides. Throws `cancelled` for a caller that is gone, as nothing would ever end what is started for it. */
  for(asking: Caller): Slot {
    if (asking.isGone) throw new GatewayError('cancelled', 'The session has ended.')
    const caller = asking.placedWith ?? asking
    const existing = this.#own.get(caller.key)
    if (existing) return existing
    if (caller === gatewayCaller) return this.shared
    if (caller.isGone) throw new GatewayError('cancelled', 'The session has ended.')
    if (!this.wantsOwn(caller)) {
      // Requests of 2026-07-28 are on their own: each goes where it is served best.
      if (caller.era === 'legacy') this.#onShared.add(caller.key)
      return this.shared
    }
    const slot = new Slot(caller, caller.capabilities, this.#clock)
    this.#own.set(caller.key, slot)
    return slot
  }

  /** True if this caller has used the shared instance. */
  met(caller: Caller): boolean {
    return this.#onShared.has(caller.key)
  }

  /** What was decided for callers of the shared instance is open again. */
  reconsider(): void {
    this.#onShared.clear()
  }

  /** Takes the caller off the books; returns the slot it had for itself. */
  forget(caller: Caller): Slot | undefined {
    this.#onShared.delete(caller.key)
    const slot = this.#own.get(caller.key)
    this.#own.delete(caller.key)
    return slot
  }

  /** All own slots, taken off the books. */
  dissolve(): Slot[] {
    const slots = this.own()
    this.#own.clear()
    return slots
  }
}
