import type { Clock } from '../../src-main/servers/clock.ts'

interface Timer {
  at: number
  fn: () => void
}

/** Time that a test turns by hand. */
export class FakeClock implements Clock {
  #now = 0
  readonly #start = Date.parse('2026-01-01T00:00:00Z')
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#now
  }

  wall(): number {
    return this.#start + this.#now
  }

  after(ms: number, fn: () => void): () => void {
    const timer: Timer = { at: this.#now + ms, fn }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Runs what falls due within `ms`, in order; what these start is due in its turn. */
  advance(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= until)
      const next = due.toSorted((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers.delete(next)
      this.#now = next.at
      next.fn()
    }
    this.#now = until
  }
}
