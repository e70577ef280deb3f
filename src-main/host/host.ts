import os from 'node:os'
import type { LogLevel } from '../../src-shared/config.ts'
import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import { thisMachine } from '../ai-clients/client-paths.ts'
import type { Machine } from '../ai-clients/client-paths.ts'
import { hasStaleConnections } from '../ai-clients/connection-glance.ts'
import { shimLauncher } from '../ai-clients/shim-launcher.ts'
import type { LaunchFacts } from '../ai-clients/shim-launcher.ts'
import { ClientRegister } from '../ai-clients/client-register.ts'
import { readConfig } from '../catalog/config-file.ts'
import { ConfigInForce } from '../catalog/config-in-force.ts'
import { hasContainerRecords } from '../containers/container-glance.ts'
import { createGateway } from '../gateway.ts'
import type { GatewayCore } from '../gateway.ts'
import { assertSafeToListen, createAccess } from '../http/access.ts'
import { DashboardSessions } from '../http/dashboard-sessions.ts'
import { createListener } from '../http/listener.ts'
import type { Listener, ListenerOptions } from '../http/listener.ts'
import { MainKey } from '../http/main-key.ts'
import { McpEndpoint } from '../http/mcp-http.ts'
import { createSocketListener } from '../http/socket.ts'
import type { SocketListener } from '../http/socket.ts'
import type { ManagementOptions } from '../management/context.ts'
import { lazyManagement } from '../management/lazy-management.ts'
import type { Management } from '../management/management.ts'
import type { ProcessLock } from '../process-lock.ts'
import { hasProcessRecords, ProcessRecords } from '../runtimes/process-records.ts'
import { lazySecrets, lazySignInTokens } from '../secrets/lazy-secrets.ts'
import type { SecretStore } from '../secrets/secret-store.ts'
import { systemClock } from '../servers/clock.ts'
import { SignIns } from '../sign-in/sign-ins.ts'
import { createLog } from '../telemetry/log.ts'
import type { Log, LogStream } from '../telemetry/log.ts'
import { Redactor } from '../telemetry/redact.ts'
import { version } from '../version.ts'
import { claimStateDir, removeInfo, writeInfo } from './gateway-claim.ts'
import type { Settings } from './settings.ts'

export interface HostOptions {
  /** By a shim: said to those who connect, since nobody else would start it again. */
  spawned?: boolean
  /** Where the port is taken, any other serves: who uses this gateway finds it by its state directory. */
  anyPort?: boolean
  /** The built parse worker; without it large catalogs are parsed on the main thread. */
  workerFile?: string | undefined
  /** The built dashboard; without it `/ui/` says that it was not built. */
  uiFolder?: string | undefined
  /** The desktop app asks this gateway to make room; only for one that nobody would miss. */
  onRetire?: (() => void) | undefined
  /** How AI clients start the shim of this installation; without it none can be connected. */
  launch?: LaunchFacts | undefined
  /** Whose AI clients these are; default: this process's user. */
  machine?: Machine | undefined
  /** Default: stderr. */
  logStream?: LogStream
  /** The log is for eyes instead of programs. */
  pretty?: boolean
  /** Default: the system's keychain, or an encrypted file in the state directory. */
  secrets?: SecretStore
  /** Likewise. */
  signInTokens?: SecretStore
}

/** Past the drain: servers get two seconds after each of end of input and SIGTERM, then SIGKILL. */
const stopLimitMs = 8_000

/**
 * A gateway with its endpoint and its socket, in this process: what `gateway-http` is made of, and what the desktop app
 * hosts. It neither handles signals nor ends the process.
 */
export class Host {
  readonly settings: Settings
  readonly log: Log
  readonly redactor = new Redactor()
  /** For whoever runs in this process; loaded at its first use. */
  readonly management: Management
  readonly #options: HostOptions
  readonly #lock: ProcessLock
  readonly #startedAt = new Date()
  readonly #dashboard = new DashboardSessions({ now: () => systemClock.now() })
  readonly #secrets: SecretStore
  #logLevel: LogLevel
  #key: MainKey | undefined
  #clients: ClientRegister | undefined
  #keyEnd = new AbortController()
  #gateway: GatewayCore | undefined
  #mcp: McpEndpoint | undefined
  #listener: Listener | undefined
  #socket: SocketListener | undefined
  #starting: Promise<void> | undefined
  #closing: Promise<void> | undefined
  #isReleased = false

  private constructor(settings: Settings, options: HostOptions, lock: ProcessLock) {
    this.settings = settings
    this.#options = options
    this.#lock = lock
    this.#logLevel = settings.config.log_level
    this.#secrets = options.secrets ?? lazySecrets(settings.files.dir)
    this.log = createLog({
      level: () => this.#logLevel,
      redactor: this.redactor,
      pretty: options.pretty === true,
      ...(options.logStream === undefined ? {} : { stream: options.logStream }),
    })
    this.management = lazyManagement(() => this.#managementOptions())
  }

  /**
   * Makes this process the one gateway of its state directory; nothing runs yet. Rejects with AlreadyRunningError, or
   * GatewayError `bad_request` for settings that would open the gateway to others.
   */
  static async claim(settings: Settings, options: HostOptions = {}): Promise<Host> {
    assertSafeToListen(settings.config, environmentKey())
    return new Host(settings, options, await claimStateDir(settings.files))
  }

  /** Resolves when it listens. Rejects with GatewayError, and leaves nothing behind. Call it once. */
  start(): Promise<void> {
    this.#starting ??= this.#start().catch(async (error: unknown) => {
      await this.#stop().catch(() => this.kill())
      this.#release()
      throw error
    })
    return this.#starting
  }

  get gateway(): GatewayCore {
    if (this.#gateway === undefined) throw notStarted()
    return this.#gateway
  }

  /** `http://127.0.0.1:4444`. */
  get url(): string {
    if (this.#listener === undefined) throw notStarted()
    return this.#listener.url
  }

  /**
   * Takes nothing new, lets what is in flight finish (`drain_timeout_seconds`), ends every server, and gives the state
   * directory free. Rejects if that took too long; then what was left has been killed. Idempotent.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** Loads the catalog again; what is wrong with it is in the log. */
  async reload(): Promise<void> {
    await this.#gateway?.reload().catch(() => {})
  }

  /** SIGKILL to every process of every server, at once; resolves when their containers are gone, or 1.5 s later. */
  async kill(): Promise<void> {
    let killed: Promise<void> | undefined
    try {
      killed = this.#gateway?.killAll()
    } finally {
      this.#release()
    }
    await killed
  }

  async #start(): Promise<void> {
    const { settings, redactor, log } = this
    const { config, files } = settings
    const { spawned = false, workerFile } = this.#options
    const key = new MainKey({
      auth: config.auth,
      configured: config.api_key,
      environment: environmentKey(),
      stateDir: files.dir,
      log,
      redactor,
      rotated: (session) => this.#keyRotated(session),
    })
    this.#key = key
    this.#clients = new ClientRegister({
      stateDir: files.dir,
      log,
      wall: () => systemClock.wall(),
    })
    this.#gateway = await createGateway({
      config,
      catalogPath: settings.catalogPath,
      stateDir: files.dir,
      env: process.env,
      platform: process.platform,
      log,
      redactor,
      readSecret: (name) => this.#secrets.get(name),
      clients: this.#clients,
      signIns: this.#signIns(),
      records: new ProcessRecords(files.dir, log),
      ...(workerFile === undefined ? {} : { workerFile }),
    })
    this.#listener = await this.#listen(this.#gateway, key, this.#clients)
    this.#socket = await createSocketListener({
      path: files.socket,
      sessions: this.#gateway.sessions,
      log,
      spawned,
      onRetire: this.#options.onRetire,
    })
    writeInfo(files, {
      pid: process.pid,
      started_at: this.#startedAt.toISOString(),
      url: this.url,
      version,
      spawned,
      catalog: settings.catalogPath,
    })
    log.info(
      { url: this.url, pid: process.pid, catalog: settings.catalogPath, state: files.dir },
      `Open MCP Gateway ${version} is listening.`,
    )
    const { launch } = this.#options
    if (launch && hasStaleConnections(files.dir, () => shimLauncher(launch), this.url)) {
      const { repairClients } = await import('../management/clients.ts')
      void repairClients(this.#managementOptions())
    }
    if (hasProcessRecords(files.dir)) {
      const { reapLeftovers } = await import('../runtimes/leftovers.ts')
      void reapLeftovers(files.dir, log)
    }
    if (hasContainerRecords(files.dir)) void this.#gateway.containers.reap()
  }

  async #listen(gateway: GatewayCore, key: MainKey, clients: ClientRegister): Promise<Listener> {
    const { log, redactor, management } = this
    const { uiFolder } = this.#options
    const { config } = this.settings
    const { sessions, oneCall } = gateway
    this.#mcp = new McpEndpoint({ sessions, oneCall, clock: systemClock })
    const options: ListenerOptions = {
      gateway,
      access: createAccess({
        config,
        key: () => key.current(),
        dashboard: this.#dashboard,
        clients,
        tls: config.tls !== undefined,
      }),
      mcp: this.#mcp,
      rest: async () => {
        const { createRest } = await import('../http/rest-routes.ts')
        return createRest({ gateway, log, redactor })
      },
      api: async () => {
        const { createApi } = await import('../http/api-routes.ts')
        return createApi({ management, keyEnded: () => this.#keyEnd.signal })
      },
      ui: async () => {
        const { createUi } = await import('../http/ui-routes.ts')
        return createUi({ folder: uiFolder, sessions: this.#dashboard })
      },
      log,
    }
    try {
      return await createListener(options)
    } catch (thrown) {
      const error = asGatewayError(thrown)
      if (this.#options.anyPort !== true || error.code !== 'conflict') throw error
      log.warn({ listen_addr: config.listen_addr }, `${error.message} A free port is used instead.`)
      const anyPort = config.listen_addr.replace(/:\d+$/, ':0')
      return createListener({
        ...options,
        gateway: { config: { ...config, listen_addr: anyPort } },
      })
    }
  }

  #signIns(): SignIns {
    const { settings, redactor, log } = this
    return new SignIns({
      stateDir: settings.files.dir,
      catalogPath: settings.catalogPath,
      store: this.#options.signInTokens ?? lazySignInTokens(settings.files.dir),
      clock: systemClock,
      log,
      redactor,
      clientMetadataUrl: settings.config.oauth_client_metadata_url,
    })
  }

  #managementOptions(): ManagementOptions {
    const { gateway, redactor, log, settings } = this
    if (this.#key === undefined || this.#clients === undefined) throw notStarted()
    const surroundings = { env: process.env, platform: process.platform, homedir: os.homedir() }
    return {
      gateway,
      redactor,
      log,
      config: new ConfigInForce({
        path: settings.configPath,
        started: settings.fileConfig,
        parse: (text) => readConfig(text, settings.configPath, surroundings),
        check: (config) => assertSafeToListen(config, environmentKey()),
        apply: ({ log_level, ...life }) => {
          if (log_level !== undefined) this.#logLevel = log_level
          gateway.setLife(life)
        },
      }),
      key: this.#key,
      secrets: this.#secrets,
      register: this.#clients,
      url: () => this.url,
      clients: {
        machine: this.#options.machine ?? thisMachine(),
        launcher: () => shimLauncher(launchOf(this.#options)),
      },
      dashboardLink: () => {
        const { code, lifeMs } = this.#dashboard.createCode()
        return {
          url: `${this.url}/ui/#code=${code}`,
          expires_at: new Date(systemClock.wall() + lifeMs).toISOString(),
        }
      },
    }
  }

  /** Nobody who had the old key is to keep a way in by it. */
  #keyRotated(session: string): void {
    this.#keyEnd.abort()
    this.#keyEnd = new AbortController()
    this.#dashboard.endOthers(session)
  }

  async #close(): Promise<void> {
    const { config } = this.settings
    let limit: NodeJS.Timeout | undefined
    const tooLong = new Promise<never>((_, reject) => {
      limit = setTimeout(
        () =>
          reject(new GatewayError('internal', 'Stopping took too long; what was left was killed.')),
        config.drain_timeout_seconds * 1000 + stopLimitMs,
      )
    })
    try {
      const stopped = Promise.resolve(this.#starting?.catch(() => {})).then(() => this.#stop())
      await Promise.race([stopped, tooLong])
    } catch (error) {
      await this.kill()
      throw error
    } finally {
      clearTimeout(limit)
      this.#release()
    }
  }

  async #stop(): Promise<void> {
    this.#socket?.drain()
    await Promise.all([this.#gateway?.shutdown(), this.#listener?.close()])
    this.#mcp?.close()
    this.#clients?.close()
    await this.#socket?.close()
  }

  #release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    removeInfo(this.settings.files)
    this.#lock.release()
  }
}

function environmentKey(): string | undefined {
  return process.env['MCP_GATEWAY_API_KEY'] || undefined
}

function launchOf({ launch }: HostOptions): LaunchFacts {
  if (launch !== undefined) return launch
  throw new GatewayError(
    'conflict',
    'AI clients start the built gateway-stdio, and this gateway runs from its source. Run npm run build.',
  )
}

function notStarted(): GatewayError {
  return new GatewayError('internal', 'The gateway has not been started.')
}
