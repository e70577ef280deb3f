import { LineNumbers } from './line-numbers.ts'
import type { LogEntry } from './log-buffer.ts'
import {
  allLines,
  type CompiledSearch,
  compileSearch,
  type LogFilter,
  type LogSearch,
  matches,
  noSearch,
  passes,
} from './log-query.ts'
import type { LogRing } from './log-ring.ts'

/** What one window shows of the ring. New lines alone are looked at, until filter or search change. */
export class LogView {
  /** Numbers in the ring of the lines that are shown. */
  readonly shown = new LineNumbers()
  /** Those of them in which the search finds something. */
  readonly found = new LineNumbers()
  filter: LogFilter = allLines
  search: LogSearch = noSearch
  compiled: CompiledSearch = compileSearch(noSearch)
  readonly #ring: LogRing<LogEntry>
  #lookedAt = 0

  constructor(ring: LogRing<LogEntry>) {
    this.#ring = ring
  }

  setFilter(filter: LogFilter): void {
    this.filter = filter
    this.#again()
  }

  setSearch(search: LogSearch): void {
    this.search = search
    this.compiled = compileSearch(search)
    this.#again()
  }

  /** Takes in what the ring has got, drops what it has dropped. */
  update(): void {
    const ring = this.#ring
    for (let n = Math.max(this.#lookedAt, ring.first); n < ring.end; n++) {
      const entry = ring.get(n)
      if (entry !== undefined) this.#look(n, entry)
    }
    this.#lookedAt = ring.end
    this.shown.dropBelow(ring.first)
    this.found.dropBelow(ring.first)
  }

  /** The line at a place of the list. */
  at(index: number): LogEntry | undefined {
    const number = this.shown.at(index)
    return number === undefined ? undefined : this.#ring.get(number)
  }

  #look(number: number, entry: LogEntry): void {
    if (!passes(this.filter, entry)) return
    const { pattern } = this.compiled
    const isFound = pattern !== null && matches(pattern, entry.text)
    if (pattern !== null && this.search.onlyMatches && !isFound) return
    this.shown.push(number)
    if (isFound) this.found.push(number)
  }

  #again(): void {
    this.shown.clear()
    this.found.clear()
    this.#lookedAt = 0
    this.update()
  }
}
