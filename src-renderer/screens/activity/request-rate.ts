import type { ActivityEntry } from '../../../src-shared/api.ts'

export const chartMinutes = 15
const bucketMs = 30_000
const buckets = (chartMinutes * 60_000) / bucketMs

/** One point of the chart. */
export interface RatePoint {
  /** Beginning of its half minute, ms since 1970. */
  time: number
  perMinute: number
  /** Median and 95th percentile of the durations, ms; null without a request. */
  p50: number | null
  p95: number | null
}

interface Bucket {
  start: number
  durations: number[]
  ids: Set<number>
}

/** Requests and their durations of the last fifteen minutes, by half minutes. */
export class RequestRate {
  readonly #buckets = new Map<number, Bucket>()

  /** Each entry counts once, however often it comes. */
  add(entry: ActivityEntry): void {
    const start = Math.floor(Date.parse(entry.time) / bucketMs) * bucketMs
    let bucket = this.#buckets.get(start)
    if (bucket === undefined) {
      bucket = { start, durations: [], ids: new Set() }
      this.#buckets.set(start, bucket)
    }
    if (bucket.ids.has(entry.id)) return
    bucket.ids.add(entry.id)
    bucket.durations.push(entry.duration_ms)
  }

  clear(): void {
    this.#buckets.clear()
  }

  /** Oldest first; the last one is not over yet. What has gone out of sight is forgotten. */
  points(now: number): RatePoint[] {
    const last = Math.floor(now / bucketMs) * bucketMs
    const first = last - (buckets - 1) * bucketMs
    for (const start of this.#buckets.keys()) if (start < first) this.#buckets.delete(start)
    return Array.from({ length: buckets }, (_, index) => {
      const time = first + index * bucketMs
      const durations = this.#buckets.get(time)?.durations.toSorted((a, b) => a - b) ?? []
      return {
        time,
        perMinute: (durations.length * 60_000) / bucketMs,
        p50: nearestRank(durations, 0.5),
        p95: nearestRank(durations, 0.95),
      }
    })
  }
}

function nearestRank(sorted: readonly number[], p: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * p) - 1)] ?? null
}
