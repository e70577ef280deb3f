import type { GatewayEvent } from '../../src-shared/server-state.ts'
import type { Log } from './log.ts'

/** Hands the gateway's events to those who follow them. */
export class EventFeed {
  readonly #log: Log
  readonly #followers = new Set<(event: GatewayEvent) => void>()

  constructor(log: Log) {
    this.#log = log
  }

  /** False: nobody would hear it, so that it need not be made. */
  get isHeard(): boolean {
    return this.#followers.size > 0
  }

  follow(fn: (event: GatewayEvent) => void): () => void {
    // A wrapper, so that the same function can follow twice.
    const follower = (event: GatewayEvent): void => fn(event)
    this.#followers.add(follower)
    return () => void this.#followers.delete(follower)
  }

  emit(event: GatewayEvent): void {
    for (const follower of this.#followers) {
      try {
        follower(event)
      } catch (error) {
        // A follower that fails must not reach into a server's life.
        this.#followers.delete(follower)
        this.#log.error({ error }, 'A follower of events failed and gets no more.')
      }
    }
  }
}
