const windowSize = 512

/** Percentiles over the last 512 calls. Recording is one store; reading sorts a copy. */
export class LatencyWindow {
  readonly #ring = new Float64Array(windowSize)
  #recorded = 0

  record(ms: number): void {
    this.#ring[this.#recorded++ % windowSize] = ms
  }

  /** Milliseconds; null before the first call. */
  p50(): number | null {
    return this.#percentile(0.5)
  }

  p95(): number | null {
    return this.#percentile(0.95)
  }

  /** Nearest rank: a value that was measured, not one between two. */
  #percentile(share: number): number | null {
    const count = Math.min(this.#recorded, windowSize)
    if (count === 0) return null
    const sorted = this.#ring.slice(0, count).sort()
    return sorted[Math.ceil(share * count) - 1] ?? null
  }
}
