import { GatewayError } from '../../src-shared/errors.ts'
import { Instance } from './instance.ts'
import type { Placement } from './placement.ts'
import type { Preparation } from './preparation.ts'
import { RestartPolicy } from './restart-policy.ts'
import type { Server } from './server.ts'
import type { ServerLists } from './server-lists.ts'
import type { ServerOptions } from './server-options.ts'
import type { Slot } from './slot.ts'
import type { SlotState } from './slot-state.ts'
import { misconfigurationError, startRefusal } from './start-refusal.ts'

interface Parts {
  options: ServerOptions
  preparation: Preparation
  placement: Placement
  lists: ServerLists
  state: SlotState
}

/** The running side of a server: starts an instance for a slot, hears how it fares, and lets it end. */
export class Instances {
  readonly policy: RestartPolicy
  /** Why the server is in its state, where the state does not say it. */
  reason = 'not started yet'
  /** Why it is not well; undefined once it has come up again or was stopped. */
  lastError: string | undefined
  readonly #server: Server
  readonly #parts: Parts
  readonly #ending = new Set<Instance>()
  /** Errors of calls that are not to be sent again. */
  readonly #final = new WeakSet<GatewayError>()
  /** How many stops are under way; what is started meanwhile waits for their end. */
  #stops = 0
  /** The server was removed, or the gateway stops. */
  #closed: GatewayError | undefined

  constructor(server: Server, parts: Parts) {
    this.#server = server
    this.#parts = parts
    this.policy = parts.options.policy ?? new RestartPolicy()
  }

  get ending(): ReadonlySet<Instance> {
    return this.#ending
  }

  get isStopping(): boolean {
    return this.#stops > 0
  }

  get isClosed(): boolean {
    return this.#closed !== undefined
  }

  get anyUsable(): boolean {
    return this.#parts.placement.all().some(({ instance }) => instance?.usable)
  }

  /** True for the error of a stop that was asked for: the calls that get it are not sent again. */
  isFinal(error: GatewayError): boolean {
    return this.#final.has(error)
  }

  /** The instance that takes new requests, started if there is none. Throws GatewayError. */
  usable(slot: Slot): Instance {
    if (this.#closed) throw this.#closed
    if (slot.instance?.usable) return slot.instance
    const { options, preparation } = this.#parts
    if (!this.anyUsable) preparation.release()
    const refusal = startRefusal(this.#server, slot, options.clock, options.settings.maxInstances)
    if (refusal) throw refusal
    slot.instance = this.#start(slot)
    return slot.instance
  }

  #start(slot: Slot): Instance {
    const { options, preparation, lists } = this.#parts
    const { clock, settings, launch, version, redact } = options
    const server = this.#server
    const gate = this.policy.gate(clock.now())
    const { start_timeout_seconds: own, overlap } = server.definition
    const waitsForOthers = !overlap || this.isStopping
    const signIn = server.signIn?.gate
    const before = [
      ...(waitsForOthers ? [this.#allEnded()] : []),
      ...(signIn?.kind === 'waiting' ? [signIn.wait()] : []),
    ]
    return new Instance({
      serverId: server.id,
      launch,
      redact,
      definition: async () => {
        const { resolved } = await preparation.ready()
        const wrong = misconfigurationError(server)
        if (wrong) throw wrong
        const signIn = server.signIn?.gate
        if (signIn && signIn.kind !== 'open') throw signIn.error
        return resolved.launch
      },
      before: {
        delayMs: gate.kind === 'wait' ? gate.ms : 0,
        predecessors: before.length > 0 ? Promise.all(before) : undefined,
      },
      startTimeoutMs: own === undefined ? settings.startTimeoutMs : own * 1000,
      clock,
      limits: () => this.#limits(),
      owner: slot.owner,
      capabilities: slot.capabilities,
      version,
      era: () => lists.era(),
      toolSchema: (name) => lists.toolSchema(name, slot),
      events: {
        era: (era) => lists.rememberEra(era),
        phase: (it) => this.#phase(slot, it),
        failed: (it, error) => this.#failed(slot, it, error),
        ended: (it) => this.#ended(slot, it),
        log: (source, text) => server.log.append(source, text),
        notification: (envelope) => {
          lists.heard(slot, envelope)
          options.events.notification(server, slot.owner, envelope)
        },
        missed: () => {
          if (slot.instance) lists.refresh(slot, slot.instance)
        },
        asked: (method) => lists.remember(method),
      },
    })
  }

  #limits(): { requestTimeoutMs: number; maxRequestMs: number } {
    const { settings } = this.#parts.options
    const own = this.#server.definition.request_timeout_seconds
    return {
      requestTimeoutMs: own === undefined ? settings.requestTimeoutMs : own * 1000,
      maxRequestMs: settings.maxRequestMs,
    }
  }

  /** The slot's instance once it is ready, started if needed. Rejects with GatewayError. */
  async up(slot: Slot): Promise<Instance> {
    const { id } = this.#server
    // A new definition replaces the instance while it starts; more often than that, somebody plays with us.
    for (let tries = 0; tries < 10; tries++) {
      if (slot.owner?.isGone) throw new GatewayError('cancelled', 'The session has ended.')
      const stops = this.#stops
      const instance = this.usable(slot)
      await instance.up
      if (instance.greeting) return instance
      if (instance.failure) throw instance.failure
      if (this.#stops > stops)
        throw new GatewayError('server_failed', `${id} was stopped while it started.`)
    }
    throw new GatewayError('server_failed', `${id} was replaced again and again.`)
  }

  /** Empties the slot: what is in flight finishes, within limits, then the instance stops. Calls left over get `why`. */
  async retire(slot: Slot, reason: string, why?: GatewayError): Promise<void> {
    const { instance } = slot
    slot.instance = undefined
    if (!instance || instance.phase === 'ended') return
    this.#ending.add(instance)
    this.reason = reason
    this.#server.log.append('lifecycle', `Stopping: ${reason}.`)
    const error = new GatewayError(
      'server_failed',
      `${this.#server.id} was stopped (${reason}) before it answered. Send the request again.`,
    )
    await instance.drain(this.#parts.options.settings.drainMs, why ?? error)
  }

  /** Drains and stops all; calls that do not finish in time get `why`, and so does every request if it is for good. */
  async stop(reason: string, why: GatewayError, forGood: boolean): Promise<void> {
    if (forGood) this.#closed = why
    // Most servers of a large catalog: nothing to stop, and nothing to tell.
    if (forGood && this.#server.isQuiet) {
      this.reason = reason
      this.lastError = undefined
      return
    }
    this.#final.add(why)
    this.#stops++
    const slots = this.#parts.placement.all()
    await Promise.all(slots.map((slot) => this.retire(slot, reason, why)))
    await this.#allEnded()
    this.#stops--
    this.reason = reason
    this.lastError = undefined
    this.#changed()
  }

  /** Nobody is signed in any more: what runs finishes what is in flight. */
  signedOut(why: GatewayError): void {
    for (const slot of this.#parts.placement.all())
      void this.retire(slot, 'a sign-in is needed', why)
  }

  /** Isolation changed: callers are placed anew at their next request. */
  reisolate(): void {
    const { placement } = this.#parts
    placement.reconsider()
    if (this.#server.definition.isolation === 'shared')
      for (const slot of placement.dissolve()) void this.retire(slot, 'it is shared now')
  }

  #allEnded(): Promise<unknown> {
    return Promise.all([...this.#ending].map((instance) => instance.ended))
  }

  /** What was held against it is forgotten: a person starts it, or it is to be launched differently. */
  pardon(): void {
    this.#server.signIn?.reconsider()
    this.policy.reset()
    this.lastError = undefined
  }

  #phase(slot: Slot, instance: Instance): void {
    const { options, lists, state } = this.#parts
    if (instance.phase === 'draining') this.#ending.add(instance)
    if (instance.phase === 'ready' && instance.greeting) {
      const now = options.clock.now()
      this.policy.started(now)
      this.lastError = undefined
      slot.checkedAt = now
      options.events.greeted(this.#server, slot.owner, instance.greeting)
      // What sessions rely on is put back, and what is known is brought up to date.
      state.restore(slot)
      // On a later turn: the calls that wait for the start go first.
      queueMicrotask(() => lists.refresh(slot, instance))
    }
    this.#changed()
  }

  #failed(slot: Slot, instance: Instance, error: GatewayError): void {
    this.#server.log.append('lifecycle', error.message)
    // One that was replaced already says nothing of its successor.
    if (slot.instance !== instance) return
    if (error.code === 'sign_in_needed') {
      this.reason = error.message
      return
    }
    this.policy.failed(this.#parts.options.clock.now(), error.message)
    this.lastError = error.message
    this.reason = error.message
  }

  #ended(slot: Slot, instance: Instance): void {
    this.#ending.delete(instance)
    if (slot.instance === instance) slot.instance = undefined
    if (!this.anyUsable) this.#parts.preparation.release()
    this.#changed()
  }

  #changed(): void {
    this.#parts.options.events.changed(this.#server)
  }
}
