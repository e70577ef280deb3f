import type { ContainerChange, ContainerImage, ContainerRow } from '../../src-shared/container.ts'
import { memoryBytes } from '../../src-shared/container-notation.ts'
import type { DockerRuntime } from '../../src-shared/docker-runtime.ts'

/** A server of the catalog that runs in a container, its variables filled in as far as they are known. */
export interface ContainerServer {
  serverId: string
  runtime: DockerRuntime
}

type Running = ContainerChange['containers'][number]

interface State {
  image: Omit<ContainerImage, 'name'>
  running: Map<string, Running>
}

export interface ContainerStatesOptions {
  /** Masks secrets: an image's name may be made of a variable. */
  redact: (text: string) => string
  changed: (change: ContainerChange) => void
}

/** What is known of each server's image and containers without asking an engine. */
export class ContainerStates {
  readonly #options: ContainerStatesOptions
  readonly #states = new Map<string, State>()

  constructor(options: ContainerStatesOptions) {
    this.#options = options
  }

  image({ serverId, runtime }: ContainerServer, image: Partial<State['image']>): void {
    const state = this.#state(serverId)
    state.image = { ...state.image, ...image }
    this.#tell(serverId, runtime)
  }

  /** The engine was asked. */
  found(server: ContainerServer, state: 'absent' | 'present'): void {
    if (this.#state(server.serverId).image.state !== state) this.image(server, { state })
  }

  started({ serverId, runtime }: ContainerServer, container: Running): void {
    this.#state(serverId).running.set(container.id, container)
    this.#tell(serverId, runtime)
  }

  ended({ serverId, runtime }: ContainerServer, containerId: string): void {
    if (this.#state(serverId).running.delete(containerId)) this.#tell(serverId, runtime)
  }

  /** Without what only the engine can tell. */
  row({ serverId, runtime }: ContainerServer): ContainerRow {
    const { image, running } = this.#state(serverId)
    return {
      server_id: serverId,
      engine: runtime.engine,
      engine_problem: null,
      image: { name: this.#options.redact(runtime.image), ...image },
      containers: [...running.values()].map((one) => ({
        ...one,
        memory_bytes: null,
        memory_limit_bytes: memoryBytes(runtime.memory) ?? null,
        cpu_percent: null,
      })),
    }
  }

  #state(serverId: string): State {
    let state = this.#states.get(serverId)
    if (state === undefined) {
      state = { image: { state: 'unknown', progress: null, problem: null }, running: new Map() }
      this.#states.set(serverId, state)
    }
    return state
  }

  #tell(serverId: string, runtime: DockerRuntime): void {
    const { image, running } = this.#state(serverId)
    this.#options.changed({
      type: 'container',
      server_id: serverId,
      image: { name: this.#options.redact(runtime.image), ...image },
      containers: [...running.values()],
    })
  }
}
