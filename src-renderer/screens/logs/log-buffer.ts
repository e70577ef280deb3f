import type { ApiLogLine } from '../../../src-shared/api-servers.ts'
import { guessLevel, type GuessedLevel } from './log-level.ts'
import { LogRing } from './log-ring.ts'
import { plainText } from './log-text.ts'

/** One line of the stream of all servers. */
export interface LogEntry {
  readonly serverId: string
  readonly seq: number
  /** Milliseconds since 1970. */
  readonly time: number
  readonly source: ApiLogLine['source']
  readonly level: GuessedLevel | undefined
  readonly text: string
}

/** Lines of one server, oldest first. */
export interface ServerLines {
  serverId: string
  lines: readonly ApiLogLine[]
}

/** How many lines a window keeps, of all servers together. */
const keptLines = 100_000

/**
 * The last lines of all servers in the order of their times. A line is taken once, however often it comes: by the list
 * that a server is read with, and by its event.
 */
export class LogBuffer {
  readonly ring: LogRing<LogEntry>
  readonly #seen = new Map<string, { seq: number; time: number }>()

  constructor(capacity: number = keptLines) {
    this.ring = new LogRing(capacity)
  }

  /** One line that has just been written. Returns it as it is kept, or undefined if it is known. */
  add(serverId: string, line: ApiLogLine): LogEntry | undefined {
    const entry = this.#take(serverId, line)
    if (entry !== undefined) this.ring.push(entry)
    return entry
  }

  /** What servers have kept: unknown lines find their places between those that are here. */
  merge(servers: readonly ServerLines[]): void {
    const added = servers.flatMap(({ serverId, lines }) =>
      lines.flatMap((line) => this.#take(serverId, line) ?? []),
    )
    if (added.length === 0) return
    added.sort(byTime)
    const last = this.ring.get(this.ring.end - 1)
    if (last !== undefined && (added[0]?.time ?? Infinity) < last.time) {
      const all = [...this.ring, ...added].sort(byTime)
      this.ring.clear()
      for (const entry of all.slice(-this.ring.capacity)) this.ring.push(entry)
    } else for (const entry of added) this.ring.push(entry)
  }

  /** Empties the view; what was in it does not come back. */
  clear(): void {
    this.ring.clear()
  }

  #take(serverId: string, line: ApiLogLine): LogEntry | undefined {
    const time = Date.parse(line.time)
    const seen = this.#seen.get(serverId)
    // A number that comes again with a later time is of a log that has begun anew: another gateway, an added server.
    if (seen !== undefined && line.seq <= seen.seq && time <= seen.time) return undefined
    this.#seen.set(serverId, { seq: line.seq, time })
    const text = plainText(line.text)
    const level = line.source === 'lifecycle' ? undefined : guessLevel(text)
    return { serverId, seq: line.seq, time, source: line.source, level, text }
  }
}

/** Sorting is stable, so that lines of the same millisecond stay in their server's order. */
function byTime(a: LogEntry, b: LogEntry): number {
  return a.time - b.time
}
