/** One way to a gateway, open: what is sent arrives in order, until it is lost. */
export interface Carrier {
  /** One JSON-RPC message without a line end. */
  send(line: Buffer): void
  /** Closes it; no event follows. Idempotent. */
  end(): void
}

/** All are called on later turns than `connect`'s answer, never from inside `send`. */
export interface CarrierEvents {
  /** One JSON-RPC message without a line end. */
  message(line: Buffer): void
  /** The gateway wants to stop: it finishes what it has, and new requests belong to its successor. */
  closing(): void
  /** Exactly once, unless `end` was called before. `undelivered`: a message that certainly had no effect. */
  lost(error: Error, undelivered?: Buffer): void
}

/** Whether somebody waits for the gateway. Without demand it is looked for now and then, but not started. */
export class Demand {
  wanted = false
  #raise: () => void = () => {}
  #raised = new Promise<void>((resolve) => {
    this.#raise = resolve
  })

  raise(): void {
    this.wanted = true
    this.#raise()
  }

  /** Waits, but not longer than until somebody wants it. */
  async pause(ms: number): Promise<void> {
    if (this.wanted) return pause(ms)
    let timer: NodeJS.Timeout | undefined
    const waited = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms)
    })
    await Promise.race([waited, this.#raised])
    clearTimeout(timer)
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

/**
 * Finds the gateway, or starts it if there is demand. Rejects with an Error for people: `RefusedError` when the
 * gateway answered and said no.
 */
export type Connect = (
  events: CarrierEvents,
  demand: Demand,
  signal: AbortSignal,
) => Promise<Carrier>

/** The gateway is there and does not want this session, e.g. because the server is not in its catalog. */
export class RefusedError extends Error {}

export type ShimLog = (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void
