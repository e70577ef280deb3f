import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { LogSource } from '../../src-shared/server-state.ts'
import type { Call } from '../mcp/call.ts'
import type { Caller, ClientCapabilities, Era } from '../mcp/caller.ts'
import { LegacyUpstream } from '../mcp/legacy-upstream.ts'
import { ModernUpstream } from '../mcp/modern-upstream.ts'
import type { ServerGreeting, Upstream, UpstreamEvents, UpstreamLimits } from '../mcp/upstream.ts'
import type { Launch, LaunchDefinition, Link, StartWait } from '../runtimes/runtime.ts'
import type { Clock } from './clock.ts'
import { reworded } from './reworded-error.ts'

export type InstancePhase = 'waiting' | 'starting' | 'ready' | 'draining' | 'ended'

export interface InstanceOptions {
  serverId: string
  launch: Launch
  /** Masks secrets; what a server prints ends up in errors. */
  redact: (text: string) => string
  /** Resolves variables; rejects with what is missing. */
  definition: () => Promise<LaunchDefinition>
  /** Backoff, the end of a predecessor that must not overlap, and a person who is signing in. */
  before: { delayMs: number; predecessors: Promise<unknown> | undefined }
  startTimeoutMs: number
  clock: Clock
  limits: () => UpstreamLimits
  owner: Caller | undefined
  capabilities: ClientCapabilities
  version: string
  /** The era that the server was last found to speak. */
  era: () => Era | undefined
  toolSchema: (name: string) => Buffer | undefined
  events: UpstreamEvents & {
    phase(instance: Instance): void
    /** The server has shown which era it speaks; undefined: what was known of it does not hold. */
    era(era: Era | undefined): void
    /** It has failed (did not start, crashed, did not answer); its end follows. */
    failed(instance: Instance, error: GatewayError): void
    /** Once, when nothing of it is alive. */
    ended(instance: Instance): void
    log(source: LogSource, text: string): void
  }
}

/** A server that is silent on `server/discover` costs this once; most of the legacy era refuse it within milliseconds. */
const probeMs = 2_000
const knownModernMs = 30_000

/** More waiting calls than this during one start are refused. */
const maxWaiting = 1_000

/** One launched process (or connection) of a server, from its start to its end. */
export class Instance {
  phase: InstancePhase = 'waiting'
  upstream: Upstream | undefined
  /** Undefined until it is ready. */
  greeting: ServerGreeting | undefined
  /** Why it failed; undefined while it is well, and if it was stopped for another reason. */
  failure: GatewayError | undefined
  /** clock.now() of the last request or answer that was activity. */
  lastActivity: number
  startedWall = 0
  /** Pings in a row without an answer. */
  missedPings = 0
  /** Resolves when it is ready, or will never be. */
  readonly up: Promise<void>
  /** Resolves when nothing of it is alive. */
  readonly ended: Promise<void>
  readonly #options: InstanceOptions
  readonly #waiting: Call[] = []
  readonly #abort = new AbortController()
  #launching: Promise<Link | undefined> | undefined
  #link: Link | undefined
  /** Was asked which era it speaks and has not answered yet. */
  #probe: ModernUpstream | undefined
  /** What calls are told that it leaves without an answer. */
  #why: GatewayError | undefined
  /** What its launch waits for, where that has told. */
  #wait: StartWait | undefined
  #isStopping = false
  #isHurried = false
  #endPause: () => void = () => {}
  #stopTimer: () => void = () => {}
  #drained: (() => void) | undefined
  #resolveUp: () => void = () => {}
  #resolveEnded: () => void = () => {}

  constructor(options: InstanceOptions) {
    this.#options = options
    this.lastActivity = options.clock.now()
    this.up = new Promise((resolve) => (this.#resolveUp = resolve))
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve))
    void this.#start()
  }

  get serverId(): string {
    return this.#options.serverId
  }

  /** True if it takes new calls, now or when it is up. */
  get usable(): boolean {
    return this.phase === 'waiting' || this.phase === 'starting' || this.phase === 'ready'
  }

  get pids(): readonly number[] {
    return this.phase === 'ended' ? [] : (this.#link?.pids ?? [])
  }

  get inFlight(): number {
    return (this.upstream?.inFlight ?? 0) + this.#waiting.length
  }

  /** The call goes out now, or when the server is up. */
  send(call: Call): void {
    if (!call.internal) this.lastActivity = this.#options.clock.now()
    if (this.phase === 'ready' && this.upstream?.send(call)) return
    if (!this.usable) call.owner.lost(call, this.#gone(), false)
    else if (this.#waiting.length >= maxWaiting) {
      const why = `${maxWaiting} requests already wait for ${this.serverId} to start.`
      call.fail(new GatewayError('too_many', `${why} Try again when it is up.`))
    } else {
      // Also when the link is gone already: its end, with the reason, is about to be told.
      call.carrier = this
      this.#waiting.push(call)
    }
  }

  /** A waiting call was cancelled. */
  abandon(call: Call): void {
    const at = this.#waiting.indexOf(call)
    if (at >= 0) this.#waiting.splice(at, 1)
  }

  sweep(): void {
    this.upstream?.sweep()
  }

  /** To be called when a call of it has ended: a drain may be over. */
  settled(): void {
    if (this.#drained && this.inFlight === 0) this.#drained()
  }

  /** Starts now if it waits for its turn after a failure. */
  hurry(): void {
    this.#isHurried = true
    this.#endPause()
  }

  /** Lets what is in flight finish, at most `drainMs`, then stops. Calls that did not finish are told `why`. */
  async drain(drainMs: number, why: GatewayError): Promise<void> {
    if (!this.usable) return this.ended
    this.#why = why
    // Calls that still wait for the start have reached nobody: they can go elsewhere.
    const isBusy = this.upstream !== undefined && this.upstream.inFlight > 0
    this.#become('draining')
    if (isBusy && drainMs > 0)
      await new Promise<void>((resolve) => {
        const cancel = this.#options.clock.after(drainMs, resolve)
        this.#drained = () => {
          cancel()
          resolve()
        }
      })
    return this.stop()
  }

  /** Stops it; calls still under way are lost. Resolves when nothing of it is alive. */
  stop(failure?: GatewayError): Promise<void> {
    if (this.#isStopping) return this.ended
    this.#isStopping = true
    if (failure) {
      this.failure = this.#redacted(failure)
      this.#why = this.failure
      this.#options.events.failed(this, this.failure)
    }
    void this.#stop()
    return this.ended
  }

  async #stop(): Promise<void> {
    const { events } = this.#options
    this.#become('draining')
    this.#abort.abort()
    this.#resolveUp()
    // Calls get their error now, not when the last descendant is gone.
    this.#release()
    try {
      // A launch that cannot be called off any more ends with a process.
      await (this.#link ?? (await this.#launching))?.close()
    } catch (error) {
      events.log('lifecycle', `It could not be stopped properly. ${asGatewayError(error).message}`)
    }
    this.phase = 'ended'
    this.#drained?.()
    events.ended(this)
    this.#resolveEnded()
  }

  #release(): void {
    const error = this.#gone()
    for (const call of this.#waiting.splice(0)) {
      call.carrier = undefined
      if (this.failure && !this.greeting) call.fail(error)
      else call.owner.lost(call, error, false)
    }
    this.#probe?.close(error)
    this.upstream?.close(error)
  }

  async #start(): Promise<void> {
    const { before, clock, events } = this.#options
    const { signal } = this.#abort
    try {
      await before.predecessors
      if (before.delayMs > 0 && !signal.aborted && !this.#isHurried)
        await this.#pause(before.delayMs)
      if (signal.aborted) return
      this.#become('starting')
      const started = clock.now()
      this.#limitStart()
      const definition = await this.#options.definition()
      if (signal.aborted) return
      const launching = this.#launch(definition, signal)
      this.#launching = launching.catch(() => undefined)
      const link = await launching
      this.#link = link
      if (signal.aborted) return
      this.greeting = await this.#greet(link)
      if (signal.aborted) return
      this.startedWall = clock.wall()
      this.lastActivity = clock.now()
      events.log('lifecycle', `Ready after ${Math.round(clock.now() - started)} ms.`)
      this.#become('ready')
      for (const call of this.#waiting.splice(0)) {
        call.carrier = undefined
        this.send(call)
      }
      this.#resolveUp()
    } catch (error) {
      await this.stop(asGatewayError(error))
    } finally {
      this.#stopTimer()
    }
  }

  #limitStart(): void {
    const { clock, startTimeoutMs } = this.#options
    this.#stopTimer()
    this.#stopTimer = clock.after(
      startTimeoutMs,
      () => void this.stop(this.#tooLate(startTimeoutMs)),
    )
  }

  /**
   * Finds out which era the server speaks, on this one process or connection: `server/discover` first, `initialize`
   * where that is not understood (2026-07-28 basic/versioning, Backward Compatibility).
   */
  async #greet(link: Link): Promise<ServerGreeting> {
    const { era, events, serverId } = this.#options
    const options = {
      ...this.#options,
      link,
      junk: (text: string) => events.log('lifecycle', text),
    }
    const known = era()
    const legacy = (): Promise<ServerGreeting> => {
      const upstream = new LegacyUpstream(options)
      this.upstream = upstream
      return upstream.greet()
    }
    const modern = new ModernUpstream(options)
    if (known === 'legacy')
      return legacy().catch(async (error: unknown) => {
        // Servers learn: what is remembered holds only while it works (basic/versioning, Backward Compatibility).
        events.era(undefined)
        if (this.#isStopping) throw error
        this.upstream = modern
        const found = await this.#within(probeMs, modern.discover())
        if (!found || found === 'late') throw error
        events.era('modern')
        return found
      })
    this.upstream = modern
    const discovering = modern.discover()
    const probing = this.#within(known === undefined ? probeMs : knownModernMs, discovering)
    const found = await probing.catch((error: unknown) => {
      // It has ended at the question: it is greeted the older way at its next start.
      if (this.failure && this.failure.code !== 'sign_in_needed')
        events.era(known === undefined ? 'legacy' : undefined)
      throw error
    })
    if (found && found !== 'late') {
      events.era('modern')
      return found
    }
    if (known === 'modern')
      events.log('lifecycle', `${serverId} spoke 2026-07-28 before and does not now.`)
    events.era('legacy')
    if (found === undefined) return legacy()
    // It is slow, or silent on what it does not know: the first answer tells.
    this.#probe = modern
    const late = discovering.then((greeting) => greeting ?? new Promise<never>(() => {}))
    const older = legacy().catch(async (error: unknown) => {
      const last = await this.#within(probeMs, late)
      if (last === 'late') throw error
      return last
    })
    const greeting = await Promise.race([late, older])
    this.#probe = undefined
    if (greeting.era === 'legacy') return greeting
    events.era('modern')
    this.upstream = modern
    return greeting
  }

  #within<T>(ms: number, promise: Promise<T>): Promise<T | 'late'> {
    return new Promise((resolve, reject) => {
      const stop = this.#options.clock.after(ms, () => resolve('late'))
      promise.finally(stop).then(resolve, reject)
    })
  }

  #launch(definition: LaunchDefinition, signal: AbortSignal): Promise<Link> {
    return this.#options.launch(
      definition,
      {
        message: (bytes, relatedTo) => {
          this.#probe?.late(bytes)
          this.upstream?.receive(bytes, relatedTo)
        },
        failed: (id, error, reached) => {
          // A greeting that is refused for want of a sign-in says nothing of the server's era.
          if (error.code === 'sign_in_needed' && !this.greeting) void this.stop(error)
          else this.upstream?.undelivered(id, this.#redacted(error), reached)
        },
        closed: (reason) => this.#closed(reason.message),
        log: (source, text) => this.#options.events.log(source, text),
        progress: (wait) => {
          this.#wait = wait
          if (this.phase === 'starting') this.#limitStart()
        },
      },
      signal,
    )
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve)
      this.#endPause = () => {
        cancel()
        resolve()
      }
      this.#abort.signal.addEventListener('abort', this.#endPause)
    })
  }

  #tooLate(ms: number): GatewayError {
    const waited = this.#link ? undefined : this.#wait
    const {
      what = `It was ${this.#link ? 'launched, but did not answer initialize' : 'not launched'}`,
      advice = 'Look at its log, and raise start_timeout_seconds if it needs longer.',
    } = waited ?? {}
    return new GatewayError(
      'server_timeout',
      `${this.serverId} did not start. ${what} within ${Math.round(ms / 1000)} s. ${advice}`,
    )
  }

  /** The link has ended, by itself or because it was closed. */
  #closed(message: string): void {
    const what = this.greeting ? 'stopped unexpectedly' : 'did not start'
    const why = /[.!?]$/.test(message) ? message : `${message}.`
    const then = this.greeting
      ? ''
      : ' Check its command, args and env in the catalog; its log has more.'
    void this.stop(new GatewayError('server_failed', `${this.serverId} ${what}. ${why}${then}`))
  }

  #redacted(error: GatewayError): GatewayError {
    return reworded(error, this.#options.redact(error.message))
  }

  #gone(): GatewayError {
    this.#why ??= new GatewayError(
      'server_failed',
      `${this.serverId} was stopped before it answered.`,
    )
    return this.#why
  }

  #become(phase: InstancePhase): void {
    if (this.phase === phase) return
    this.phase = phase
    this.#options.events.phase(this)
  }
}
