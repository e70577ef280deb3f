import type { ActivityEntry, GatewayApi } from '../../../src-shared/api.ts'
import {
  type ActivityEntries,
  type ActivityFilter,
  noEntries,
  passes,
  withNew,
  withOlder,
} from './activity-entries.ts'

export interface FeedState {
  status: 'loading' | 'ready' | 'failed'
  /** Of the first page, or of an older one. */
  error: unknown
  entries: ActivityEntries
  /** False: nothing is kept. */
  isKept: boolean
  /** Requests that were not kept because too many came at once. */
  skipped: number
  isReadingOlder: boolean
}

const pageSize = 100

/** The requests that pass one filter: the newest at first, older ones page by page, new ones as they come. */
export class ActivityFeed {
  state: FeedState = {
    status: 'loading',
    error: null,
    entries: noEntries,
    isKept: true,
    skipped: 0,
    isReadingOlder: false,
  }
  readonly #gateway: GatewayApi
  readonly #filter: ActivityFilter
  readonly #listeners = new Set<() => void>()
  #incoming: ActivityEntry[] = []
  #frame = 0
  #stop: (() => void) | undefined
  #hold = false

  constructor(gateway: GatewayApi, filter: ActivityFilter) {
    this.#gateway = gateway
    this.#filter = filter
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  start(): void {
    this.#stop ??= this.#gateway.onEvent((event) => {
      if (event.type === 'connection' && event.ok) void this.load()
      if (event.type !== 'activity' || !passes(this.#filter, event.entry)) return
      this.#incoming.push(event.entry)
      this.#soon()
    })
    void this.load()
  }

  stop(): void {
    this.#stop?.()
    this.#stop = undefined
    cancelAnimationFrame(this.#frame)
    clearTimeout(this.#frame)
    this.#frame = 0
  }

  /** The newest page: at first, after a failure, and after a connection was lost. */
  async load(): Promise<void> {
    if (this.state.status === 'failed') this.#set({ status: 'loading' })
    try {
      const page = await this.#gateway.call('activity.list', { ...this.#filter, limit: pageSize })
      const { shown } = this.state.entries
      const oldest = page.entries.at(-1)?.id ?? Infinity
      // What lies between the page and what is here is unknown: the list begins anew.
      const joins = shown[0] !== undefined && shown[0].id >= oldest
      const entries = joins
        ? withNew(this.state.entries, page.entries, this.#hold)
        : withOlder(noEntries, page.entries, page.more)
      const { enabled: isKept, skipped } = page
      this.#set({ status: 'ready', error: null, entries, isKept, skipped })
    } catch (error) {
      // What is there is of more use than the error.
      if (this.state.status === 'loading') this.#set({ status: 'failed', error })
    }
  }

  /** The next page of older ones. A failure shows at the end of the list; a further call tries again. */
  async readOlder(): Promise<void> {
    const { entries, isReadingOlder, status } = this.state
    const before = entries.shown.at(-1)?.id
    if (status !== 'ready' || isReadingOlder || !entries.more || before === undefined) return
    this.#set({ isReadingOlder: true, error: null })
    try {
      const page = await this.#gateway.call('activity.list', {
        ...this.#filter,
        before,
        limit: pageSize,
      })
      this.#set({
        isReadingOlder: false,
        entries: withOlder(this.state.entries, page.entries, page.more),
      })
    } catch (error) {
      this.#set({ isReadingOlder: false, error })
    }
  }

  /** While the list is read further down, new ones wait above it. */
  hold(hold: boolean): void {
    if (hold === this.#hold) return
    this.#hold = hold
    if (!hold && this.state.entries.held.length > 0)
      this.#set({ entries: withNew(this.state.entries, [], false) })
  }

  /** Everything was removed. */
  empty(): void {
    this.#incoming = []
    this.#set({ entries: { ...noEntries, more: false } })
  }

  #soon(): void {
    if (this.#frame !== 0) return
    const flush = () => {
      this.#frame = 0
      const entries = this.#incoming
      this.#incoming = []
      this.#set({ entries: withNew(this.state.entries, entries, this.#hold) })
    }
    // A window that nobody sees draws no frames.
    this.#frame = document.hidden ? window.setTimeout(flush, 250) : requestAnimationFrame(flush)
  }

  #set(change: Partial<FeedState>): void {
    this.state = { ...this.state, ...change }
    for (const listener of this.#listeners) listener()
  }
}
