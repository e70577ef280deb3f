import os from 'node:os'
import type { ServerDefinition } from '../../src-shared/catalog.ts'
import type { ContainerChange, ContainerRow } from '../../src-shared/container.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import type { LoginEnvironment } from '../runtimes/login-environment.ts'
import type { Launch, LaunchDefinition } from '../runtimes/runtime.ts'
import type { Clock } from '../servers/clock.ts'
import type { Log } from '../telemetry/log.ts'
import { ContainerStates, type ContainerServer } from './container-states.ts'
import type { Containers } from './containers.ts'

/** A server of the catalog, as far as it matters here. */
interface CatalogServer {
  readonly id: string
  readonly definition: ServerDefinition
  /** With its variables filled in; undefined before anybody needed it. */
  readonly prepared: { resolved: { launch: LaunchDefinition } } | undefined
}

export interface LazyContainersOptions {
  stateDir: string
  environment: LoginEnvironment
  remote: Launch
  servers: () => readonly CatalogServer[]
  /** Masks secrets. */
  redact: (text: string) => string
  changed: (change: ContainerChange) => void
  clock: Clock
  log: Log
}

/** What the host and the management API see of containers. */
export interface ContainersAccess {
  /** Asks the engines that are in use; never rejects for one that does not answer. */
  list(): Promise<ContainerRow[]>
  /** Throws GatewayError `server_not_found`, `conflict` (it runs in no container), `server_failed` (why it cannot). */
  pull(serverId: string): Promise<ContainerRow>
  /** Removes what an earlier run has left. Never rejects. */
  reap(): Promise<void>
}

/** Containers, their code loaded when a server needs one: most catalogs have none. */
export class LazyContainers implements ContainersAccess {
  readonly #options: LazyContainersOptions
  readonly #states: ContainerStates
  #loading: Promise<Containers> | undefined

  constructor(options: LazyContainersOptions) {
    this.#options = options
    const { redact, changed } = options
    this.#states = new ContainerStates({ redact, changed })
  }

  readonly launch: Launch = async (definition, events, signal) =>
    (await this.#load()).launch(definition, events, signal)

  async list(): Promise<ContainerRow[]> {
    const servers = this.#options.servers().flatMap((one) => containerServer(one) ?? [])
    return servers.length === 0 ? [] : (await this.#load()).rows(servers)
  }

  async pull(serverId: string): Promise<ContainerRow> {
    const found = this.#options.servers().find(({ id }) => id === serverId)
    if (found === undefined)
      throw new GatewayError('server_not_found', `Server '${serverId}' not found`)
    const server = containerServer(found)
    if (server === undefined)
      throw new GatewayError('conflict', `${serverId} runs in no container: it has no image.`)
    return (await this.#load()).pull(server)
  }

  async reap(): Promise<void> {
    await (await this.#load()).reap()
  }

  /** Memory of running containers, in bytes, by server. */
  async memory(): Promise<Record<string, number>> {
    return this.#loading === undefined ? {} : (await this.#loading).memory()
  }

  /** Without grace, at most 1.5 s. Never rejects. */
  async kill(): Promise<void> {
    await (await this.#loading)?.kill()
  }

  async close(): Promise<void> {
    await (await this.#loading)?.close()
  }

  #load(): Promise<Containers> {
    this.#loading ??= this.#make()
    return this.#loading
  }

  async #make(): Promise<Containers> {
    const { stateDir, environment, remote, clock, log } = this.#options
    const { Containers: Made } = await import('./containers.ts')
    return new Made({
      stateDir,
      surroundings: {
        lookup: (name) => environment.lookup(name),
        platform: environment.platform,
        homedir: os.homedir(),
        uid: process.getuid?.(),
      },
      loadEnvironment: async () => {
        await environment.path()
      },
      states: this.#states,
      remote,
      clock,
      log,
    })
  }
}

function containerServer({ id, definition, prepared }: CatalogServer): ContainerServer | undefined {
  const runtime = prepared?.resolved.launch.runtime ?? definition.runtime
  return runtime.type === 'docker' ? { serverId: id, runtime } : undefined
}
