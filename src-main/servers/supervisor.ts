import { setImmediate as nextTurn } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Catalog, ServerDefinition } from '../../src-shared/catalog.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { secretNamesIn } from '../catalog/interpolate.ts'
import type { ServerDirectory } from '../mcp/server-directory.ts'
import type { Clock } from './clock.ts'
import type { Plan } from './preparation.ts'
import type { Server } from './server.ts'

/** What a new catalog has changed, as ids. */
export interface CatalogChanges {
  added: string[]
  removed: string[]
  /** Their launch differs. */
  changed: string[]
  /** Something else of them differs: names, tags, timeouts, filters. */
  updated: string[]
}

interface Options {
  clock: Clock
  createServer: (definition: ServerDefinition) => Server
}

const tickMs = 1_000
/** Work on a large catalog lets requests pass this often. */
const turnMs = 4

/** The registry: which servers there are, and what a new catalog does to them. */
export class Supervisor implements ServerDirectory {
  readonly #options: Options
  #servers = new Map<string, Server>()
  #order: readonly Server[] = []
  /** Removed from the catalog, finishing what is in flight. */
  readonly #leaving = new Set<Promise<void>>()
  #stopTicking = (): void => {}
  #closing: Promise<void> | undefined

  constructor(options: Options) {
    this.#options = options
    this.#tick()
  }

  get(id: string): Server | undefined {
    return this.#servers.get(id)
  }

  all(): readonly Server[] {
    return this.#order
  }

  /** Swaps the registry in one step, then drains and stops what is gone. Unchanged servers are untouched. */
  async apply(catalog: Catalog): Promise<CatalogChanges> {
    const { clock, createServer } = this.#options
    const changes: CatalogChanges = { added: [], removed: [], changed: [], updated: [] }
    const plans: { server: Server; plan: Plan }[] = []
    const next = new Map<string, Server>()
    // What came before (reading, parsing) and the swap have turns of their own.
    await nextTurn()
    let turn = clock.now()
    for (const definition of catalog.servers) {
      const server = this.#servers.get(definition.id)
      if (server) {
        const isSame = isDeepStrictEqual(server.definition, definition)
        // An env file or a secret may have changed behind an unchanged entry.
        if (!isSame || definition.env_file !== undefined || usesSecrets(definition)) {
          const plan = await server.planUpdate(definition)
          if (!isSame || plan.changed) plans.push({ server, plan })
        }
      }
      next.set(definition.id, server ?? createServer(definition))
      if (!server) changes.added.push(definition.id)
      if (clock.now() - turn > turnMs) {
        await nextTurn()
        turn = clock.now()
      }
    }
    await nextTurn()
    if (this.#closing)
      throw new GatewayError('shutting_down', 'The gateway is shutting down; nothing was changed.')
    // From here to the end of the swap nothing waits.
    const before = this.#servers
    this.#servers = next
    this.#order = [...next.values()]
    for (const { server, plan } of plans)
      (server.adopt(plan) ? changes.changed : changes.updated).push(server.id)
    for (const [id, server] of before) {
      if (next.has(id)) continue
      changes.removed.push(id)
      const why = new GatewayError(
        'server_not_found',
        `Server '${id}' was removed from the catalog.`,
      )
      const stopping = server
        .close('removed from the catalog', why)
        .finally(() => this.#leaving.delete(stopping))
      this.#leaving.add(stopping)
    }
    void this.#prepareTemplates([...changes.added, ...changes.changed])
    return changes
  }

  /** Those that may lack a variable or an env file are looked at now, so that their state says so. */
  async #prepareTemplates(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const server = this.#servers.get(id)
      if (!server || this.#closing) continue
      const { runtime, env, env_file } = server.definition
      await nextTurn()
      if (env_file !== undefined || JSON.stringify([runtime, env]).includes('${'))
        await server.prepare()
    }
  }

  /** Drains and stops what runs; see `ServerOptions.isPaused` for what keeps it from coming back. */
  async pause(): Promise<void> {
    await Promise.all([...this.#order.map((server) => server.pause()), ...this.#leaving])
  }

  /** Drains and stops every server. Idempotent. */
  shutdown(): Promise<void> {
    this.#stopTicking()
    this.#closing ??= (async () => {
      const why = new GatewayError('shutting_down', 'The gateway is shutting down.', {
        retryAfterSeconds: 5,
      })
      await Promise.all([
        ...this.#order.map((server) => server.close('the gateway stops', why)),
        ...this.#leaving,
      ])
    })()
    return this.#closing
  }

  #tick(): void {
    this.#stopTicking = this.#options.clock.after(tickMs, () => {
      this.#tick()
      for (const server of this.#order) server.tick()
    })
  }
}

function usesSecrets({ runtime, env }: ServerDefinition): boolean {
  return secretNamesIn(JSON.stringify([runtime, env])).size > 0
}
