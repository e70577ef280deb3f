import type { ServerRow } from '../../src-shared/api-servers.ts'
import type { ApiEvent } from '../../src-shared/api.ts'
import type { GatewayEvent } from '../../src-shared/server-state.ts'
import type { ManagementOptions } from './context.ts'
import { infoOf } from './gateway-state.ts'
import { rowOf } from './server-rows.ts'

/** Counts change with every request; followers are told of them this often. */
const countsEveryMs = 1_000

interface Follower {
  session: string
  fn: (event: ApiEvent) => void
}

/** The one place where what happens in the gateway becomes an event of the API. Costs nothing while nobody follows. */
export class ApiEvents {
  readonly #options: ManagementOptions
  readonly #redact: (text: string) => string
  readonly #followers = new Set<Follower>()
  #unfollow: (() => void) | undefined
  /** As last told, by server. */
  #told = new Map<string, string>()
  #toldSessions = 0

  constructor(options: ManagementOptions) {
    this.#options = options
    this.#redact = (text) => options.redactor.redact(text)
  }

  /** Every event but the progress of other sessions' calls, until the returned function is called. */
  follow(session: string, fn: (event: ApiEvent) => void): () => void {
    const follower = { session, fn }
    this.#followers.add(follower)
    this.#unfollow ??= this.#begin()
    return () => {
      if (!this.#followers.delete(follower) || this.#followers.size > 0) return
      this.#unfollow?.()
      this.#unfollow = undefined
    }
  }

  emit(event: ApiEvent, session?: string): void {
    for (const follower of this.#followers) {
      if (session !== undefined && follower.session !== session) continue
      try {
        follower.fn(event)
      } catch (error) {
        this.#followers.delete(follower)
        this.#options.log.error({ error }, 'A follower of events failed and gets no more.')
      }
    }
  }

  #begin(): () => void {
    const { gateway } = this.#options
    this.#told = new Map(this.#counts())
    this.#toldSessions = gateway.sessions.size
    const timer = setInterval(() => this.#tellCounts(), countsEveryMs)
    timer.unref()
    const ends = [
      () => clearInterval(timer),
      gateway.onEvent((event) => this.#translate(event)),
      gateway.history?.onEntry((entry) => this.emit({ type: 'activity', entry })),
    ]
    return () => {
      for (const end of ends) end?.()
    }
  }

  #translate(event: GatewayEvent): void {
    switch (event.type) {
      case 'state': {
        const row = this.#row(event.server.id)
        if (row) this.emit({ type: 'server', server: row })
        return
      }
      case 'reload': {
        const { type } = event
        if (event.ok) {
          const { ok, type: _type, ...result } = event
          this.emit({ type, ok, errors: [], result })
        } else this.emit({ type, ok: false, errors: event.errors.map(this.#redact), result: null })
        return
      }
      case 'log':
      case 'container':
        this.emit(event) // masked before it was kept
        return
      case 'gateway':
        this.#tellInfo()
    }
  }

  #row(id: string): ServerRow | undefined {
    const { gateway } = this.#options
    const server = gateway.servers.get(id)
    return server && rowOf(server, gateway.clock, this.#redact)
  }

  #tellInfo(): void {
    this.#toldSessions = this.#options.gateway.sessions.size
    const info = infoOf({ ...this.#options, redact: this.#redact })
    this.emit({ type: 'gateway', info })
  }

  /** What a request changes is no event of the gateway: a hot path would pay for it. */
  #tellCounts(): void {
    const now = new Map(this.#counts())
    for (const [id, counts] of now) {
      if (this.#told.get(id) === counts) continue
      const row = this.#row(id)
      if (row) this.emit({ type: 'server', server: row })
    }
    this.#told = now
    if (this.#options.gateway.sessions.size !== this.#toldSessions) this.#tellInfo()
  }

  #counts(): [string, string][] {
    return this.#options.gateway.servers
      .all()
      .map((server) => [
        server.id,
        `${server.requestCount} ${server.errorCount} ${server.lastActivityWall ?? 0}`,
      ])
  }
}
