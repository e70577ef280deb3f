import type { ContainerRow } from '../../src-shared/container.ts'
import { asGatewayError } from '../../src-shared/errors.ts'
import { atMost } from '../runtimes/at-most.ts'
import type { Launch } from '../runtimes/runtime.ts'
import type { Clock } from '../servers/clock.ts'
import type { Log } from '../telemetry/log.ts'
import type { Container } from './container.ts'
import { createContainerLaunch, pullImage } from './container-launch.ts'
import { ContainerRecords } from './container-records.ts'
import type { ContainerServer, ContainerStates } from './container-states.ts'
import { UsageMeter } from './container-usage.ts'
import {
  findEngine,
  parseAddress,
  type EngineAddress,
  type EngineKind,
  type EngineSurroundings,
} from './engine-address.ts'
import { EngineError, engineFailed, engineProblem } from './engine-failure.ts'
import { EngineSession } from './engine-session.ts'
import { registryLogin } from './registry-login.ts'

export interface ContainersOptions {
  stateDir: string
  surroundings: EngineSurroundings
  /** Reads the login shell's environment, if that was not done yet. */
  loadEnvironment: () => Promise<void>
  states: ContainerStates
  /** Carries what a server says over HTTP. */
  remote: Launch
  clock: Clock
  log: Log
}

/** At shutdown, for what an engine did not do at the first telling. */
const closeMs = 3_000
const killMs = 1_500

interface Running {
  server: ContainerServer
  container: Container
  session: EngineSession
}

/** All containers of this gateway. Loaded by the first server that runs in one. */
export class Containers {
  readonly launch: Launch
  readonly #options: ContainersOptions
  readonly #records: ContainerRecords
  readonly #sessions = new Map<string, EngineSession>()
  readonly #running = new Set<Running>()
  readonly #usage: UsageMeter
  readonly #closed = new AbortController()

  constructor(options: ContainersOptions) {
    this.#options = options
    const { states, clock, surroundings, remote } = options
    this.#records = new ContainerRecords(options.stateDir, options.log)
    this.#usage = new UsageMeter(clock)
    this.launch = createContainerLaunch({
      session: (kind) => this.#session(kind),
      instance: this.#records.instance,
      states,
      lookup: surroundings.lookup,
      homedir: surroundings.homedir,
      clock,
      remote,
      running: (server, container, session) => this.#started({ server, container, session }),
    })
  }

  /** Removes what an earlier run has left on the engines that it used. Never rejects. */
  async reap(): Promise<void> {
    await Promise.all(
      this.#records.engines.map(async ({ kind, address }) => {
        try {
          await this.#sessionAt(await this.#recorded(kind, address)).ready()
        } catch (error) {
          this.#options.log.warn(
            { engine: address, error: asGatewayError(error) },
            'Containers of an earlier run could not be looked for; they are when the engine is used next.',
          )
        }
      }),
    )
  }

  /** Asks the engines what they have and what it uses. Never rejects. */
  rows(servers: readonly ContainerServer[]): Promise<ContainerRow[]> {
    return Promise.all(servers.map((server) => this.#row(server)))
  }

  /** Rejects with GatewayError `server_failed`. */
  async pull(server: ContainerServer): Promise<ContainerRow> {
    const session = await this.#session(server.runtime.engine)
    try {
      await session.ready()
    } catch (error) {
      if (error instanceof EngineError)
        throw engineFailed(server.serverId, session.engine.address, error)
      throw error
    }
    await pullImage(session, server, this.#options.states, this.#closed.signal)
    return this.#row(server)
  }

  /** Memory in use, in bytes, by server. */
  async memory(): Promise<Record<string, number>> {
    const total: Record<string, number> = {}
    await Promise.all(
      [...this.#running].map(async ({ server: { serverId }, container, session }) => {
        const { memoryBytes } = await this.#usage.read(session.engine, container.id)
        if (memoryBytes !== null) total[serverId] = (total[serverId] ?? 0) + memoryBytes
      }),
    )
    return total
  }

  /** Removes all that are ours, whatever they are at, at most 1.5 s. Never rejects. */
  async kill(): Promise<void> {
    this.#closed.abort()
    const killed = [...this.#sessions.values()].map((session) => {
      session.live.clear()
      return session.sweep().catch(() => {})
    })
    await atMost(killMs, Promise.all(killed))
  }

  /** When all servers have been stopped: sees to it that nothing is left, at most 3 s. */
  async close(): Promise<void> {
    this.#closed.abort()
    const swept = [...this.#sessions.values()].map((session) =>
      session.sweep().catch((error: unknown) => {
        if (!session.isInDoubt) return
        this.#options.log.warn(
          { engine: session.engine.address.label, error: asGatewayError(error) },
          'The engine did not say that all containers are gone; what is left is removed at the next start.',
        )
      }),
    )
    await atMost(closeMs, Promise.all(swept))
  }

  #started(running: Running): () => void {
    const { server, container } = running
    const { states, clock } = this.#options
    this.#running.add(running)
    states.started(server, {
      id: container.id,
      name: container.name,
      started_at: new Date(clock.wall()).toISOString(),
    })
    return () => {
      this.#running.delete(running)
      this.#usage.forget(container.id)
      states.ended(server, container.id)
    }
  }

  async #row(server: ContainerServer): Promise<ContainerRow> {
    const { states } = this.#options
    const { runtime } = server
    let problem: string | null = null
    try {
      const session = await this.#session(runtime.engine)
      const { state } = states.row(server).image
      const isKnown = state !== 'unknown' && !session.engine.address.isLocal
      // Half a name means nothing, and what is under way tells itself.
      if (!runtime.image.includes('${') && state !== 'pulling' && !isKnown) {
        const isThere = await this.#ask(session, runtime.image)
        if (states.row(server).image.state !== 'pulling')
          states.found(server, isThere ? 'present' : 'absent')
      }
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error)
    }
    const row = states.row(server)
    const used = await Promise.all(
      row.containers.map(async (one) => {
        const running = [...this.#running].find(({ container }) => container.id === one.id)
        if (running === undefined) return one
        const { memoryBytes, cpuPercent } = await this.#usage.read(running.session.engine, one.id)
        return { ...one, memory_bytes: memoryBytes, cpu_percent: cpuPercent }
      }),
    )
    return { ...row, engine_problem: problem, containers: used }
  }

  async #ask(session: EngineSession, image: string): Promise<boolean> {
    try {
      return await session.images.has(image)
    } catch (error) {
      if (error instanceof EngineError)
        throw new Error(engineProblem(session.engine.address, error), { cause: error })
      throw error
    }
  }

  async #session(kind: EngineKind): Promise<EngineSession> {
    await this.#options.loadEnvironment()
    return this.#sessionAt(await findEngine(kind, this.#options.surroundings))
  }

  /** As it is found now, which knows more (certificates), or else as it was written down. */
  async #recorded(kind: EngineKind, label: string): Promise<EngineAddress> {
    await this.#options.loadEnvironment()
    const found = await findEngine(kind, this.#options.surroundings).catch(() => undefined)
    return found?.label === label ? found : parseAddress(kind, label, 'an earlier run')
  }

  #sessionAt(address: EngineAddress): EngineSession {
    const key = `${address.kind} ${address.label}`
    let session = this.#sessions.get(key)
    if (session === undefined) {
      session = new EngineSession(address, {
        records: this.#records,
        log: this.#options.log,
        login: (image) =>
          address.kind === 'docker'
            ? registryLogin(image, this.#options.surroundings)
            : Promise.resolve(undefined),
      })
      this.#sessions.set(key, session)
    }
    return session
  }
}
