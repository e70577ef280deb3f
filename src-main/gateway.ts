import type { ServerDefinition } from '../src-shared/catalog.ts'
import type { Config } from '../src-shared/config.ts'
import { GatewayError } from '../src-shared/errors.ts'
import type {
  GatewayEvent,
  LogLine,
  ServerDetail,
  ServerSummary,
} from '../src-shared/server-state.ts'
import type { ClientRegister } from './ai-clients/client-register.ts'
import { CatalogInForce } from './catalog/catalog-in-force.ts'
import type { CatalogAccess, LastReload, ReloadResult } from './catalog/catalog-in-force.ts'
import { secretName } from './catalog/interpolate.ts'
import { resolveServer } from './catalog/resolve.ts'
import type { ResolvedServer, SecretReader } from './catalog/resolve.ts'
import { LazyContainers } from './containers/lazy-containers.ts'
import type { ContainersAccess } from './containers/lazy-containers.ts'
import { OneCall } from './mcp/one-call.ts'
import { ListingStore } from './mcp/listing-store.ts'
import { findServer } from './mcp/server-directory.ts'
import type { ServerDirectory } from './mcp/server-directory.ts'
import { Sessions } from './mcp/sessions.ts'
import { createLocalProcessLaunch } from './runtimes/local-process.ts'
import { lazyRemoteLaunch } from './runtimes/lazy-remote.ts'
import { LoginEnvironment } from './runtimes/login-environment.ts'
import { ProcessTrees } from './runtimes/process-tree.ts'
import type { ProcessRecorder } from './runtimes/process-tree.ts'
import type { Launch } from './runtimes/runtime.ts'
import { systemClock } from './servers/clock.ts'
import type { Clock } from './servers/clock.ts'
import { Server } from './servers/server.ts'
import type { LifeSettings } from './servers/server-options.ts'
import { detailOf, summaryOf } from './servers/server-view.ts'
import { resumeSignIns, signInEvents } from './sign-in/sign-in-servers.ts'
import type { SignIns } from './sign-in/sign-ins.ts'
import { statisticsOf } from './servers/statistics.ts'
import type { ServerStatistics } from './servers/statistics.ts'
import { Supervisor } from './servers/supervisor.ts'
import { EventFeed } from './telemetry/event-feed.ts'
import { RequestHistory } from './telemetry/history.ts'
import type { History } from './telemetry/history.ts'
import { LatencyWindow } from './telemetry/latency.ts'
import type { Log } from './telemetry/log.ts'
import type { Redactor } from './telemetry/redact.ts'
import { ServerLog } from './telemetry/server-log.ts'
import { version } from './version.ts'

/** `GET /stats`. */
export interface Stats extends ServerStatistics {
  uptime_seconds: number
  sessions: number
  /** By id: those that were given access, and those that have called since the start. */
  clients: Record<string, ClientStatistics>
  last_reload: LastReload
}

export interface ClientStatistics {
  sessions: number
  request_count: number
  error_count: number
  last_seen: string | null
}

/** What HTTP, the socket and the desktop see of the gateway core. */
export interface Gateway {
  readonly config: Config
  listServers(tag?: string): ServerSummary[]
  /** Throws GatewayError `server_not_found`. */
  server(id: string): ServerDetail
  start(id: string): Promise<ServerSummary>
  stop(id: string): Promise<ServerSummary>
  restart(id: string): Promise<ServerSummary>
  /** The lines still in the ring; `onLine` then gets what follows until the returned function is called. */
  logs(id: string): LogLine[]
  followLogs(id: string, onLine: (line: LogLine) => void): () => void
  readonly catalog: CatalogAccess
  /** Loads the catalog now. Throws `catalog_invalid` and changes nothing if it is not valid. */
  reload(): Promise<ReloadResult>
  stats(): Stats
  onEvent(fn: (event: GatewayEvent) => void): () => void
  /** True when it has no session, no request in flight and no running server. */
  isQuiet(): boolean
  /** Drains what is in flight (`drain_timeout_seconds`), then stops every server. Idempotent. */
  shutdown(): Promise<void>
}

export interface GatewayOptions {
  config: Config
  /** Absolute. Created with a commented sample if it is missing. */
  catalogPath: string
  stateDir: string
  env: Readonly<Record<string, string | undefined>>
  platform: NodeJS.Platform
  log: Log
  redactor: Redactor
  /** Reads `${secret:NAME}`; without it none is set. */
  readSecret?: SecretReader
  /** Which AI clients there are, and what each may see; without it, all may see everything. */
  clients?: ClientRegister
  /** Who signs in to remote servers; without it, only headers of the catalog do. */
  signIns?: SignIns
  /** Where the started processes are written down, for a clean-up after a kill. */
  records?: ProcessRecorder
  /** The built parse worker; without it large catalogs are parsed on the main thread. */
  workerFile?: string
  clock?: Clock
}

/** The settings that servers take while they run. */
export type LifeConfig = Partial<Pick<Config, 'idle_timeout_seconds' | 'request_timeout_seconds'>>

/** The core with what its carriers (HTTP, socket) speak to. */
export interface GatewayCore extends Gateway {
  readonly sessions: Sessions
  readonly oneCall: OneCall
  readonly catalog: CatalogInForce
  readonly servers: ServerDirectory
  readonly signIns: SignIns | undefined
  /** Undefined with `history: false`. */
  readonly history: History | undefined
  readonly clock: Clock
  /** ISO 8601. */
  readonly startedAt: string
  readonly catalogPath: string
  readonly stateDir: string
  readonly isPaused: boolean
  /** True while somebody follows its events: a window, a page. */
  readonly isFollowed: boolean
  /** Stops every server gracefully; from now on none is started, and requests that need one fail with `paused`. */
  pause(): Promise<void>
  resume(): void
  /** Memory of each running server's processes and containers, in bytes. */
  memory(): Promise<Record<string, number>>
  readonly containers: ContainersAccess
  /** Every running server is asked at its next turn whether it is alive: the machine has slept, say. */
  checkHealth(): void
  /** Takes new settings for the servers' lives: they apply from the next time they are looked at. */
  setLife(config: LifeConfig): void
  /** SIGKILL to every process of every server, at once; resolves when their containers are gone, or 1.5 s later. */
  killAll(): Promise<void>
}

const maxSessions = 5_000

/**
 * Wires the rooms. An invalid catalog does not keep the gateway from starting: it starts with no servers, says so
 * everywhere, and takes the catalog once it is valid. Rejects with GatewayError if the file cannot be read or made.
 */
export async function createGateway(options: GatewayOptions): Promise<GatewayCore> {
  const { config, catalogPath, stateDir, log, redactor, clients, signIns } = options
  const clock = options.clock ?? systemClock
  const startedAt = clock.now()
  const startedWall = clock.wall()
  const environment = new LoginEnvironment({
    env: options.env,
    platform: options.platform,
    log,
    clock,
  })
  const trees = new ProcessTrees(options.records ? { records: options.records } : {})
  const store = new ListingStore(stateDir, log)
  const settings = lifeSettings(config)
  const feed = new EventFeed(log)
  const redact = (text: string): string => redactor.redact(text)
  const history = config.history ? new RequestHistory({ stateDir, redact, log, clock }) : undefined
  let closing = false
  let isPaused = false
  const maxConnections = config.max_connections_per_server
  const remote = lazyRemoteLaunch({
    maxConnections,
    ...(signIns && { authorization: (definition) => signIns.authorization(definition) }),
  })
  const containers = new LazyContainers({
    stateDir,
    environment,
    // What speaks HTTP in a container is on this machine: nobody signs in to it.
    remote: lazyRemoteLaunch({ maxConnections }),
    servers: () => supervisor.all(),
    redact,
    changed: (change) => {
      if (feed.isHeard) feed.emit(change)
    },
    clock,
    log,
  })
  const launch = launchByType({
    local: createLocalProcessLaunch({ environment, trees, clock }),
    container: containers.launch,
    remote,
  })

  const resolve = async (definition: ServerDefinition): Promise<ResolvedServer> => {
    const attempt = (): Promise<ResolvedServer> =>
      resolveServer(
        definition,
        (name) => environment.lookup(name),
        catalog.baseDir,
        options.readSecret,
      )
    let resolved = await attempt()
    if (resolved.missing.some((name) => secretName(name) === undefined)) {
      await environment.load()
      resolved = await attempt()
    }
    for (const secret of resolved.secrets) redactor.add(secret)
    return resolved
  }

  const createLog = (serverId: string): ServerLog => {
    const serverLog = new ServerLog({ redactor, wall: () => clock.wall() })
    serverLog.follow((line) => {
      if (line.source === 'lifecycle') log.info({ server: serverId }, line.text)
      else log.debug({ server: serverId, source: line.source }, line.text)
      if (feed.isHeard) feed.emit({ type: 'log', server_id: serverId, line })
    })
    return serverLog
  }

  const stateChanged = (server: Server): void => {
    if (feed.isHeard) feed.emit({ type: 'state', server: summaryOf(server, clock) })
  }

  const supervisor = new Supervisor({
    clock,
    createServer: (definition) =>
      new Server(definition, {
        launch,
        resolve,
        settings,
        store,
        clock,
        createLog,
        createLatency: () => new LatencyWindow(),
        history,
        redact,
        version,
        signIn: (id) => signIns?.known(id),
        isPaused: () => isPaused,
        events: {
          changed: stateChanged,
          notification: (server, owner, envelope) => sessions.notification(server, owner, envelope),
          listsChanged: (server, owner, methods, isFirst) =>
            sessions.listsChanged(server, owner, methods, isFirst),
          greeted: (server, owner, greeting) => sessions.greeted(server, owner, greeting),
        },
      }),
  })
  const sessions = new Sessions({ directory: supervisor, clock, version, maxSessions, clients })
  const oneCall = new OneCall(supervisor, (client) => clients?.permissions(client))
  clients?.follow({
    limited: (client) => sessions.limitsChanged(client),
    ended: (client) => {
      sessions.clientEnded(client)
      sessions.modern.left(`client:${client}`)
      oneCall.left(`client:${client}`)
    },
  })

  const catalog = new CatalogInForce({
    path: catalogPath,
    stateDir,
    workerFile: options.workerFile,
    clock,
    log,
    apply: (wanted) => supervisor.apply(wanted),
    loaded: (result, anyChange) => {
      // An unchanged catalog is a no-op, for the clients as well.
      if (anyChange) sessions.catalogChanged()
      signIns?.catalogChanged((id) => supervisor.get(id) !== undefined, result.servers_changed)
      feed.emit({ type: 'reload', ok: true, ...result })
    },
    refused: (errors) => feed.emit({ type: 'reload', ok: false, errors }),
  })
  await signIns?.open(signInEvents(supervisor, stateChanged))
  await catalog.open()
  if (signIns) void resumeSignIns(signIns, supervisor)
  void store.prune(clock.wall())
  for (const server of supervisor.all())
    if (server.definition.always_on && server.definition.enabled) server.start().catch(() => {})
  if (config.hot_reload) catalog.watch()

  const act = async (
    id: string,
    what: (server: Server) => Promise<void>,
  ): Promise<ServerSummary> => {
    const server = findServer(supervisor, id)
    if (closing) throw new GatewayError('shutting_down', 'The gateway is shutting down.')
    await what(server)
    return summaryOf(server, clock)
  }
  return {
    config,
    sessions,
    oneCall,
    servers: supervisor,
    signIns,
    history,
    clock,
    startedAt: new Date(startedWall).toISOString(),
    catalogPath,
    stateDir,
    get isPaused() {
      return isPaused
    },
    get isFollowed() {
      return feed.isHeard
    },
    pause: async () => {
      if (!isPaused) {
        isPaused = true
        feed.emit({ type: 'gateway', paused: true })
      }
      await supervisor.pause()
    },
    resume: () => {
      if (!isPaused) return
      isPaused = false
      feed.emit({ type: 'gateway', paused: false })
    },
    memory: async () => ({ ...(await trees.residentBytes()), ...(await containers.memory()) }),
    containers,
    checkHealth: () => {
      for (const server of supervisor.all()) for (const slot of server.slots) slot.isCheckDue = true
    },
    setLife: (changed) => void Object.assign(settings, lifeSettings({ ...config, ...changed })),
    listServers: (tag) =>
      supervisor
        .all()
        .filter((server) => tag === undefined || server.definition.tags.includes(tag))
        .map((server) => summaryOf(server, clock)),
    server: (id) => detailOf(findServer(supervisor, id), clock),
    start: (id) => act(id, (server) => server.start()),
    stop: (id) => act(id, (server) => server.stop('stopped by hand')),
    restart: (id) =>
      act(id, async (server) => {
        await server.stop('restarted by hand')
        await server.start()
      }),
    logs: (id) => findServer(supervisor, id).log.lines(),
    followLogs: (id, onLine) => findServer(supervisor, id).log.follow(onLine),
    catalog,
    reload: () => catalog.reload(),
    stats: () => ({
      uptime_seconds: Math.round((clock.now() - startedAt) / 1000),
      ...statisticsOf(supervisor.all(), clock),
      sessions: sessions.size,
      clients: clientStatistics(clients, sessions),
      last_reload: catalog.lastReload,
    }),
    onEvent: (fn) => feed.follow(fn),
    isQuiet: () => sessions.size === 0 && supervisor.all().every((server) => server.isQuiet),
    killAll: () => (trees.killAllSync(), containers.kill()),
    shutdown: async () => {
      closing = true
      signIns?.close()
      await Promise.all([supervisor.shutdown(), catalog.close()])
      sessions.closeAll()
      await Promise.all([store.settled(), history?.close(), containers.close()])
    },
  }
}

function clientStatistics(
  clients: ClientRegister | undefined,
  sessions: Sessions,
): Record<string, ClientStatistics> {
  const counts = sessions.countByClient()
  return Object.fromEntries(
    [...(clients?.use() ?? [])].map(([id, { requestCount, errorCount, lastSeen }]) => [
      id,
      {
        sessions: counts.get(id) ?? 0,
        request_count: requestCount,
        error_count: errorCount,
        last_seen: lastSeen,
      },
    ]),
  )
}

function lifeSettings(config: Config): LifeSettings {
  return {
    idleTimeoutMs: config.idle_timeout_seconds * 1000,
    healthIntervalMs: config.health_check_interval_seconds * 1000,
    requestTimeoutMs: config.request_timeout_seconds * 1000,
    maxRequestMs: config.max_request_seconds * 1000,
    startTimeoutMs: config.start_timeout_seconds * 1000,
    drainMs: config.drain_timeout_seconds * 1000,
    maxInstances: config.max_connections_per_server,
  }
}

function launchByType(launches: Record<'local' | 'container' | 'remote', Launch>): Launch {
  return (definition, events, signal) => {
    const { type } = definition.runtime
    const by = type === 'local-process' ? 'local' : type === 'docker' ? 'container' : 'remote'
    return launches[by](definition, events, signal)
  }
}
