import type { LogLine, LogSource } from '../../src-shared/server-state.ts'
import type { Redactor } from './redact.ts'

/** One line of more than this is cut: a server that prints without a line end must not fill the ring with one line. */
const maximumLineLength = 16 * 1024

export interface ServerLogOptions {
  redactor: Pick<Redactor, 'redact'>
  /** Wall clock, ms. */
  wall: () => number
  capacityLines?: number
  /** Of text, in UTF-8. */
  capacityBytes?: number
}

/** The last lines of one server: its stderr, junk on its stdout, and what happens to it. Bounded in lines and bytes. */
export class ServerLog {
  readonly #redactor: Pick<Redactor, 'redact'>
  readonly #wall: () => number
  readonly #capacityBytes: number
  /** A ring: the oldest line is at `#oldest`. */
  readonly #ring: (StoredLine | undefined)[]
  #oldest = 0
  #count = 0
  #bytes = 0
  #nextSeq = 1
  readonly #followers = new Set<(line: LogLine) => void>()

  constructor(options: ServerLogOptions) {
    this.#redactor = options.redactor
    this.#wall = options.wall
    this.#capacityBytes = options.capacityBytes ?? 1024 * 1024
    this.#ring = Array.from({ length: options.capacityLines ?? 2000 }, () => undefined)
  }

  /** Keeps one line, secrets masked, and tells the followers. Never throws, never waits. */
  append(source: LogSource, text: string): void {
    const masked = this.#redactor.redact(
      text.length > maximumLineLength ? `${text.slice(0, maximumLineLength)}…` : text,
    )
    const line: LogLine = {
      seq: this.#nextSeq++,
      time: new Date(this.#wall()).toISOString(),
      source,
      text: masked.endsWith('\r') ? masked.slice(0, -1) : masked,
    }
    const bytes = Buffer.byteLength(line.text)
    while (this.#count > 0 && this.#bytes + bytes > this.#capacityBytes) this.#dropOldest()
    if (this.#count === this.#ring.length) this.#dropOldest()
    this.#ring[(this.#oldest + this.#count) % this.#ring.length] = { line, bytes }
    this.#count++
    this.#bytes += bytes
    for (const follower of this.#followers) {
      try {
        follower(line)
      } catch {
        // A listener that fails must not cost the server its log, nor the others theirs.
        this.#followers.delete(follower)
      }
    }
  }

  /** Oldest first. */
  lines(): LogLine[] {
    const lines: LogLine[] = []
    for (let i = 0; i < this.#count; i++) {
      const stored = this.#ring[(this.#oldest + i) % this.#ring.length]
      if (stored !== undefined) lines.push(stored.line)
    }
    return lines
  }

  /** `fn` gets each line from now on, until the returned function is called. It must not wait: it queues, or drops. */
  follow(fn: (line: LogLine) => void): () => void {
    // A wrapper, so that the same function can follow twice.
    const follower = (line: LogLine): void => fn(line)
    this.#followers.add(follower)
    return () => {
      this.#followers.delete(follower)
    }
  }

  #dropOldest(): void {
    this.#bytes -= this.#ring[this.#oldest]?.bytes ?? 0
    this.#ring[this.#oldest] = undefined
    this.#oldest = (this.#oldest + 1) % this.#ring.length
    this.#count--
  }
}

interface StoredLine {
  line: LogLine
  bytes: number
}
