import type { ApiLogLine } from '../../../src-shared/api-servers.ts'
import type { GatewayApi } from '../../../src-shared/api.ts'
import { messageOf } from '../../api-error.ts'
import { LogBuffer, type ServerLines } from './log-buffer.ts'
import { LogRing } from './log-ring.ts'

/** `loading` until every server's kept lines were read once. */
export type LogState = 'loading' | 'ready' | 'failed'

/** Calls `fn` soon: once a frame while the window is seen. Returns what forgets it. */
export type Schedule = (fn: () => void) => () => void

/** Servers whose lines are read at a time: a browser has six connections to one address. */
const readAtOnce = 3

/**
 * The log of all servers, from the first look at it on. Lines come in together, once a frame. While it is paused they
 * wait, as many as the buffer holds.
 */
export class LogStore {
  readonly buffer: LogBuffer
  state: LogState = 'loading'
  problem: unknown = null
  /** Servers whose lines could not be read, with the reason. */
  readonly unread = new Map<string, string>()
  isPaused = false
  /** Grows with every change. */
  version = 0
  readonly #gateway: GatewayApi
  readonly #schedule: Schedule
  readonly #listeners = new Set<() => void>()
  #waiting: LogRing<{ serverId: string; line: ApiLogLine }>
  #kept: readonly ServerLines[] = []
  /** The one server that it is about; undefined: all. */
  readonly #only: string | undefined
  #unschedule: (() => void) | undefined
  #stop: (() => void) | undefined

  constructor(gateway: GatewayApi, schedule: Schedule, capacity?: number, only?: string) {
    this.#gateway = gateway
    this.#only = only
    this.#schedule = schedule
    this.buffer = new LogBuffer(capacity)
    this.#waiting = new LogRing(this.buffer.ring.capacity)
  }

  /** How many lines have come while it is paused. */
  get waiting(): number {
    return this.isPaused ? this.#waiting.size : 0
  }

  /** Begins to follow; a second call does nothing. */
  start(): void {
    if (this.#stop !== undefined) return
    this.#stop = this.#gateway.onEvent((event) => {
      if (event.type === 'log') {
        if (this.#only !== undefined && event.server_id !== this.#only) return
        this.#waiting.push({ serverId: event.server_id, line: event.line })
        this.#soon()
      } else if (event.type === 'connection' && event.ok) void this.load()
    })
    void this.load()
  }

  stop(): void {
    this.#stop?.()
    this.#stop = undefined
    this.#unschedule?.()
    this.#unschedule = undefined
  }

  /** Reads what every server has kept: at first, and after a connection was lost. */
  async load(): Promise<void> {
    if (this.state === 'failed') {
      this.state = 'loading'
      this.#changed()
    }
    try {
      this.#kept = await this.#readAll(await this.#ids())
      this.state = 'ready'
      this.problem = null
      if (!this.isPaused) this.#flush()
      this.#changed()
    } catch (thrown) {
      // What is there is of more use than the error.
      if (this.state !== 'loading') return
      this.problem = thrown
      this.state = 'failed'
      this.#changed()
    }
  }

  pause(isPaused: boolean): void {
    if (isPaused === this.isPaused) return
    // What came before the pause belongs to what is seen.
    if (isPaused) this.#flush()
    this.isPaused = isPaused
    if (!isPaused) this.#flush()
    this.#changed()
  }

  clear(): void {
    this.#flush()
    this.buffer.clear()
    this.#changed()
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async #ids(): Promise<string[]> {
    if (this.#only !== undefined) return [this.#only]
    const rows = await this.#gateway.call('servers.list', {})
    return rows.map(({ id }) => id)
  }

  async #readAll(ids: readonly string[]): Promise<ServerLines[]> {
    const kept: ServerLines[] = []
    const queue = ids.values()
    const reader = async () => {
      for (const serverId of queue) {
        try {
          kept.push({ serverId, lines: await this.#gateway.call('server.logs', { id: serverId }) })
          this.unread.delete(serverId)
        } catch (thrown) {
          this.unread.set(serverId, messageOf(thrown))
        }
      }
    }
    await Promise.all(Array.from({ length: readAtOnce }, reader))
    return kept
  }

  #soon(): void {
    this.#unschedule ??= this.#schedule(() => {
      this.#unschedule = undefined
      // Paused, their number alone changes.
      if (this.isPaused || this.#flush() > 0) this.#changed()
    })
  }

  /** Returns how many lines were new. */
  #flush(): number {
    if (this.state !== 'ready') return 0
    this.buffer.merge(this.#kept)
    this.#kept = []
    let taken = 0
    for (const { serverId, line } of this.#waiting)
      if (this.buffer.add(serverId, line) !== undefined) taken++
    if (this.#waiting.size > 0) this.#waiting = new LogRing(this.buffer.ring.capacity)
    return taken
  }

  #changed(): void {
    this.version++
    for (const listener of this.#listeners) listener()
  }
}
