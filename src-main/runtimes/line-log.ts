import type { LogSource } from '../../src-shared/server-state.ts'
import type { Clock } from '../servers/clock.ts'

/** How much of what a server prints is logged. */
export const outputLimits = {
  /** Of a line on stdout that is no message. */
  junkBytes: 4 * 1024,
  /** Of a line on stderr. */
  stderrBytes: 8 * 1024,
  /** A line of a log has no end to wait for when it is that long: it is dropped. */
  stderrLineBytes: 1024 * 1024,
  linesPerSecond: 1000,
}

export interface LineLogOptions {
  source: LogSource
  log: (source: LogSource, text: string) => void
  clock: Clock
  /** A longer line is cut, with a word on how long it was. */
  maxLineBytes: number
  /** More lines within a second are counted, not logged. */
  maxLinesPerSecond: number
}

/** Turns what a server prints into log lines, few and short enough that a flood costs next to nothing. */
export class LineLog {
  /** The newest line logged; empty before the first. */
  last = ''
  readonly #options: LineLogOptions
  #windowStart = -Infinity
  #lines = 0
  #dropped = 0
  #cancelReport: (() => void) | undefined

  constructor(options: LineLogOptions) {
    this.#options = options
  }

  write(line: Buffer): void {
    const now = this.#options.clock.now()
    if (now - this.#windowStart >= 1000) {
      this.flush()
      this.#windowStart = now
      this.#lines = 0
    }
    this.#lines += 1
    if (this.#lines > this.#options.maxLinesPerSecond) {
      this.#dropped += 1
      this.#cancelReport ??= this.#options.clock.after(1000, () => this.flush())
      return
    }
    const { maxLineBytes, source, log } = this.#options
    const text = line.toString('utf8', 0, Math.min(line.length, maxLineBytes))
    this.last = line.length > maxLineBytes ? `${text}… (${line.length} bytes in all)` : text
    log(source, this.last)
  }

  /** Says how many lines were dropped, if any. */
  flush(): void {
    this.#cancelReport?.()
    this.#cancelReport = undefined
    if (this.#dropped === 0) return
    const { source, log, maxLinesPerSecond } = this.#options
    const lines = this.#dropped === 1 ? '1 line' : `${this.#dropped} lines`
    this.#dropped = 0
    log(source, `… ${lines} dropped (more than ${maxLinesPerSecond} a second)`)
  }
}

/** The logs of a server that speaks over its standard output: there, what is no message is an exception. */
export function pipeLogs(
  log: LineLogOptions['log'],
  clock: Clock,
): { stderr: LineLog; stdout: LineLog } {
  const common = { log, clock, maxLinesPerSecond: outputLimits.linesPerSecond }
  return {
    stderr: new LineLog({ ...common, source: 'stderr', maxLineBytes: outputLimits.stderrBytes }),
    stdout: new LineLog({ ...common, source: 'stdout', maxLineBytes: outputLimits.junkBytes }),
  }
}
