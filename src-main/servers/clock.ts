/** Time as the rooms see it, so that a test can turn it by hand. All in milliseconds. */
export interface Clock {
  /** Monotonic; for durations and deadlines. */
  now(): number
  /** Wall clock; for what people read. */
  wall(): number
  /** Calls `fn` once after `ms`; returns how to take it back. Does not keep the process alive. */
  after(ms: number, fn: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, Math.min(ms, 2 ** 31 - 1))
    timer.unref()
    return () => clearTimeout(timer)
  },
}
