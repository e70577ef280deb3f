import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { LogSource } from '../../src-shared/server-state.ts'
import type { Call } from '../mcp/call.ts'
import type { Caller, ClientCapabilities } from '../mcp/caller.ts'
import { LegacyUpstream } from '../mcp/legacy-upstream.ts'
import type { Upstream, UpstreamEvents, UpstreamLimits } from '../mcp/upstream.ts'
import type { Launch, LaunchDefinition, Link } from '../runtimes/runtime.ts'
import type { Clock } from './clock.ts'

export type InstancePhase = 'waiting' | 'starting' | 'ready' | 'draining' | 'ended'

export interface InstanceOptions {
  serverId: string
  launch: Launch
  /** Resolves variables; rejects with what is missing. */
  definition: () => Promise<LaunchDefinition>
  /** Backoff, and the end of a predecessor that must not overlap. */
  before: { delayMs: number; predecessors: Promise<void> | undefined }
  startTimeoutMs: number
  clock: Clock
  limits: () => UpstreamLimits
  owner: Caller | undefined
  capabilities: ClientCapabilities
  version: string
  events: UpstreamEvents & {
    phase(instance: Instance): void
    /** It has failed (did not start, crashed, did not answer); its end follows. */
    failed(instance: Instance, error: GatewayError): void
    /** Once, when nothing of it is alive. */
    ended(instance: Instance): void
    log(source: LogSource, text: string): void
  }
}

/** More waiting calls than this during one start are refused. */
const maxWaiting = 1_000

/** One launched process (or connection) of a server, from its start to its end. */
export class Instance {
  phase: InstancePhase = 'waiting'
  upstream: Upstream | undefined
  /** clock.now() of the last request or answer that was activity. */
  lastActivity: number
  startedWall = 0
  /** Pings in a row without an answer. */
  missedPings = 0
  /** Resolves when nothing of it is alive. */
  readonly ended: Promise<void>
  readonly owner: Caller | undefined
  readonly #options: InstanceOptions
  readonly #waiting: Call[] = []
  readonly #abort = new AbortController()
  #link: Link | undefined
  #failure: GatewayError | undefined
  #drained: (() => void) | undefined
  #resolveEnded: () => void = () => {}
  #stopping: Promise<void> | undefined

  constructor(options: InstanceOptions) {
    this.#options = options
    this.owner = options.owner
    this.lastActivity = options.clock.now()
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve))
    void this.#start()
  }

  get usable(): boolean {
    return this.phase === 'waiting' || this.phase === 'starting' || this.phase === 'ready'
  }

  get pids(): readonly number[] {
    return this.#link?.pids ?? []
  }

  get inFlight(): number {
    return (this.upstream?.inFlight ?? 0) + this.#waiting.length
  }

  /** The call goes out now, or when the server is up. */
  send(call: Call): void {
    if (!call.internal) this.lastActivity = this.#options.clock.now()
    if (this.phase === 'ready' && this.upstream) {
      if (!this.upstream.send(call)) call.owner.lost(call, this.#gone(), false)
      return
    }
    if (this.#waiting.length >= maxWaiting) {
      const { serverId } = this.#options
      call.fail(
        new GatewayError(
          'too_many',
          `${maxWaiting} requests already wait for ${serverId} to start.`,
        ),
      )
      return
    }
    call.carrier = this
    this.#waiting.push(call)
  }

  abandon(call: Call): void {
    const at = this.#waiting.indexOf(call)
    if (at >= 0) this.#waiting.splice(at, 1)
    this.settled()
  }

  sweep(): void {
    this.upstream?.sweep()
  }

  /** To be called when a call of it has ended: a drain may be over. */
  settled(): void {
    if (this.#drained && this.inFlight === 0) this.#drained()
  }

  /** Lets what is in flight finish, at most `drainMs`, then stops. Takes no new calls. */
  async drain(drainMs: number): Promise<void> {
    if (!this.usable) return this.ended
    if (this.inFlight > 0 && drainMs > 0 && this.phase === 'ready') {
      this.#become('draining')
      await new Promise<void>((resolve) => {
        const cancel = this.#options.clock.after(drainMs, resolve)
        this.#drained = () => {
          cancel()
          resolve()
        }
      })
    }
    await this.stop()
  }

  /** Stops it; calls still under way are lost. Resolves when nothing of it is alive. */
  stop(failure?: GatewayError): Promise<void> {
    if (this.phase === 'ended') return this.ended
    if (failure && !this.#failure) {
      this.#failure = failure
      this.#options.events.failed(this, failure)
    }
    this.#stopping ??= this.#stop()
    return this.ended
  }

  async #stop(): Promise<void> {
    const link = this.#link
    this.#become('draining')
    this.#abort.abort()
    if (link) await link.close()
    this.#finish()
  }

  async #start(): Promise<void> {
    const { before, clock, events, serverId, startTimeoutMs } = this.#options
    const { signal } = this.#abort
    let stopTimer = (): void => {}
    const started = clock.now()
    try {
      await before.predecessors
      if (before.delayMs > 0) await this.#pause(before.delayMs)
      if (signal.aborted) return
      this.#become('starting')
      stopTimer = clock.after(startTimeoutMs, () => {
        const s = Math.round(startTimeoutMs / 1000)
        const why = this.#link
          ? 'It was launched, but did not answer initialize'
          : 'It was not launched'
        void this.stop(
          new GatewayError(
            'server_timeout',
            `${serverId} did not start. ${why} within ${s} s. Check its log, or raise start_timeout_seconds.`,
          ),
        )
      })
      const definition = await this.#options.definition()
      if (signal.aborted) return
      const link = await this.#options.launch(
        definition,
        {
          message: (bytes, relatedTo) => this.upstream?.receive(bytes, relatedTo),
          failed: (id, error, reached) => this.upstream?.undelivered(id, error, reached),
          closed: (reason) => this.#closed(reason.message, reason.expected),
          log: (source, text) => events.log(source, text),
        },
        signal,
      )
      this.#link = link
      // The start may have been given up while the launch was under way.
      if (this.#stopping) {
        await link.close()
        return
      }
      const upstream = new LegacyUpstream({
        ...this.#options,
        link,
        junk: (text) => events.log('lifecycle', text),
      })
      this.upstream = upstream
      await upstream.greet()
      if (this.phase !== 'starting') return
      this.startedWall = clock.wall()
      this.lastActivity = clock.now()
      events.log('lifecycle', `Started in ${Math.round(clock.now() - started)} ms.`)
      this.#become('ready')
      for (const call of this.#waiting.splice(0)) this.send(call)
    } catch (error) {
      await this.stop(asGatewayError(error))
    } finally {
      stopTimer()
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve)
      this.#abort.signal.addEventListener('abort', () => {
        cancel()
        resolve()
      })
    })
  }

  /** The link has ended, by itself or because it was closed. */
  #closed(message: string, expected: boolean): void {
    if (expected || this.#stopping) return
    const { serverId } = this.#options
    const what = this.phase === 'starting' ? 'did not start' : 'stopped unexpectedly'
    void this.stop(new GatewayError('server_failed', `${serverId} ${what}. ${message}`))
    // In-flight calls get their error now, not when the last descendant is gone.
    this.upstream?.close(this.#gone())
  }

  #gone(): GatewayError {
    const { serverId } = this.#options
    return (
      this.#failure ??
      new GatewayError('server_failed', `${serverId} was stopped before it answered.`)
    )
  }

  #become(phase: InstancePhase): void {
    if (this.phase === phase) return
    this.phase = phase
    this.#options.events.phase(this)
  }

  #finish(): void {
    if (this.phase === 'ended') return
    const error = this.#gone()
    this.upstream?.close(error)
    for (const call of this.#waiting.splice(0)) {
      call.carrier = undefined
      if (this.#failure) call.fail(error)
      else call.owner.lost(call, error, false)
    }
    this.phase = 'ended'
    this.#drained?.()
    this.#options.events.ended(this)
    this.#resolveEnded()
  }
}
