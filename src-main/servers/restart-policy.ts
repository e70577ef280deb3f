/** Numbers of the policy, in milliseconds. */
export interface RestartLimits {
  firstDelayMs: number
  maxDelayMs: number
  /** Consecutive failures after which the circuit opens. */
  circuitAfter: number
  firstOpenMs: number
  maxOpenMs: number
  /** A run this long without a crash forgets the failures before it. */
  stableAfterMs: number
}

export const restartLimits: RestartLimits = {
  firstDelayMs: 500,
  maxDelayMs: 30_000,
  circuitAfter: 5,
  firstOpenMs: 30_000,
  maxOpenMs: 300_000,
  stableAfterMs: 60_000,
}

/** Whether a start may happen now. */
export type StartGate =
  { kind: 'open' } | { kind: 'wait'; ms: number } | { kind: 'circuit'; ms: number }

/**
 * When a failing server may be tried again: exponential backoff with jitter, then a circuit that opens for longer and
 * longer, with one try at each end of it. Pure: time comes in, decisions go out.
 */
export class RestartPolicy {
  readonly #limits: RestartLimits
  readonly #random: () => number
  #failures = 0
  #nextTry = 0
  #runningSince: number | undefined
  /** Of the last failure, for people; undefined when the server is well. */
  lastError: string | undefined

  constructor(limits: RestartLimits = restartLimits, random: () => number = Math.random) {
    this.#limits = limits
    this.#random = random
  }

  get failures(): number {
    return this.#failures
  }

  /** True once the circuit has opened, until a run that lasts or a start by hand: one try at a time. */
  get isTripped(): boolean {
    return this.#failures >= this.#limits.circuitAfter
  }

  failed(now: number, error: string): void {
    const l = this.#limits
    if (this.#runningSince !== undefined && now - this.#runningSince >= l.stableAfterMs)
      this.#failures = 0
    this.#runningSince = undefined
    this.#failures++
    this.lastError = error
    const over = this.#failures - l.circuitAfter
    const delay =
      over >= 0
        ? Math.min(l.maxOpenMs, l.firstOpenMs * 2 ** over)
        : Math.min(l.maxDelayMs, l.firstDelayMs * 2 ** (this.#failures - 1))
    // Jitter of ± 25 %: servers that fell together do not come back together.
    this.#nextTry = now + delay * (0.75 + this.#random() / 2)
  }

  /** The server came up. Failures are forgotten only once it has run for a while. */
  started(now: number): void {
    this.#runningSince = now
  }

  gate(now: number): StartGate {
    if (this.#failures === 0) return { kind: 'open' }
    if (this.#runningSince !== undefined && now - this.#runningSince >= this.#limits.stableAfterMs)
      this.reset()
    const ms = this.#nextTry - now
    if (ms <= 0) return { kind: 'open' }
    return { kind: this.isTripped ? 'circuit' : 'wait', ms }
  }

  /** A person started it by hand, or its definition changed. */
  reset(): void {
    this.#failures = 0
    this.#nextTry = 0
    this.lastError = undefined
  }
}
