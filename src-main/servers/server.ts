import type { ServerDefinition } from '../../src-shared/catalog.ts'
import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { ResolvedServer } from '../catalog/resolve.ts'
import { Call } from '../mcp/call.ts'
import type { CallOwner } from '../mcp/call.ts'
import { gatewayCaller } from '../mcp/caller.ts'
import type { Caller, CallHandle, Outgoing, Reply } from '../mcp/caller.ts'
import { canAnswer, capabilitySignature, sharedCapabilities } from '../mcp/client-capability.ts'
import { isRequest, message, readEnvelope } from '../mcp/envelope.ts'
import type { Envelope } from '../mcp/envelope.ts'
import { member, slice, spliced, stringAt } from '../mcp/json-spans.ts'
import { changedLists, fetchListing, isListMethod, listMethods } from '../mcp/listing.ts'
import type { Listing, ListMethod } from '../mcp/listing.ts'
import type { Knowledge, ListingStore } from '../mcp/listing-store.ts'
import { ToolAccess } from '../mcp/tool-filter.ts'
import type { ServerGreeting, UpstreamLimits } from '../mcp/upstream.ts'
import type { Launch } from '../runtimes/runtime.ts'
import type { LatencyWindow } from '../telemetry/latency.ts'
import type { ServerLog } from '../telemetry/server-log.ts'
import type { Clock } from './clock.ts'
import { Instance } from './instance.ts'
import { RestartPolicy } from './restart-policy.ts'
import { Slot } from './slot.ts'

/** The settings of the gateway that a server's life depends on. */
export interface LifeSettings {
  idleTimeoutMs: number
  healthIntervalMs: number
  requestTimeoutMs: number
  maxRequestMs: number
  startTimeoutMs: number
  drainMs: number
  maxInstances: number
}

export interface ServerOptions {
  launch: Launch
  resolve: (definition: ServerDefinition) => Promise<ResolvedServer>
  settings: LifeSettings
  store: ListingStore
  clock: Clock
  /** Made at the first line or call: most servers of a large catalog are never used. */
  createLog: (serverId: string) => ServerLog
  createLatency: () => LatencyWindow
  policy?: RestartPolicy
  version: string
  events: ServerEvents
}

/** What the sessions and the management API hear of a server. */
export interface ServerEvents {
  changed(server: Server): void
  /** `owner`: the one client of the instance; undefined if it is shared. */
  notification(server: Server, owner: Caller | undefined, envelope: Envelope): void
  /** Lists differ from what was known; the server itself did not say so. */
  listsChanged(server: Server, owner: Caller | undefined, methods: readonly ListMethod[]): void
  /** A new instance with these capabilities has taken the place of the one before. */
  greeted(server: Server, owner: Caller | undefined, greeting: ServerGreeting): void
}

/** Requests that change nothing: sent once more after a crash (product 3, Retries). */
const repeatable =
  /^(?:.+\/(?:list|get|read|complete)|resources\/(?:templates\/list|subscribe|unsubscribe)|logging\/setLevel|ping)$/

const pingTimeoutMs = 10_000
/** A stuck list of the gateway's own must not hold others up. */
const listTimeoutMs = 30_000

export interface Prepared {
  resolved: ResolvedServer
  knowledge: Knowledge
}

/** One catalog entry and its life: started on demand, shared, stopped when idle, restarted after a crash. */
export class Server implements CallOwner {
  definition: ServerDefinition
  requestCount = 0
  errorCount = 0
  lastActivityWall: number | undefined
  /** Why it is in its state, where the state does not say it. */
  reason = 'not started yet'
  lastError: string | undefined
  /** Of an edit that the running instance could not take. */
  warnings: string[] = []
  readonly policy: RestartPolicy
  readonly shared: Slot
  readonly #options: ServerOptions
  readonly #slots = new Map<string, Slot>()
  /** Callers that have met the shared instance stay with it. */
  readonly #onShared = new Set<string>()
  readonly #ending = new Set<Instance>()
  #preparing: Promise<Prepared> | undefined
  #prepared: Prepared | undefined
  #toolAccess: ToolAccess | undefined
  #halted: GatewayError | undefined
  #logLevel: string | undefined
  #log: ServerLog | undefined
  #latency: LatencyWindow | undefined

  constructor(definition: ServerDefinition, options: ServerOptions) {
    this.definition = definition
    this.#options = options
    this.policy = options.policy ?? new RestartPolicy()
    this.shared = new Slot(undefined, sharedCapabilities)
    this.#toolAccess = ToolAccess.of(definition.tools)
  }

  get id(): string {
    return this.definition.id
  }

  get log(): ServerLog {
    this.#log ??= this.#options.createLog(this.id)
    return this.#log
  }

  /** Milliseconds over the last calls. */
  get latencyMs(): { p50: number | null; p95: number | null } {
    return { p50: this.#latency?.p50() ?? null, p95: this.#latency?.p95() ?? null }
  }

  get prepared(): Prepared | undefined {
    return this.#prepared
  }

  get slots(): Slot[] {
    return [this.shared, ...this.#slots.values()]
  }

  get ending(): readonly Instance[] {
    return [...this.#ending]
  }

  get inFlight(): number {
    let n = 0
    for (const slot of this.slots) n += slot.instance?.inFlight ?? 0
    for (const instance of this.#ending) n += instance.inFlight
    return n
  }

  /** Resolves variables and reads what is known of the server, once a definition. Never rejects. */
  prepare(): Promise<Prepared> {
    this.#preparing ??= this.#prepare(this.definition).then(
      (prepared) => (this.#prepared ??= prepared),
    )
    return this.#preparing
  }

  async #prepare(definition: ServerDefinition): Promise<Prepared> {
    let resolved: ResolvedServer
    try {
      resolved = await this.#options.resolve(definition)
    } catch (error) {
      resolved = unresolvable(definition, asGatewayError(error).message)
    }
    const knowledge = await this.#options.store.load(resolved.fingerprint)
    if (this.misconfiguration(resolved)) this.#changed()
    return { resolved, knowledge }
  }

  /** Why it cannot be launched, or undefined. */
  misconfiguration(
    resolved: ResolvedServer | undefined = this.#prepared?.resolved,
  ): string | undefined {
    if (resolved === undefined) return undefined
    const { missing, problems } = resolved
    if (missing.length > 0) {
      const names = missing.map((name) => `\${${name}}`).join(', ')
      return `${names} ${missing.length > 1 ? 'are' : 'is'} not set. Set ${missing.length > 1 ? 'them' : 'it'} in the environment, or give a default: \${NAME:-value}.`
    }
    return problems.length > 0 ? problems.join(' ') : undefined
  }

  /**
   * Relays one request: starts the server if needed, counts it, and answers through the reply exactly once.
   * (product 1 `tools`, 3)
   */
  send(outgoing: Outgoing, reply: Reply): CallHandle {
    const call = new Call(
      outgoing,
      this.#filtered(outgoing, reply),
      this,
      this.#options.clock.now(),
    )
    this.requestCount++
    const denied = this.#denied(outgoing)
    if (denied) call.fail(denied)
    else if (this.#prepared) this.#dispatch(call)
    else void this.prepare().then(() => this.#dispatch(call))
    return call
  }

  /** A notification of a client to its own instance; a shared one does not hear of single clients. */
  notify(caller: Caller, bytes: readonly Buffer[]): void {
    const slot = this.#slots.get(caller.key)
    if (slot?.instance?.phase === 'ready') slot.instance.upstream?.notify(bytes)
  }

  settled(call: Call, failed: boolean): void {
    const { clock } = this.#options
    const now = clock.now()
    if (failed) this.errorCount++
    else (this.#latency ??= this.#options.createLatency()).record(now - call.startedAt)
    this.lastActivityWall = clock.wall()
    const instance = this.slotOf(call.reply.caller).instance
    if (instance) instance.lastActivity = now
    for (const ending of this.#ending) ending.settled()
  }

  lost(call: Call, error: GatewayError, reached: boolean): void {
    if (call.done) return
    const again = !call.resent && (!reached || repeatable.test(call.method))
    if (this.#halted || !again) {
      call.fail(reached ? error : (this.#halted ?? error))
      return
    }
    call.resent = true
    this.#dispatch(call)
  }

  /** The slot that serves this caller, as far as it is decided. */
  slotOf(caller: Caller): Slot {
    return this.#slots.get(caller.key) ?? this.shared
  }

  /** True if this caller's requests would reach a process that runs. */
  isReady(caller: Caller): boolean {
    return this.slotOf(caller).instance?.phase === 'ready'
  }

  /** What is known of the server without a process, as this caller would see it. */
  known(caller: Caller): Listing | undefined {
    const knowledge = this.#prepared?.knowledge
    if (!knowledge) return undefined
    return knowledge.listings.get(
      this.#wantsOwn(caller) ? capabilitySignature(caller.capabilities) : this.shared.signature,
    )
  }

  /** A list as it is known, filtered by `tools`; undefined if it is not known. */
  knownList(caller: Caller, method: ListMethod): Buffer | undefined {
    const listing = this.known(caller)
    const result = listing?.lists[method]
    if (result && method === 'tools/list' && this.#toolAccess)
      return this.#toolAccess.filtered(result)
    return result
  }

  /** True if this caller has used the shared instance, so that its log messages concern it. */
  met(caller: Caller): boolean {
    return this.#onShared.has(caller.key)
  }

  allowsTool(name: string): boolean {
    return this.#toolAccess?.allows(name) ?? true
  }

  /** The greeting without a process if it is known, else by starting the server. Rejects with GatewayError. */
  async greeting(caller: Caller): Promise<ServerGreeting> {
    await this.prepare()
    const known = this.known(caller) ?? this.#prepared?.knowledge.listings.values().next().value
    if (known) return known.greeting
    return this.#up(this.#slotFor(caller))
  }

  /**
   * The lists: as known, after a refresh that is due, or by starting the server. Rejects with GatewayError; the caller
   * bounds the wait.
   */
  async listing(caller: Caller): Promise<Listing> {
    await this.prepare()
    const known = this.known(caller)
    const current = this.slotOf(caller)
    const fresh = current.instance?.phase !== 'ready' || (!current.refresh && !current.mute)
    if (known && fresh) return known
    const slot = this.#slotFor(caller)
    if (!(slot.instance?.phase === 'ready' && slot.refresh)) await this.#up(slot)
    if (slot.instance && slot.mute) this.#refresh(slot, slot.instance)
    await slot.refresh
    const listing = this.known(caller)
    if (listing) return listing
    throw new GatewayError(
      'server_failed',
      `${this.id} did not give its lists. ${this.lastError ?? ''}`.trim(),
    )
  }

  /** Started by hand, by `always_on`, or for a first list: closes the circuit. */
  async start(): Promise<void> {
    await this.prepare()
    this.policy.reset()
    await this.#up(this.shared)
  }

  /** Drains and stops all instances; calls that do not finish get `why`. */
  async stop(reason: string, why?: GatewayError): Promise<void> {
    const halted = why ?? new GatewayError('server_failed', `${this.id} was stopped (${reason}).`)
    this.#halted = halted
    try {
      await Promise.all(this.slots.map((slot) => this.#retire(slot, reason)))
      await Promise.all(this.ending.map((instance) => instance.ended))
    } finally {
      if (this.#halted === halted) this.#halted = undefined
    }
    this.reason = reason
    this.#changed()
  }

  /** What `adopt` will need; undefined if nobody has needed the server yet. Never rejects. */
  async planUpdate(definition: ServerDefinition): Promise<Prepared | undefined> {
    return this.#preparing === undefined ? undefined : this.#prepare(definition)
  }

  /**
   * Takes a new definition. A change of what would be launched lets the old instance finish what is in flight while
   * new requests go to a new one; all else applies at once. Returns whether the launch changed.
   */
  adopt(definition: ServerDefinition, plan: Prepared | undefined): boolean {
    const before = this.#prepared
    const launchFields = ({ runtime, env, env_file, inherit_env }: ServerDefinition): string =>
      JSON.stringify([runtime, env, env_file, inherit_env])
    const changed =
      before && plan
        ? before.resolved.fingerprint !== plan.resolved.fingerprint
        : launchFields(this.definition) !== launchFields(definition)
    this.definition = definition
    this.#toolAccess = ToolAccess.of(definition.tools)
    this.warnings = []
    const why = plan && this.misconfiguration(plan.resolved)
    if (changed && why !== undefined && this.slots.some((slot) => slot.instance?.usable)) {
      this.warnings = [`The edit was not applied: ${why} The instance that ran before it stays.`]
      this.log.append('lifecycle', this.warnings.join(' '))
      this.#changed()
      return false
    }
    this.#prepared = plan
    this.#preparing = plan && Promise.resolve(plan)
    if (changed) {
      this.policy.reset()
      this.#onShared.clear()
      for (const slot of this.slots) void this.#retire(slot, 'its definition changed')
    }
    if (!definition.enabled) void this.stop('disabled')
    this.#changed()
    return changed
  }

  /** The caller is gone: its instance, its subscriptions and its open questions go with it. */
  forget(caller: Caller): void {
    this.#onShared.delete(caller.key)
    const slot = this.#slots.get(caller.key)
    if (slot) {
      this.#slots.delete(caller.key)
      void this.#retire(slot, 'its session ended')
    }
    this.shared.instance?.upstream?.forget(caller)
    for (const uri of this.shared.subscriptions.forget(caller))
      this.#tell('resources/unsubscribe', { uri })
  }

  /** Follows a resource for this caller on the shared instance; the reply gets the server's answer. */
  subscribe(outgoing: Outgoing, uri: string, reply: Reply): CallHandle {
    const { caller } = reply
    return this.send(outgoing, {
      caller,
      notify: (bytes) => reply.notify(bytes),
      fail: (error) => reply.fail(error),
      answer: (response) => {
        const slot = this.slotOf(caller)
        if (response.result && slot === this.shared) slot.subscriptions.add(uri, caller)
        reply.answer(response)
      },
    })
  }

  /** True if somebody else still follows the resource, so that the server must not be told. */
  unsubscribe(uri: string, caller: Caller): boolean {
    const slot = this.slotOf(caller)
    if (slot !== this.shared) return false
    slot.subscriptions.remove(uri, caller)
    return slot.subscriptions.has(uri)
  }

  /** The most verbose level that a session has asked for; undefined: none has. */
  setLogLevel(level: string | undefined): void {
    if (level === undefined || level === this.#logLevel) return
    this.#logLevel = level
    this.#tell('logging/setLevel', { level })
  }

  /** Once a second: timeouts, idle stop, health, always_on. */
  tick(): void {
    for (const slot of this.slots) if (slot.instance) this.#tickInstance(slot, slot.instance)
    for (const instance of this.#ending) instance.sweep()
    const wanted = this.definition.always_on || this.shared.subscriptions.size > 0
    if (wanted && this.definition.enabled && !this.shared.instance?.usable && !this.#halted)
      void this.prepare().then(() => {
        if (this.policy.gate(this.#options.clock.now()).kind === 'open') this.#usable(this.shared)
      })
  }

  #tickInstance(slot: Slot, instance: Instance): void {
    instance.sweep()
    if (instance.phase !== 'ready' || instance.inFlight > 0) return
    const { clock, settings } = this.#options
    const now = clock.now()
    const { idle_timeout_seconds: own, always_on: always } = this.definition
    const idleMs = own === undefined ? settings.idleTimeoutMs : own * 1000
    const held = (always && slot === this.shared) || slot.subscriptions.size > 0
    if (idleMs > 0 && !held && now - instance.lastActivity >= idleMs) {
      void this.#retire(slot, `stopped after ${readable(idleMs)} idle`)
      return
    }
    if (now - Math.max(slot.checkedAt, instance.lastActivity) < settings.healthIntervalMs) return
    slot.checkedAt = now
    void this.#check(slot, instance)
  }

  async #check(slot: Slot, instance: Instance): Promise<void> {
    try {
      await this.#ask(instance, 'ping', undefined, pingTimeoutMs)
      if (instance.missedPings > 0) this.#changed()
      instance.missedPings = 0
    } catch (error) {
      // A busy server may be in a synchronous call: only death counts then.
      if (instance.phase !== 'ready' || instance.inFlight > 0 || slot.instance !== instance) return
      instance.missedPings++
      this.log.append('lifecycle', `Did not answer a ping: ${asGatewayError(error).message}`)
      this.#changed()
      if (instance.missedPings < 2) return
      void instance.stop(
        new GatewayError(
          'server_failed',
          `${this.id} was stopped: it did not answer two pings in a row.`,
        ),
      )
    }
  }

  #wantsOwn(caller: Caller): boolean {
    if (caller === gatewayCaller || this.#onShared.has(caller.key)) return false
    const { isolation } = this.definition
    if (isolation === 'session') return true
    const asked = this.#prepared?.knowledge.asked
    return isolation === 'auto' && asked !== undefined && canAnswer(caller.capabilities, asked)
  }

  #slotFor(caller: Caller): Slot {
    const existing = this.#slots.get(caller.key)
    if (existing) return existing
    if (!this.#wantsOwn(caller)) {
      if (caller !== gatewayCaller) this.#onShared.add(caller.key)
      return this.shared
    }
    const { maxInstances } = this.#options.settings
    if (this.#slots.size >= maxInstances)
      throw new GatewayError(
        'too_many',
        `${this.id} has ${maxInstances} instances, one a session, and takes no more. Close a client, or raise max_connections_per_server.`,
      )
    const slot = new Slot(caller, caller.capabilities)
    this.#slots.set(caller.key, slot)
    return slot
  }

  #dispatch(call: Call): void {
    if (call.done) return
    try {
      this.#usable(this.#slotFor(call.reply.caller)).send(call)
    } catch (error) {
      call.fail(asGatewayError(error))
    }
  }

  /** The instance that takes new requests, started if there is none. Throws GatewayError. */
  #usable(slot: Slot): Instance {
    if (slot.instance?.usable) return slot.instance
    const { clock, settings, launch, version } = this.#options
    if (!this.definition.enabled)
      throw new GatewayError(
        'server_disabled',
        `${this.id} is disabled in the catalog. Set \`enabled: true\` to use it.`,
      )
    const wrong = this.misconfiguration()
    if (wrong !== undefined)
      throw new GatewayError('server_failed', `${this.id} cannot start. ${wrong}`)
    const gate = this.policy.gate(clock.now())
    if (gate.kind === 'circuit') throw this.#circuitError(gate.ms)
    const { start_timeout_seconds: own, overlap } = this.definition
    const predecessors = overlap
      ? undefined
      : Promise.all(this.ending.map((old) => old.ended)).then(() => {})
    const instance = new Instance({
      serverId: this.id,
      launch,
      definition: async () => (await this.prepare()).resolved.launch,
      before: { delayMs: gate.kind === 'wait' ? gate.ms : 0, predecessors },
      startTimeoutMs: own === undefined ? settings.startTimeoutMs : own * 1000,
      clock,
      limits: () => this.#limits(),
      owner: slot.owner,
      capabilities: slot.capabilities,
      version,
      events: {
        phase: (it) => this.#phase(slot, it),
        failed: (it, error) => this.#failed(it, error),
        ended: (it) => {
          this.#ending.delete(it)
          if (slot.instance === it) slot.instance = undefined
          this.#changed()
        },
        log: (source, text) => this.log.append(source, text),
        notification: (envelope) => this.#notification(slot, envelope),
        asked: (method) => this.#remember(method),
      },
    })
    slot.instance = instance
    return instance
  }

  #circuitError(ms: number): GatewayError {
    const { clock } = this.#options
    const at = new Date(clock.wall() + ms).toISOString()
    return new GatewayError(
      'circuit_open',
      `${this.id} has failed ${this.policy.failures} times in a row and is not started before ${at}. ` +
        `Last error: ${this.policy.lastError ?? 'unknown'} Start it by hand to try now.`,
      { retryAfterSeconds: Math.ceil(ms / 1000) },
    )
  }

  #limits(): UpstreamLimits {
    const { settings } = this.#options
    const own = this.definition.request_timeout_seconds
    return {
      requestTimeoutMs: own === undefined ? settings.requestTimeoutMs : own * 1000,
      maxRequestMs: settings.maxRequestMs,
    }
  }

  #phase(slot: Slot, instance: Instance): void {
    if (instance.phase === 'draining') this.#ending.add(instance)
    if (instance.phase === 'ready') {
      this.policy.started(this.#options.clock.now())
      this.lastError = undefined
      slot.checkedAt = this.#options.clock.now()
      this.#ready(slot, instance)
    }
    this.#changed()
  }

  #failed(instance: Instance, error: GatewayError): void {
    this.policy.failed(this.#options.clock.now(), error.message)
    this.lastError = error.message
    this.reason = error.message
    this.log.append('lifecycle', error.message)
    for (const slot of this.slots) if (slot.instance === instance) slot.refresh = undefined
  }

  /** After a (re)start: what sessions rely on is put back, and what is known is brought up to date. */
  #ready(slot: Slot, instance: Instance): void {
    const greeting = instance.upstream?.greeting
    if (!greeting) return
    this.#options.events.greeted(this, slot.owner, greeting)
    slot.mute = !saysListChanged(greeting)
    if (slot === this.shared && this.#logLevel !== undefined)
      this.#tell('logging/setLevel', { level: this.#logLevel })
    for (const uri of slot.subscriptions.uris()) this.#tell('resources/subscribe', { uri })
    // On a later turn: the calls that wait for the start go first.
    queueMicrotask(() => this.#refresh(slot, instance))
  }

  #refresh(slot: Slot, instance: Instance, announced: readonly ListMethod[] = []): void {
    if (slot.refresh) {
      slot.refreshAgain = true
      return
    }
    const before = this.#prepared?.knowledge.listings.get(slot.signature)
    slot.refresh = (async () => {
      try {
        const greeting = instance.upstream?.greeting
        const knowledge = this.#prepared
        if (!greeting || !knowledge) return
        const listing = await fetchListing(greeting, (method, params) =>
          this.#ask(instance, method, params, listTimeoutMs),
        )
        knowledge.knowledge.listings.set(slot.signature, listing)
        const changes = changedLists(before, listing)
        const sameGreeting = before?.greeting.result.equals(greeting.result) ?? false
        if (changes.length > 0 || !sameGreeting)
          void this.#options.store.save(knowledge.resolved.fingerprint, knowledge.knowledge)
        const news = changes.filter((method) => !announced.includes(method))
        if (news.length > 0) this.#options.events.listsChanged(this, slot.owner, news)
      } catch (error) {
        this.log.append(
          'lifecycle',
          `Its lists could not be read. ${asGatewayError(error).message}`,
        )
      } finally {
        slot.refresh = undefined
        if (slot.refreshAgain && instance.phase === 'ready') {
          slot.refreshAgain = false
          this.#refresh(slot, instance, Object.keys(listMethods).filter(isListMethod))
        }
      }
    })()
  }

  #notification(slot: Slot, envelope: Envelope): void {
    const changed = /^notifications\/(tools|prompts|resources)\/list_changed$/.exec(envelope.method)
    if (changed && slot.instance?.phase === 'ready') {
      const announced = Object.keys(listMethods)
        .filter(isListMethod)
        .filter((m) => m.startsWith(changed[1] ?? ''))
      this.#refresh(slot, slot.instance, announced)
    }
    this.#options.events.notification(this, slot.owner, envelope)
  }

  #remember(method: string): void {
    const prepared = this.#prepared
    if (!prepared || prepared.knowledge.asked.has(method)) return
    prepared.knowledge.asked.add(method)
    void this.#options.store.save(prepared.resolved.fingerprint, prepared.knowledge)
  }

  /** Starts the slot's instance if needed and waits until it is up. */
  async #up(slot: Slot): Promise<ServerGreeting> {
    const instance = this.#usable(slot)
    await this.#ask(instance, 'ping', undefined, undefined)
    const greeting = instance.upstream?.greeting
    if (!greeting)
      throw new GatewayError(
        'server_failed',
        `${this.id} did not start. ${this.lastError ?? ''}`.trim(),
      )
    return greeting
  }

  async #retire(slot: Slot, reason: string): Promise<void> {
    const { instance } = slot
    slot.instance = undefined
    if (!instance || instance.phase === 'ended') return
    this.#ending.add(instance)
    this.reason = reason
    this.log.append('lifecycle', `Stopping: ${reason}.`)
    await instance.drain(this.#options.settings.drainMs)
  }

  /** The gateway's own request to the shared instance, if it runs; its answer does not matter. */
  #tell(method: string, params: object): void {
    const { instance } = this.shared
    if (instance?.phase !== 'ready') return
    if (
      method === 'logging/setLevel' &&
      !('logging' in (instance.upstream?.greeting.capabilities ?? {}))
    )
      return
    this.#ask(instance, method, params, listTimeoutMs).catch((error: unknown) => {
      this.log.append('lifecycle', `${method} failed. ${asGatewayError(error).message}`)
    })
  }

  /** A request of the gateway itself. Undefined time-out: as long as a start may take. */
  #ask(
    instance: Instance,
    method: string,
    params: object | undefined,
    timeoutMs: number | undefined,
  ): Promise<Envelope> {
    const envelope = readEnvelope(message(method, params, 0))
    if (!isRequest(envelope)) throw new GatewayError('internal', `${method} is no request.`)
    return new Promise((resolve, reject) => {
      let stopTimer = (): void => {}
      const reply: Reply = {
        caller: gatewayCaller,
        answer: (response) => {
          stopTimer()
          resolve(response)
        },
        fail: (error) => {
          stopTimer()
          reject(error)
        },
        notify: () => false,
      }
      const owner: CallOwner = {
        settled: () => instance.settled(),
        lost: (call, error) => call.fail(error),
      }
      const call = new Call(
        { envelope, progressToken: undefined, edits: [] },
        reply,
        owner,
        this.#options.clock.now(),
      )
      if (timeoutMs !== undefined)
        stopTimer = this.#options.clock.after(timeoutMs, () => {
          call.cancel('timed out')
          const s = Math.round(timeoutMs / 1000)
          reject(
            new GatewayError(
              'server_timeout',
              `${this.id} did not answer ${method} within ${s} s.`,
            ),
          )
        })
      instance.send(call)
    })
  }

  #denied(outgoing: Outgoing): GatewayError | undefined {
    const { envelope } = outgoing
    if (!this.#toolAccess || envelope.method !== 'tools/call') return undefined
    const span = member(envelope.bytes, envelope.params, 'name')
    const rewritten = outgoing.edits.find((edit) => edit.start === span?.start)
    const name = rewritten
      ? stringAt(rewritten.text, { start: 0, end: rewritten.text.length })
      : stringAt(envelope.bytes, span)
    if (name !== undefined && this.#toolAccess.allows(name)) return undefined
    // The spec's own answer for a tool that is not there (server/tools, Error Handling).
    return new GatewayError('invalid_params', `Unknown tool: ${name ?? ''}`)
  }

  #filtered(outgoing: Outgoing, reply: Reply): Reply {
    const access = this.#toolAccess
    if (!access || outgoing.envelope.method !== 'tools/list') return reply
    return {
      caller: reply.caller,
      notify: (bytes) => reply.notify(bytes),
      fail: (error) => reply.fail(error),
      answer: (response) => {
        const { bytes, result } = response
        if (!result) return reply.answer(response)
        const text = access.filtered(slice(bytes, result))
        reply.answer(readEnvelope(spliced(bytes, [{ start: result.start, end: result.end, text }])))
      },
    }
  }

  #changed(): void {
    this.#options.events.changed(this)
  }
}

function saysListChanged(greeting: ServerGreeting): boolean {
  return ['tools', 'prompts', 'resources'].every((name) => {
    const capability = greeting.capabilities[name]
    if (capability === undefined) return true
    return (
      typeof capability === 'object' &&
      capability !== null &&
      'listChanged' in capability &&
      capability.listChanged === true
    )
  })
}

function readable(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`
}

function unresolvable(definition: ServerDefinition, problem: string): ResolvedServer {
  return {
    launch: {
      serverId: definition.id,
      runtime: definition.runtime,
      env: {},
      inheritEnv: false,
      baseDir: '.',
    },
    fingerprint: `unresolved:${definition.id}`,
    missing: [],
    secrets: [],
    problems: [problem],
  }
}
