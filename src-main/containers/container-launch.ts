import type { DockerRuntime } from '../../src-shared/docker-runtime.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import type { Launch, LaunchDefinition, Link, LinkEvents } from '../runtimes/runtime.ts'
import type { Clock } from '../servers/clock.ts'
import type { Container } from './container.ts'
import { createContainer } from './container-create.ts'
import { ContainerHttpLink } from './container-http-link.ts'
import { ContainerLink } from './container-link.ts'
import { checkSources, readVolumes } from './container-options.ts'
import type { ContainerServer, ContainerStates } from './container-states.ts'
import { engineFailed, EngineError, engineName } from './engine-failure.ts'
import type { EngineSession } from './engine-session.ts'
import { answersHttp } from './http-readiness.ts'
import { pathOnEngine, type OwnContainer } from './own-container.ts'

export interface ContainerLaunchOptions {
  /** Rejects with GatewayError for an engine whose address is none. */
  session: (kind: DockerRuntime['engine']) => Promise<EngineSession>
  /** What containers are labelled with. */
  instance: string
  states: ContainerStates
  lookup: (name: string) => string | undefined
  homedir: string
  clock: Clock
  /** Carries what a server says over HTTP. */
  remote: Launch
  /** A container of this server has come to life; the returned function is called when nothing of it is alive. */
  running: (server: ContainerServer, container: Container, session: EngineSession) => () => void
}

/** Launches `docker` servers: a container that speaks MCP on its standard input and output, or over HTTP. */
export function createContainerLaunch(options: ContainerLaunchOptions): Launch {
  return async (definition, events, signal) => {
    const { serverId, runtime } = definition
    if (runtime.type !== 'docker')
      throw new GatewayError('internal', `${serverId} is no container but ${runtime.type}.`)
    const session = await options.session(runtime.engine)
    try {
      return await new ContainerStart(options, definition, runtime, session, events).run(signal)
    } catch (error) {
      if (signal.aborted) throw calledOff(serverId)
      if (!(error instanceof EngineError)) throw error
      if (error.failure !== 'answer') session.lost()
      throw error.failure === 'answer'
        ? refused(serverId, runtime, session, error)
        : engineFailed(serverId, session.engine.address, error)
    }
  }
}

/** One launch, step by step. */
class ContainerStart {
  readonly #options: ContainerLaunchOptions
  readonly #definition: LaunchDefinition
  readonly #runtime: DockerRuntime
  readonly #session: EngineSession
  readonly #events: LinkEvents

  constructor(
    options: ContainerLaunchOptions,
    definition: LaunchDefinition,
    runtime: DockerRuntime,
    session: EngineSession,
    events: LinkEvents,
  ) {
    this.#options = options
    this.#definition = definition
    this.#runtime = runtime
    this.#session = session
    this.#events = events
  }

  get #server(): ContainerServer {
    return { serverId: this.#definition.serverId, runtime: this.#runtime }
  }

  async run(signal: AbortSignal): Promise<Link> {
    const { serverId } = this.#definition
    const { engine } = this.#session
    const { transport, image } = this.#runtime
    await this.#session.ready()
    signal.throwIfAborted()
    await this.#image(signal)
    const place = await this.#place()
    signal.throwIfAborted()
    const { container, launch } = await createContainer(
      {
        serverId,
        runtime: this.#runtime,
        env: { ...this.#inherited(), ...this.#definition.env },
        binds: place.binds,
        network: place.network,
        isPublished: transport === 'http' && !place.isShared,
        instance: this.#options.instance,
        session: this.#session,
        log: (text) => this.#events.log('lifecycle', text),
      },
      signal,
    )
    const forget = this.#options.running(this.#server, container, this.#session)
    this.#events.log('lifecycle', `started container ${container.name} of ${image}`)
    if (this.#runtime.network === 'host')
      this.#events.log(
        'lifecycle',
        'It shares this machine’s network (network: host): it reaches everything that listens on its loopback.',
      )
    const common = {
      container,
      events: this.#events,
      clock: this.#options.clock,
      about: { image, memory: this.#runtime.memory },
      ended: (isGone: boolean) => {
        forget()
        this.#session.live.delete(launch)
        if (!isGone) this.#session.lost()
      },
    }
    if (signal.aborted) {
      common.ended(await container.end(0, 0))
      throw calledOff(serverId)
    }
    if (transport === 'stdio') return new ContainerLink(common)
    const link = new ContainerHttpLink(common)
    try {
      this.#events.progress({
        what: `Nothing answered at port ${this.#runtime.port} of its container`,
        advice:
          'Check `port`, and let it listen on 0.0.0.0: on 127.0.0.1 it is reached from inside alone. Its log may have more; raise start_timeout_seconds if it needs longer.',
      })
      const facts = await engine.inspect(container.id)
      const host = place.isShared
        ? `${facts?.NetworkSettings.Networks?.[place.network ?? '']?.IPAddress}:${this.#runtime.port}`
        : `127.0.0.1:${facts?.NetworkSettings.Ports?.[`${this.#runtime.port}/tcp`]?.[0]?.HostPort}`
      const url = `http://${host}${this.#runtime.path ?? '/mcp'}`
      // Not up, but ended: the link tells how.
      if (await answersHttp(url, container.exited, signal)) {
        this.#events.log('lifecycle', `it answers at ${url}`)
        // Streamable HTTP, and the older HTTP+SSE where that is refused: many images speak it alone.
        const runtime = { type: 'remote-sse' as const, url, headers: {} }
        link.carry(
          await this.#options.remote({ ...this.#definition, runtime }, link.remoteEvents, signal),
        )
      }
      signal.throwIfAborted()
      return link
    } catch (error) {
      await link.close(0)
      throw error
    }
  }

  /** Pulls the image if it is not there. */
  async #image(signal: AbortSignal): Promise<void> {
    const { states } = this.#options
    const { images, engine } = this.#session
    const { image } = this.#runtime
    const server = this.#server
    if (await images.has(image)) {
      states.image(server, { state: 'present', progress: null, problem: null })
      return
    }
    this.#events.log('lifecycle', `${engineName(engine.address)} pulls ${image}`)
    const wait = {
      what: `The pull of ${image} did not go on`,
      advice:
        'The registry, or the way to it, may be slow: try again, or raise start_timeout_seconds.',
    }
    await pullImage(this.#session, server, states, signal, () => this.#events.progress(wait))
    this.#events.progress()
    this.#events.log('lifecycle', `${image} is here`)
  }

  async #place(): Promise<{ binds: string[]; network: string | undefined; isShared: boolean }> {
    const { serverId, baseDir } = this.#definition
    const { network, transport, volumes: written } = this.#runtime
    const { address } = this.#session.engine
    const volumes = readVolumes(serverId, written, baseDir, this.#options.homedir)
    const isHttp = transport === 'http'
    const needsOwn = isHttp || volumes.some(({ isPath }) => isPath)
    const own = needsOwn ? await this.#session.own() : undefined
    if (isHttp && own === undefined && !address.isLocal)
      throw new GatewayError(
        'server_failed',
        `${serverId}: \`transport: http\` needs an engine on this machine, and ${address.label} is on another. Use \`transport: stdio\`, or publish the server there and enter it as \`remote-http\`.`,
      )
    if (own === undefined && address.isLocal) await checkSources(serverId, volumes)
    if (!address.isLocal && volumes.some(({ isPath }) => isPath))
      this.#events.log(
        'lifecycle',
        `Its volumes are folders of the engine’s machine (${address.label}); those that are missing there are made, empty and root’s.`,
      )
    const shared = isHttp ? (network ?? own?.networks[0]) : network
    return {
      network: shared,
      isShared:
        isHttp && own !== undefined && shared !== undefined && own.networks.includes(shared),
      binds: volumes.map((volume) => {
        const { target, options } = volume
        const source = volume.isOurs && own ? this.#onEngine(own, volume.source) : volume.source
        return `${source}:${target}${options === '' ? '' : `:${options}`}`
      }),
    }
  }

  #onEngine(own: OwnContainer, place: string): string {
    const found = pathOnEngine(own, place)
    if (found !== undefined) return found
    throw new GatewayError(
      'server_failed',
      `${this.#definition.serverId}: the gateway runs in a container, and ${place}, which one of the \`volumes\` names, is in none of its mounts, so that the engine cannot see it. Write the path as it is on the engine's machine.`,
    )
  }

  /** A container has a home and a PATH of its own: only what is named comes along. */
  #inherited(): Record<string, string> {
    const { inheritEnv } = this.#definition
    if (typeof inheritEnv === 'boolean') return {}
    return Object.fromEntries(
      inheritEnv.flatMap((name) => {
        const value = name.toUpperCase().startsWith('MCP_GATEWAY_')
          ? undefined
          : this.#options.lookup(name)
        return value === undefined ? [] : [[name, value]]
      }),
    )
  }
}

/** Pulls, and keeps the server's state told. Rejects with GatewayError. */
export async function pullImage(
  session: EngineSession,
  server: ContainerServer,
  states: ContainerStates,
  signal: AbortSignal,
  onProgress: () => void = () => {},
): Promise<void> {
  const follower = {
    serverId: server.serverId,
    progress: (progress: { done_bytes: number; total_bytes: number; step: string }) => {
      states.image(server, { state: 'pulling', progress, problem: null })
      onProgress()
    },
  }
  try {
    await session.images.pull(server.runtime.image, follower, signal)
    states.image(server, { state: 'present', progress: null, problem: null })
  } catch (error) {
    const problem = error instanceof Error && !signal.aborted ? error.message : null
    states.image(server, { state: 'absent', progress: null, problem })
    throw error
  }
}

function calledOff(serverId: string): GatewayError {
  return new GatewayError('cancelled', `The start of ${serverId} was called off.`)
}

function refused(
  serverId: string,
  runtime: DockerRuntime,
  { engine }: EngineSession,
  error: EngineError,
): GatewayError {
  return new GatewayError(
    'server_failed',
    `${serverId}: ${engineName(engine.address)} could not start its container: ${error.message.replace(/\.$/, '')}. ${hint(error.message, runtime)}`,
    { cause: error },
  )
}

export function hint(message: string, { network, engine, image }: DockerRuntime): string {
  if (/invalid reference format|must be lowercase/i.test(message))
    return 'Check the name in `image`.'
  if (/no command (?:specified|or entrypoint)/i.test(message))
    return 'The image names no program: say in `args` what is to run.'
  if (/memory limit/i.test(message)) return 'Raise `memory`.'
  if (/range of cpus/i.test(message)) return 'Lower `cpus`.'
  if (/invalid (?:mode|option type)/i.test(message)) return 'Check the options in `volumes`.'
  if (network !== undefined && /network\b.*not found|no such network/i.test(message))
    return `Create the network (${engine} network create ${network}), or correct \`network\`.`
  if (/port is already allocated|address already in use/i.test(message))
    return 'Another program has the port: end it, or try again.'
  if (
    /executable file not found|no such file or directory|exec format|OCI permission denied/i.test(
      message,
    )
  )
    return `Check \`args\`, and that ${image} is made for this machine's processor.`
  if (/no such image/i.test(message)) return 'The image was removed meanwhile: try again.'
  if (/user|passwd/i.test(message)) return 'Check `user`.'
  return 'Check its entry in the catalog.'
}
