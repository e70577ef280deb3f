import type { ServerDefinition } from '../src-shared/catalog.ts'
import type { Config } from '../src-shared/config.ts'
import { asGatewayError, GatewayError } from '../src-shared/errors.ts'
import type {
  GatewayEvent,
  LogLine,
  ServerDetail,
  ServerStatus,
  ServerSummary,
} from '../src-shared/server-state.ts'
import { CatalogFile } from './catalog/catalog-file.ts'
import type { FileWatch } from './catalog/watch.ts'
import { loadCatalogFile } from './catalog/parse-cache.ts'
import { CatalogError, formatProblem } from './catalog/problem.ts'
import { resolveServer } from './catalog/resolve.ts'
import type { ResolvedServer } from './catalog/resolve.ts'
import { createSampleCatalog } from './catalog/sample-catalog.ts'
import { OneCall } from './mcp/one-call.ts'
import { ListingStore } from './mcp/listing-store.ts'
import { findServer } from './mcp/server-directory.ts'
import { Sessions } from './mcp/sessions.ts'
import { createLocalProcessLaunch } from './runtimes/local-process.ts'
import { LoginEnvironment } from './runtimes/login-environment.ts'
import { ProcessTrees } from './runtimes/process-tree.ts'
import type { ProcessRecorder } from './runtimes/process-tree.ts'
import type { Launch } from './runtimes/runtime.ts'
import { systemClock } from './servers/clock.ts'
import type { Clock } from './servers/clock.ts'
import { Server } from './servers/server.ts'
import type { LifeSettings } from './servers/server-options.ts'
import { detailOf, statusOf, summaryOf, uptimeSeconds } from './servers/server-view.ts'
import { Supervisor } from './servers/supervisor.ts'
import { LatencyWindow } from './telemetry/latency.ts'
import type { Log } from './telemetry/log.ts'
import type { Redactor } from './telemetry/redact.ts'
import { ServerLog } from './telemetry/server-log.ts'
import { version } from './version.ts'

/** `POST /admin/reload` and what a watcher's reload reports. */
export interface ReloadResult {
  servers_loaded: number
  servers_added: string[]
  servers_removed: string[]
  servers_changed: string[]
}

/** `GET /stats`. */
export interface Stats {
  uptime_seconds: number
  total_requests: number
  total_servers: number
  active_servers: number
  sessions: number
  /** The last attempt to load the catalog; errors are `file:line:column: message`. */
  last_reload: { time: string; ok: boolean; errors: string[] }
  servers: Record<
    string,
    {
      status: ServerStatus
      request_count: number
      error_count: number
      uptime_seconds: number
      latency_ms: { p50: number | null; p95: number | null }
    }
  >
}

/** The catalog as a text with a version; see product.md 1, "The file belongs to its user". */
export interface CatalogAccess {
  /** `etag` is quoted, ready for the header. */
  read(): Promise<{ text: string; etag: string }>
  /** Each throws GatewayError: `precondition_failed` (changed since read), `catalog_invalid`, `conflict`, `server_not_found`. */
  replace(text: string, ifMatch?: string): Promise<{ etag: string; reload: ReloadResult }>
  addServer(entry: unknown, ifMatch?: string): Promise<{ etag: string; reload: ReloadResult }>
  /** A JSON merge patch (RFC 7396) on one entry. */
  patchServer(
    id: string,
    patch: unknown,
    ifMatch?: string,
  ): Promise<{ etag: string; reload: ReloadResult }>
  removeServer(id: string, ifMatch?: string): Promise<{ etag: string; reload: ReloadResult }>
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
  /** Where the started processes are written down, for a clean-up after a kill. */
  records?: ProcessRecorder
  /** The built parse worker; without it large catalogs are parsed on the main thread. */
  workerFile?: string
  clock?: Clock
}

/** The core with what its carriers (HTTP, socket) speak to. */
export interface GatewayCore extends Gateway {
  readonly sessions: Sessions
  readonly oneCall: OneCall
  /** SIGKILL to every process of every server, at once; for an uncaught exception. */
  killAll(): void
}

const maxSessions = 5_000
/** The watcher is loaded once the endpoint listens; what changes before is found by its etag. */
const watchAfterMs = 200

/**
 * Wires the rooms. An invalid catalog does not keep the gateway from starting: it starts with no servers, says so
 * everywhere, and takes the catalog once it is valid. Rejects with GatewayError if the file cannot be read or made.
 */
export async function createGateway(options: GatewayOptions): Promise<GatewayCore> {
  const { config, catalogPath, stateDir, log, redactor } = options
  const clock = options.clock ?? systemClock
  const startedAt = clock.now()
  const environment = new LoginEnvironment({
    env: options.env,
    platform: options.platform,
    log,
    clock,
  })
  const trees = new ProcessTrees(options.records ? { records: options.records } : {})
  const launch = createLaunch(createLocalProcessLaunch({ environment, trees, clock }), config)
  const store = new ListingStore(stateDir, log)
  const listeners = new Set<(event: GatewayEvent) => void>()
  const emit = (event: GatewayEvent): void => {
    for (const listener of listeners) {
      try {
        listener(event)
      } catch (error) {
        // A follower that fails must not reach into a server's life.
        listeners.delete(listener)
        log.error({ error }, 'A follower of events failed and gets no more.')
      }
    }
  }
  let baseDir = ''
  let closing = false

  const resolve = async (definition: ServerDefinition): Promise<ResolvedServer> => {
    let resolved = await resolveServer(definition, (name) => environment.lookup(name), baseDir)
    if (resolved.missing.some((name) => !name.startsWith('secret:'))) {
      await environment.load()
      resolved = await resolveServer(definition, (name) => environment.lookup(name), baseDir)
    }
    for (const secret of resolved.secrets) redactor.add(secret)
    return resolved
  }

  const createLog = (serverId: string): ServerLog => {
    const serverLog = new ServerLog({ redactor, wall: () => clock.wall() })
    serverLog.follow((line) => {
      if (line.source === 'lifecycle') log.info({ server: serverId }, line.text)
      else log.debug({ server: serverId, source: line.source }, line.text)
      if (listeners.size > 0) emit({ type: 'log', server_id: serverId, line })
    })
    return serverLog
  }

  const supervisor = new Supervisor({
    clock,
    createServer: (definition) =>
      new Server(definition, {
        launch,
        resolve,
        settings: lifeSettings(config),
        store,
        clock,
        createLog,
        createLatency: () => new LatencyWindow(),
        redact: (text) => redactor.redact(text),
        version,
        events: {
          changed: (server) => {
            if (listeners.size > 0) emit({ type: 'state', server: summaryOf(server, clock) })
          },
          notification: (server, owner, envelope) => sessions.notification(server, owner, envelope),
          listsChanged: (server, owner, methods, isFirst) =>
            sessions.listsChanged(server, owner, methods, isFirst),
          greeted: (server, owner, greeting) => sessions.greeted(server, owner, greeting),
        },
      }),
  })
  const sessions = new Sessions({ directory: supervisor, clock, version, maxSessions })
  const oneCall = new OneCall(supervisor)

  // The catalog: one load at a time, each a transaction.
  const file = new CatalogFile(catalogPath)
  let lastReload: Stats['last_reload'] = {
    time: new Date(clock.wall()).toISOString(),
    ok: true,
    errors: [],
  }
  let loadedEtag = ''
  let loading: Promise<unknown> = Promise.resolve()

  const load = async (): Promise<ReloadResult> => {
    const time = new Date(clock.wall()).toISOString()
    try {
      const loaded = await loadCatalogFile(catalogPath, {
        stateDir,
        workerFile: options.workerFile,
      })
      baseDir = loaded.baseDir
      loadedEtag = loaded.etag
      const changes = await supervisor.apply(loaded.catalog)
      const result: ReloadResult = {
        servers_loaded: loaded.catalog.servers.length,
        servers_added: changes.added,
        servers_removed: changes.removed,
        servers_changed: changes.changed,
      }
      lastReload = { time, ok: true, errors: [] }
      // An unchanged catalog is a no-op, for the clients as well.
      if (Object.values(changes).some((ids) => ids.length > 0)) sessions.catalogChanged()
      emit({ type: 'reload', ok: true, ...result })
      return result
    } catch (error) {
      if (closing) throw error
      const errors =
        error instanceof CatalogError
          ? error.problems.map(formatProblem)
          : [asGatewayError(error).message]
      lastReload = { time, ok: false, errors }
      emit({ type: 'reload', ok: false, errors })
      log.error({ errors }, 'The catalog is not valid; what was in force stays.')
      throw error
    }
  }
  const reload = (): Promise<ReloadResult> => {
    const run = loading.then(load, load)
    loading = run.catch(() => {})
    return run
  }

  await createSampleCatalog(catalogPath)
  await reload().catch((error: unknown) => {
    if (!(error instanceof CatalogError)) throw error
  })
  void store.prune(clock.wall())
  for (const server of supervisor.all())
    if (server.definition.always_on && server.definition.enabled) server.start().catch(() => {})
  let unwatch = async (): Promise<void> => {}
  if (config.hot_reload) {
    let opening: Promise<FileWatch | undefined> | undefined
    const open = async (): Promise<FileWatch> => {
      const { watchFile } = await import('./catalog/watch.ts')
      return watchFile(catalogPath, async () => void (await reload().catch(() => {})), {
        clock,
        since: loadedEtag,
      })
    }
    const cancel = clock.after(watchAfterMs, () => {
      opening = open().catch((error: unknown) => {
        log.error({ error }, 'The catalog cannot be watched; reload it by hand after a change.')
        return undefined
      })
    })
    unwatch = async () => {
      cancel()
      await (await opening)?.close()
    }
  }

  const act = async (
    id: string,
    what: (server: Server) => Promise<void>,
  ): Promise<ServerSummary> => {
    const server = findServer(supervisor, id)
    if (closing) throw new GatewayError('shutting_down', 'The gateway is shutting down.')
    await what(server)
    return summaryOf(server, clock)
  }
  const edit = async (
    change: (text: string) => Promise<string> | string,
    ifMatch: string | undefined,
  ) => {
    const { text, etag } = await file.read()
    const written = await file.write(await change(text), ifMatch ?? etag)
    return { etag: written.etag, reload: await reload() }
  }
  const editing = () => import('./catalog/edit.ts')

  return {
    config,
    sessions,
    oneCall,
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
    catalog: {
      read: () => file.read(),
      replace: (text, ifMatch) =>
        edit(async () => {
          const { parseCatalog } = await import('./catalog/parse.ts')
          parseCatalog(text, catalogPath)
          return text
        }, ifMatch),
      addServer: (entry, ifMatch) =>
        edit(async (text) => (await editing()).addServer(text, entry), ifMatch),
      patchServer: (id, patch, ifMatch) =>
        edit(async (text) => (await editing()).patchServer(text, id, patch), ifMatch),
      removeServer: (id, ifMatch) =>
        edit(async (text) => (await editing()).removeServer(text, id), ifMatch),
    },
    reload,
    stats: () => statsOf(supervisor, sessions, clock, startedAt, lastReload),
    onEvent: (fn) => {
      listeners.add(fn)
      return () => listeners.delete(fn)
    },
    isQuiet: () => sessions.size === 0 && supervisor.all().every((server) => server.isQuiet),
    killAll: () => trees.killAllSync(),
    shutdown: async () => {
      closing = true
      await Promise.all([supervisor.shutdown(), unwatch()])
      sessions.closeAll()
      await store.settled()
    },
  }
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

/** The runtime of each kind of server; what is not always needed is loaded when it is. */
function createLaunch(local: Launch, config: Config): Launch {
  let remote: Promise<Launch> | undefined
  return async (definition, events, signal) => {
    if (definition.runtime.type === 'local-process') return local(definition, events, signal)
    remote ??= import('./runtimes/remote.ts').then(({ createRemoteLaunch }) =>
      createRemoteLaunch({ maxConnections: config.max_connections_per_server }),
    )
    return (await remote)(definition, events, signal)
  }
}

function statsOf(
  supervisor: Supervisor,
  sessions: Sessions,
  clock: Clock,
  startedAt: number,
  lastReload: Stats['last_reload'],
): Stats {
  const servers = supervisor.all()
  const views = servers.map((server) => ({ server, status: statusOf(server, clock).status }))
  return {
    uptime_seconds: Math.round((clock.now() - startedAt) / 1000),
    total_requests: servers.reduce((sum, server) => sum + server.requestCount, 0),
    total_servers: servers.length,
    active_servers: views.filter(({ status }) => status === 'running').length,
    sessions: sessions.size,
    last_reload: lastReload,
    servers: Object.fromEntries(
      views.map(({ server, status }) => [
        server.id,
        {
          status,
          request_count: server.requestCount,
          error_count: server.errorCount,
          uptime_seconds: uptimeSeconds(server, clock),
          latency_ms: server.latencyMs,
        },
      ]),
    ),
  }
}
