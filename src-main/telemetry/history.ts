import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type {
  ActivityDetail,
  ActivityEntry,
  ParsedInput,
  ProcedureOutput,
} from '../../src-shared/api.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import type { Call, Ending } from '../mcp/call.ts'
import type { Outgoing } from '../mcp/caller.ts'
import type { Envelope } from '../mcp/envelope.ts'
import type { Clock } from '../servers/clock.ts'
import type { PastRequest } from './history-replay.ts'
import type { FinishedCall } from './history-row.ts'
import type { HistoryLimits, HistoryStore } from './history-store.ts'
import type { Log } from './log.ts'

/** What is told of each call of a client that has ended, in the call's own way: it must cost next to nothing. */
export interface CallRecorder {
  record(serverId: string, call: Call, ending: Ending, durationMs: number): void
}

/**
 * The last requests of clients to servers, bounded, on disk. Entries are written some time after their call has ended:
 * `flush` waits for what has ended until now. If the disk fails, the history is off from then on (`enabled`), says so
 * once in the log, and answers as if it was empty.
 */
export interface History {
  readonly enabled: boolean
  /** Newest first, with what has ended until now. */
  list(filter: ParsedInput<'activity.list'>): Promise<ProcedureOutput<'activity.list'>>
  /** Rejects with GatewayError `not_found`. */
  get(id: number): Promise<ActivityDetail>
  /** Rejects with GatewayError `not_found`; `conflict` where it cannot be sent again (`replay_reason`). */
  pastRequest(id: number): Promise<PastRequest>
  clear(): Promise<void>
  /** Called with each entry once it is kept, oldest first. Returns how to stop. */
  onEntry(fn: (entry: ActivityEntry) => void): () => void
  flush(): Promise<void>
  /** Writes what is left. Idempotent. */
  close(): Promise<void>
}

export interface HistoryOptions {
  stateDir: string
  redact: (text: string) => string
  log: Log
  clock: Clock
  limits?: HistoryLimits
}

/** About what a person looks through, and a hundredth of a cheap disk. */
const defaultLimits: HistoryLimits = { rows: 10_000, bytes: 64 * 1024 * 1024 }
/** Longer requests and answers are not kept. */
export const maxBodyBytes = 256 * 1024
/** Of a request that is not kept: its beginning mostly tells what it is about. */
const headBytes = 4 * 1024
/** Of what waits for the next batch; what comes then is kept without what was said. */
const maxPendingBytes = 1024 * 1024
/**
 * Calls that may end at once, and each second when they never cease. Nobody reads hundreds of requests a second, and
 * the calls themselves should not pay for it.
 */
const maxBurst = 1_000
const maxCallsPerSecond = 200
const batchDelayMs = 500
/** The event loop is free for others after each. */
const sliceMs = 2

/** The history in a file of the state directory. Neither the file nor SQLite is touched before they are needed. */
export class RequestHistory implements History, CallRecorder {
  readonly #options: HistoryOptions
  readonly #listeners = new Set<(entry: ActivityEntry) => void>()
  #pending: FinishedCall[] = []
  #pendingBytes = 0
  /** How many more calls may end before the next batch begins; and when that was reckoned, of clock.now(). */
  #room = maxBurst
  #roomAt = 0
  #skipped = 0
  #isWaiting = false
  #isClosed = false
  #hasFailed = false
  #store: HistoryStore | undefined
  /** One after the other: the batches, and what reads or removes them. */
  #work: Promise<unknown> = Promise.resolve()

  constructor(options: HistoryOptions) {
    this.#options = options
  }

  get enabled(): boolean {
    return !this.#hasFailed
  }

  record(serverId: string, call: Call, ending: Ending, durationMs: number): void {
    if (this.#hasFailed || this.#isClosed) return
    if (!this.#isWaiting) this.#begin()
    if (this.#room < 1) {
      this.#skipped++
      return
    }
    this.#room--
    const { outgoing } = call
    const error = ending instanceof GatewayError ? ending : undefined
    const response = ending instanceof GatewayError ? undefined : ending
    const isWhole = this.#takes(outgoing.envelope.bytes.length)
    this.#pending.push({
      serverId,
      caller: call.reply.caller,
      outgoing: isWhole ? withOwnBytes(outgoing) : beginningOf(outgoing),
      isWhole,
      response: response && this.#takes(response.bytes.length) ? ownBytes(response) : undefined,
      error,
      outcome: !ending ? 'cancelled' : error || response?.error ? 'error' : 'ok',
      startedAt: this.#options.clock.wall() - durationMs,
      durationMs,
    })
  }

  #begin(): void {
    const { clock } = this.#options
    const now = clock.now()
    const more = ((now - this.#roomAt) / 1000) * maxCallsPerSecond
    this.#room = Math.min(this.#room + more, maxBurst)
    this.#roomAt = now
    this.#isWaiting = true
    clock.after(batchDelayMs, () => void this.flush())
  }

  /** True if there is room for this much, which is then taken. */
  #takes(bytes: number): boolean {
    if (bytes > maxBodyBytes || this.#pendingBytes + bytes > maxPendingBytes) return false
    this.#pendingBytes += bytes
    return true
  }

  async list(filter: ParsedInput<'activity.list'>): Promise<ProcedureOutput<'activity.list'>> {
    await this.flush()
    const found = await this.#with((store) => store.list(filter))
    return { enabled: this.enabled, entries: [], more: false, skipped: this.#skipped, ...found }
  }

  async get(id: number): Promise<ActivityDetail> {
    return (await this.#with((store) => store.get(id))) ?? off()
  }

  async pastRequest(id: number): Promise<PastRequest> {
    return (await this.#with((store) => store.pastRequest(id))) ?? off()
  }

  async clear(): Promise<void> {
    await this.flush()
    await this.#with((store) => store.clear())
  }

  onEntry(fn: (entry: ActivityEntry) => void): () => void {
    this.#listeners.add(fn)
    return () => this.#listeners.delete(fn)
  }

  async flush(): Promise<void> {
    const calls = this.#pending
    this.#pending = []
    this.#pendingBytes = 0
    this.#isWaiting = false
    if (calls.length === 0) {
      await this.#work
      return
    }
    let written = 0
    await this.#with(async (store) => {
      while (written < calls.length) {
        const entries = store.write(calls, written, sliceMs)
        written += entries.length
        for (const entry of entries) this.#tell(entry)
        await nextTurn()
      }
      while (store.prune()) await nextTurn()
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.flush()
    this.#store?.close()
    this.#store = undefined
  }

  /** Does this when what is before it is done. Undefined if the history is off; a GatewayError is passed on. */
  #with<T>(work: (store: HistoryStore) => T | Promise<T>): Promise<T | undefined> {
    const run = async (): Promise<T | undefined> => {
      if (this.#hasFailed) return undefined
      try {
        return await this.#attempt(work)
      } catch (error) {
        if (error instanceof GatewayError) throw error
        this.#fail(error)
        return undefined
      }
    }
    const result = this.#work.then(run)
    this.#work = result.catch(() => {})
    return result
  }

  /** A file that turns out to be no history, or a damaged one, is set aside, and the work is done on a new one. */
  async #attempt<T>(work: (store: HistoryStore) => T | Promise<T>): Promise<T> {
    const { HistoryStore } = await import('./history-store.ts')
    const { isDamage, setHistoryAside, UnreadableHistory } = await import('./history-database.ts')
    const { stateDir, log, redact, limits = defaultLimits } = this.#options
    const file = path.join(stateDir, 'history.sqlite')
    const open = (): HistoryStore => (this.#store ??= new HistoryStore(file, limits, redact))
    try {
      return await work(open())
    } catch (error) {
      if (!(error instanceof UnreadableHistory) && !isDamage(error)) throw error
      this.#store?.close()
      this.#store = undefined
      const aside = setHistoryAside(file)
      log.warn({ error, file: aside }, 'The history of requests cannot be read. It begins anew.')
      return work(open())
    }
  }

  #fail(error: unknown): void {
    this.#hasFailed = true
    this.#pending = []
    this.#options.log.warn(
      { error },
      'The history of requests cannot be kept, and is off until the next start.',
    )
    try {
      this.#store?.close()
    } finally {
      this.#store = undefined
    }
  }

  #tell(entry: ActivityEntry): void {
    for (const listener of this.#listeners) {
      try {
        listener(entry)
      } catch (error) {
        this.#listeners.delete(listener)
        this.#options.log.error({ error }, 'A follower of the history failed and gets no more.')
      }
    }
  }
}

/** A small message may be a view of something large (a batch, a chunk), which must not stay in memory for it. */
function ownBytes<E extends Envelope>(envelope: E): E {
  const { bytes } = envelope
  if (bytes.buffer.byteLength <= bytes.length + headBytes) return envelope
  return { ...envelope, bytes: Buffer.from(bytes) }
}

function withOwnBytes(outgoing: Outgoing): Outgoing {
  const envelope = ownBytes(outgoing.envelope)
  return envelope === outgoing.envelope ? outgoing : { ...outgoing, envelope }
}

function beginningOf(outgoing: Outgoing): Outgoing {
  const { envelope } = outgoing
  if (envelope.bytes.length <= headBytes) return withOwnBytes(outgoing)
  const bytes = Buffer.from(envelope.bytes.subarray(0, headBytes))
  return { ...outgoing, envelope: { ...envelope, bytes } }
}

function off(): never {
  throw new GatewayError('not_found', 'The history of requests is off.')
}
