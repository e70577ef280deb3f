import type { Readable } from 'node:stream'
import type { Clock } from '../servers/clock.ts'

const windowMs = 100
/** 5 MiB a second of talk that is no message: far above any honest log, far below what would cost the loop. */
const maxWindowBytes = 512 * 1024

/** Stops reading from a stream for a moment when too much junk comes through it; the writer then has to wait. */
export class FloodGate {
  readonly #stream: Readable
  readonly #clock: Clock
  #windowStart = 0
  #bytes = 0
  #reopen: (() => void) | undefined

  constructor(stream: Readable, clock: Clock) {
    this.#stream = stream
    this.#clock = clock
  }

  /** Tells of bytes that were junk. */
  count(bytes: number): void {
    if (bytes === 0) return
    const now = this.#clock.now()
    if (now - this.#windowStart >= windowMs) {
      this.#windowStart = now
      this.#bytes = 0
    }
    this.#bytes += bytes
    if (this.#bytes <= maxWindowBytes || this.#reopen !== undefined) return
    this.#stream.pause()
    this.#reopen = this.#clock.after(windowMs, () => {
      this.#reopen = undefined
      this.#stream.resume()
    })
  }

  close(): void {
    this.#reopen?.()
    this.#reopen = undefined
  }
}
