import { setTimeout as delay } from 'node:timers/promises'
import type { ApiEvent, DesktopState } from '../../src-shared/api.ts'
import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import { AlreadyRunningError, runningGateway } from '../host/gateway-claim.ts'
import type { GatewayInfo } from '../host/gateway-claim.ts'
import { loadSettings } from '../host/settings.ts'
import type { Settings, SettingsFlags } from '../host/settings.ts'
import { askToLeave } from './takeover.ts'

/** A gateway that can be spoken to, wherever it runs. */
export interface Peer {
  /** Rejects with GatewayError. */
  call(name: string, input: unknown): Promise<unknown>
  onEvent(fn: (event: ApiEvent) => void): () => void
}

/** Hosted in this process. */
export interface OwnGateway extends Peer {
  /** What is in flight finishes, every server ends. Rejects if that took too long, and what was left was killed. */
  close(): Promise<void>
  /** The machine has slept: what is still alive is found out soon. */
  checkHealth(): void
}

/** Somebody else's. */
export interface AttachedGateway extends Peer {
  /** Ends our connections. */
  leave(): void
}

export interface GatewayLinkOptions {
  flags: SettingsFlags
  /**
   * Rejects with AlreadyRunningError, or GatewayError for what a person must mend. `onKill` gets what ends every process
   * of every server at once, from before the first one runs.
   */
  host: (settings: Settings, onKill: (kill: () => Promise<void>) => void) => Promise<OwnGateway>
  /** Rejects with GatewayError. */
  attach: (settings: Settings, info: GatewayInfo) => Promise<AttachedGateway>
}

type Link =
  | { kind: 'starting' }
  | { kind: 'own'; peer: OwnGateway; settings: Settings }
  | { kind: 'attached'; peer: AttachedGateway; settings: Settings }
  | { kind: 'none'; error: GatewayError }

/** One that is just starting has not said yet whose it is. */
const tries = 30
const betweenTriesMs = 100
/** Whoever runs an attached gateway as a service may be restarting it. */
const serviceRestartMs = 3_000

/**
 * The app's gateway: its own, in this process; or, if one runs already that a person or the system has started, that
 * one. A gateway that a shim started is taken over.
 */
export class GatewayLink implements Peer {
  private readonly options: GatewayLinkOptions
  private link: Link = { kind: 'starting' }
  private opening: Promise<void> = Promise.resolve()
  private isClosing = false
  private unfollow = (): void => {}
  private killOwn = (): Promise<void> => Promise.resolve()
  private readonly followers = new Set<(event: ApiEvent) => void>()
  private readonly watchers = new Set<() => void>()

  constructor(options: GatewayLinkOptions) {
    this.options = options
  }

  get state(): DesktopState['gateway'] {
    return this.link.kind
  }

  /** Why there is no gateway, and what to do. */
  get problem(): string | null {
    return this.link.kind === 'none' ? this.link.error.message : null
  }

  onChange(fn: () => void): void {
    this.watchers.add(fn)
  }

  onEvent(fn: (event: ApiEvent) => void): () => void {
    this.followers.add(fn)
    return () => this.followers.delete(fn)
  }

  /** Waits for a gateway that is starting. Rejects with GatewayError, `problem` if there is none. */
  async call(name: string, input: unknown): Promise<unknown> {
    await this.opening
    const { link } = this
    if (link.kind === 'none') throw link.error
    if (link.kind === 'starting') throw new GatewayError('shutting_down', 'The app is quitting.')
    return link.peer.call(name, input)
  }

  /** Never rejects: what keeps a gateway from starting is the `problem`. */
  start(): Promise<void> {
    this.opening = this.opening.then(() => this.open())
    return this.opening
  }

  /** With the settings as they are on disk now. */
  restart(): Promise<void> {
    this.opening = this.opening.then(async () => {
      await this.end()
      await this.open()
    })
    return this.opening
  }

  /** Our own gateway stops every server; an attached one is left as it is. Rejects if stopping took too long. */
  async close(): Promise<void> {
    this.isClosing = true
    await this.opening
    await this.end()
  }

  /** Every process of every server of our own gateway, at once; resolves when their containers are gone, or 1.5 s later. */
  kill(): Promise<void> {
    this.isClosing = true
    return this.killOwn()
  }

  checkHealth(): void {
    if (this.link.kind === 'own') this.link.peer.checkHealth()
  }

  private async end(): Promise<void> {
    const { link } = this
    this.set({ kind: 'starting' })
    if (link.kind === 'own') await link.peer.close()
    else if (link.kind === 'attached') link.peer.leave()
  }

  private async open(): Promise<void> {
    if (this.isClosing) return
    this.set({ kind: 'starting' })
    try {
      const settings = await loadSettings(this.options.flags)
      this.set(await this.reach(settings))
    } catch (error) {
      this.set({ kind: 'none', error: asGatewayError(error) })
    }
  }

  private async reach(settings: Settings): Promise<Link> {
    for (let tried = 1; ; tried++) {
      const running = runningGateway(settings.files)
      if (running?.spawned === false) {
        const peer = await this.options.attach(settings, running)
        return { kind: 'attached', peer, settings }
      }
      const starts = running === undefined ? undefined : await askToLeave(settings.files)
      try {
        const peer = await this.options.host(settings, (kill) => (this.killOwn = kill))
        return { kind: 'own', peer, settings }
      } catch (error) {
        if (!(error instanceof AlreadyRunningError) || tried === tries) throw error
      } finally {
        starts?.release()
      }
      await delay(betweenTriesMs)
    }
  }

  private set(link: Link): void {
    this.unfollow()
    this.unfollow = () => {}
    const wasUp = this.link.kind === 'own' || this.link.kind === 'attached'
    this.link = link
    if (link.kind === 'own') this.unfollow = link.peer.onEvent((event) => this.emit(event))
    if (link.kind === 'attached') this.unfollow = this.followAttached(link)
    for (const watcher of this.watchers) watcher()
    const isUp = link.kind === 'own' || link.kind === 'attached'
    if (isUp !== wasUp || isUp) this.emit({ type: 'connection', ok: isUp })
  }

  private followAttached({ peer, settings }: Link & { kind: 'attached' }): () => void {
    let isLeft = false
    const end = peer.onEvent((event) => {
      this.emit(event)
      if (event.type === 'connection' && !event.ok) void this.succeed(settings, () => isLeft)
    })
    return () => {
      isLeft = true
      end()
    }
  }

  /** If the attached gateway has ended and does not come back, we start our own. */
  private async succeed(settings: Settings, isLeft: () => boolean): Promise<void> {
    const deadline = performance.now() + serviceRestartMs
    const pid = runningGateway(settings.files)?.pid
    for (;;) {
      await delay(betweenTriesMs)
      if (isLeft() || this.isClosing) return
      const running = runningGateway(settings.files)
      // Still the same one: the connection alone was lost, and comes back by itself.
      if (running !== undefined && running.pid === pid) return
      if (running !== undefined || performance.now() > deadline) break
    }
    await this.restart()
  }

  private emit(event: ApiEvent): void {
    for (const follower of this.followers) follower(event)
  }
}
