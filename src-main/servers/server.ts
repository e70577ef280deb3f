import type { ServerDefinition } from '../../src-shared/catalog.ts'
import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { Caller, CallHandle, Era, Outgoing, Reply } from '../mcp/caller.ts'
import type { Listing, ListMethod } from '../mcp/listing.ts'
import type { McpLogLevel } from '../mcp/log-level.ts'
import type { ServerGreeting } from '../mcp/upstream.ts'
import type { ServerLog } from '../telemetry/server-log.ts'
import type { Instance } from './instance.ts'
import { Instances } from './instances.ts'
import { Placement } from './placement.ts'
import { misconfiguration, Preparation } from './preparation.ts'
import type { Plan, Prepared } from './preparation.ts'
import type { RestartPolicy } from './restart-policy.ts'
import { ResourceFollowers } from './resource-followers.ts'
import { ServerCalls } from './server-calls.ts'
import { ServerLists } from './server-lists.ts'
import type { ServerOptions } from './server-options.ts'
import type { ServerSignInGate } from './sign-in-gate.ts'
import type { Slot } from './slot.ts'
import { SlotState } from './slot-state.ts'
import { pausedError } from './start-refusal.ts'
import { ToolGates } from './tool-gate.ts'
import { Upkeep } from './upkeep.ts'

/** One catalog entry and its life: started on demand, shared, stopped when idle, restarted after a crash. */
export class Server {
  definition: ServerDefinition
  #warnings: string[] = []
  readonly #options: ServerOptions
  readonly #preparation: Preparation
  readonly #placement: Placement
  readonly #lists: ServerLists
  readonly #state: SlotState
  readonly #upkeep: Upkeep
  readonly #instances: Instances
  readonly #calls: ServerCalls
  readonly #followers: ResourceFollowers
  readonly #tools: ToolGates
  #log: ServerLog | undefined
  /** Stopped by hand or disabled: nothing but a request or a start brings it back. */
  #isResting = false

  constructor(definition: ServerDefinition, options: ServerOptions) {
    this.definition = definition
    this.#options = options
    this.#preparation = new Preparation(definition, {
      resolve: options.resolve,
      load: (fingerprint) => options.store.load(fingerprint),
      changed: () => this.#onPrepared(),
    })
    this.#placement = new Placement(
      () => this.definition.isolation,
      () => this.prepared?.knowledge.asked,
      options.clock,
    )
    this.#tools = new ToolGates(definition.id, definition.tools)
    const { clock, settings, store } = options
    const log = (): ServerLog => this.log
    this.#lists = new ServerLists({
      serverId: definition.id,
      preparation: this.#preparation,
      placement: this.#placement,
      store,
      clock,
      log,
      changed: (...change) => options.events.listsChanged(this, ...change),
    })
    this.#state = new SlotState(clock, log)
    this.#upkeep = new Upkeep({
      settings,
      clock,
      log,
      definition: () => this.definition,
      retire: (slot, reason) => void this.#instances.retire(slot, reason),
      changed: () => this.#changed(),
    })
    const parts = {
      options,
      preparation: this.#preparation,
      placement: this.#placement,
      lists: this.#lists,
      state: this.#state,
    }
    this.#instances = new Instances(this, parts)
    this.#calls = new ServerCalls({
      ...parts,
      serverId: definition.id,
      instances: this.#instances,
      access: (caller) => this.#tools.of(caller),
      woken: () => (this.#isResting = false),
    })
    this.#followers = new ResourceFollowers({
      ...parts,
      instances: this.#instances,
      send: (outgoing, reply) => this.send(outgoing, reply),
    })
  }

  get id(): string {
    return this.definition.id
  }

  get log(): ServerLog {
    this.#log ??= this.#options.createLog(this.id)
    return this.#log
  }

  get requestCount(): number {
    return this.#calls.requestCount
  }

  get errorCount(): number {
    return this.#calls.errorCount
  }

  get lastActivityWall(): number | undefined {
    return this.#calls.lastActivityWall
  }

  /** Milliseconds over the last calls. */
  get latencyMs(): { p50: number | null; p95: number | null } {
    return this.#calls.latencyMs
  }

  get prepared(): Prepared | undefined {
    return this.#preparation.current
  }

  get isPaused(): boolean {
    return this.#options.isPaused()
  }

  get shared(): Slot {
    return this.#placement.shared
  }

  get slots(): Slot[] {
    return this.#placement.all()
  }

  get ending(): readonly Instance[] {
    return [...this.#instances.ending]
  }

  get policy(): RestartPolicy {
    return this.#instances.policy
  }

  /** Why it is in its state, where the state does not say it. */
  get reason(): string {
    return this.#instances.reason
  }

  /** Why it is not well; undefined once it has come up again or was stopped. */
  get lastError(): string | undefined {
    return this.#instances.lastError
  }

  /** Of an edit that the running instance could not take; it is in force once that is gone. */
  get warnings(): readonly string[] {
    return this.#preparation.isHolding ? this.#warnings : []
  }

  get inFlight(): number {
    const live = this.slots.map(({ instance }) => instance)
    const all = [...live, ...this.#instances.ending]
    return all.reduce((sum, instance) => sum + (instance?.inFlight ?? 0), 0)
  }

  /** True if nothing of it runs, nor is about to. */
  get isQuiet(): boolean {
    return (
      this.#instances.ending.size === 0 && this.slots.every((slot) => slot.instance === undefined)
    )
  }

  /** Resolves variables and reads what is known of the server, once a definition. Never rejects. */
  prepare(): Promise<Prepared> {
    return this.#preparation.ready()
  }

  #onPrepared(): void {
    const why = this.misconfiguration
    if (why !== undefined) this.log.append('lifecycle', `Misconfigured: ${why}`)
    this.#changed()
  }

  get signIn(): ServerSignInGate | undefined {
    return this.#options.signIn?.(this.id)
  }

  signedOut(why: GatewayError): void {
    this.#instances.signedOut(why)
  }

  /** Why it cannot be launched, or undefined; as far as it was looked at. */
  get misconfiguration(): string | undefined {
    return this.prepared && misconfiguration(this.prepared.resolved)
  }

  /**
   * Relays one request: starts the server if needed, counts it, and answers through the reply exactly once.
   * (product 1 `tools`, 3)
   */
  send(outgoing: Outgoing, reply: Reply): CallHandle {
    return this.#calls.send(outgoing, reply)
  }

  /** A notification of a client to its own instance; a shared one does not hear of single clients. */
  notify(caller: Caller, bytes: readonly Buffer[]): void {
    this.#calls.notify(caller, bytes)
  }

  /** The slot that serves this caller, as far as it is decided. */
  slotOf(caller: Caller): Slot {
    return this.#placement.of(caller)
  }

  /** True if this caller's requests would reach a process that runs. */
  isReady(caller: Caller): boolean {
    return this.slotOf(caller).instance?.phase === 'ready'
  }

  /** What is known of the server without a process, as this caller would see it. */
  known(caller: Caller): Listing | undefined {
    return this.#lists.known(caller)
  }

  /** A list as it is known, without tools that this caller may not see, and the era of who wrote it; undefined if it is not known. */
  knownList(caller: Caller, method: ListMethod): { result: Buffer; era: Era } | undefined {
    return this.#lists.knownList(caller, method, this.#tools.of(caller))
  }

  /** True if this caller has used the shared instance, so that its log messages concern it. */
  met(caller: Caller): boolean {
    return this.#placement.met(caller)
  }

  allowsTool(name: string, caller: Pick<Caller, 'permissions'>): boolean {
    return this.#tools.of(caller)?.allows(name) ?? true
  }

  /** The greeting without a process if it is known, else by starting the server. Rejects with GatewayError. */
  async greeting(caller: Caller): Promise<ServerGreeting> {
    await this.prepare()
    const known = this.known(caller) ?? this.prepared?.knowledge.listings.values().next().value
    if (known) return known.greeting
    const { greeting } = await this.#instances.up(this.#placement.for(caller))
    if (greeting) return greeting
    throw new GatewayError('server_failed', `${this.id} did not start. ${this.lastError ?? ''}`)
  }

  /**
   * The lists: as known, after a refresh that is due, or by starting the server, which `afresh` does in any case.
   * Rejects with GatewayError; the caller bounds the wait.
   */
  async listing(caller: Caller, afresh = false): Promise<Listing> {
    await this.prepare()
    const known = afresh ? undefined : this.#lists.upToDate(caller)
    if (known) return known
    const slot = this.#placement.for(caller)
    const isNew = slot.instance?.phase !== 'ready'
    const instance = await this.#instances.up(slot)
    if (afresh) this.#lists.refresh(slot, instance)
    return this.#lists.fetched(caller, slot, instance, isNew)
  }

  /** Started by hand or by `always_on`: closes the circuit. Rejects with GatewayError. */
  async start(): Promise<void> {
    await this.prepare()
    // What was missing (an env file) may be there now.
    if (this.misconfiguration !== undefined) await this.#preparation.again()
    this.#instances.pardon()
    this.#isResting = false
    this.shared.instance?.hurry()
    await this.#instances.up(this.shared)
  }

  /** Drains and stops all instances; calls that do not finish in time get an error. A request starts it again. */
  async stop(reason: string): Promise<void> {
    this.#isResting = true
    const why = `${this.id} was stopped (${reason}) before it answered. Send the request again to start it.`
    await this.#instances.stop(reason, new GatewayError('server_failed', why), false)
  }

  /** Drains and stops all instances, as `stop` does; but what was wanted without a request comes back by itself. */
  async pause(): Promise<void> {
    if (this.isQuiet) return
    await this.#instances.stop('stopped when the gateway was paused', pausedError(), false)
  }

  /** Drains and stops it for good: requests get `why` from now on, and so do calls that do not finish in time. */
  close(reason: string, why: GatewayError): Promise<void> {
    return this.#instances.stop(reason, why, true)
  }

  /** What `adopt` needs of a new definition. Changes nothing, never rejects. */
  planUpdate(definition: ServerDefinition): Promise<Plan> {
    return this.#preparation.plan(definition)
  }

  /**
   * Takes a new definition. A change of what would be launched lets the old instance finish what is in flight while
   * new requests go to a new one; all else applies at once. Returns whether the launch changed.
   */
  adopt(plan: Plan): boolean {
    const { definition, prepared } = plan
    const before = this.definition
    this.definition = definition
    this.#tools.take(definition.tools)
    if (!before.enabled && definition.enabled) this.#isResting = false
    const why = prepared && misconfiguration(prepared.resolved)
    const keepInstance = plan.changed && why !== undefined && this.#instances.anyUsable
    this.#preparation.take(plan, keepInstance)
    if (keepInstance) {
      const warning = `The edit is not in force: ${why} The instance from before it stays until it stops.`
      this.#warnings = [warning]
      this.log.append('lifecycle', warning)
    } else if (plan.changed) {
      if (why !== undefined) this.log.append('lifecycle', `Misconfigured: ${why}`)
      this.#instances.pardon()
      this.#placement.reconsider()
      for (const slot of this.slots) void this.#instances.retire(slot, 'its definition changed')
    }
    if (before.isolation !== definition.isolation) this.#instances.reisolate()
    if (!definition.enabled) void this.stop('disabled')
    this.#changed()
    return plan.changed && !keepInstance
  }

  /** The caller is gone: its instance, its subscriptions and its open questions go with it. */
  forget(caller: Caller): void {
    const slot = this.#placement.forget(caller)
    if (slot) void this.#instances.retire(slot, 'its session ended')
    this.#followers.forget(caller)
  }

  /** Follows a resource for this caller; the reply gets the server's answer. A modern server has no such request. */
  subscribe(outgoing: Outgoing, uri: string, reply: Reply): CallHandle {
    return this.#followers.subscribe(outgoing, uri, reply)
  }

  /**
   * Follows a resource for this caller, whatever the era of the server: by a request of the gateway's own, or by the
   * stream that it listens on. Starts the server. Rejects with GatewayError.
   */
  follow(uri: string, caller: Caller): Promise<void> {
    return this.#followers.follow(uri, caller)
  }

  /** `inputSchema` of a tool (JSON), as far as it is known. */
  toolSchema(name: string): Buffer | undefined {
    return this.#lists.toolSchema(name, this.shared)
  }

  /** True if somebody else still follows the resource, so that the server must not be told. */
  unsubscribe(uri: string, caller: Caller): boolean {
    return this.#followers.unsubscribe(uri, caller)
  }

  /** True if it was told to send more or less than by itself. */
  get isLevelled(): boolean {
    return this.#state.logLevel !== undefined
  }

  /** The most verbose level that a session has asked for; undefined: none has. */
  setLogLevel(level: McpLogLevel | undefined): void {
    this.#state.setLogLevel(level, this.slots)
  }

  /** Once a second: timeouts, idle stop, health, and what is to run without a request. */
  tick(): void {
    for (const instance of this.#instances.ending) instance.sweep()
    for (const slot of this.slots) {
      if (slot.instance) this.#upkeep.tick(slot, slot.instance)
      const isWanted =
        slot.subscriptions.size > 0 || (this.definition.always_on && slot === this.shared)
      if (isWanted && !slot.instance?.usable) void this.#revive(slot)
    }
  }

  /** What is wanted without a request: it is tried when its turn has come, and fails quietly. */
  async #revive(slot: Slot): Promise<void> {
    await this.prepare()
    const { isClosed, isStopping } = this.#instances
    if (this.#isResting || this.isPaused || isStopping || isClosed) return
    if (!this.definition.enabled) return
    if (this.misconfiguration !== undefined) return
    if (this.policy.gate(this.#options.clock.now()).kind !== 'open') return
    try {
      this.#instances.usable(slot)
    } catch (error) {
      this.log.append('lifecycle', asGatewayError(error).message)
    }
  }

  #changed(): void {
    this.#options.events.changed(this)
  }
}
