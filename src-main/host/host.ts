import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import { createGateway } from '../gateway.ts'
import type { GatewayCore } from '../gateway.ts'
import { assertSafeToListen, createAccess } from '../http/access.ts'
import { loadOrCreateKey } from '../http/api-key.ts'
import { createListener } from '../http/listener.ts'
import type { Listener, ListenerOptions } from '../http/listener.ts'
import { McpEndpoint } from '../http/mcp-http.ts'
import { createSocketListener } from '../http/socket.ts'
import type { SocketListener } from '../http/socket.ts'
import type { ProcessLock } from '../process-lock.ts'
import { hasProcessRecords, ProcessRecords } from '../runtimes/process-records.ts'
import { systemClock } from '../servers/clock.ts'
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
  /** Default: stderr. */
  logStream?: LogStream
  /** The log is for eyes instead of programs. */
  pretty?: boolean
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
  readonly #options: HostOptions
  readonly #lock: ProcessLock
  readonly #startedAt = new Date()
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
    this.log = createLog({
      level: settings.config.log_level,
      redactor: this.redactor,
      pretty: options.pretty === true,
      ...(options.logStream === undefined ? {} : { stream: options.logStream }),
    })
  }

  /**
   * Makes this process the one gateway of its state directory; nothing runs yet. Rejects with AlreadyRunningError, or
   * GatewayError `bad_request` for settings that would open the gateway to others.
   */
  static async claim(settings: Settings, options: HostOptions = {}): Promise<Host> {
    assertSafeToListen(settings.config, configuredKey(settings))
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

  /** SIGKILL to every process of every server, at once; for an uncaught exception. */
  kill(): void {
    try {
      this.#gateway?.killAll()
    } finally {
      this.#release()
    }
  }

  async #start(): Promise<void> {
    const { settings, redactor, log } = this
    const { config, files } = settings
    const { spawned = false, workerFile } = this.#options
    const key =
      config.auth === 'none'
        ? undefined
        : (configuredKey(settings) ?? loadOrCreateKey(files.dir, log))
    if (key !== undefined) redactor.add(key)
    this.#gateway = await createGateway({
      config,
      catalogPath: settings.catalogPath,
      stateDir: files.dir,
      env: process.env,
      platform: process.platform,
      log,
      redactor,
      records: new ProcessRecords(files.dir, log),
      ...(workerFile === undefined ? {} : { workerFile }),
    })
    this.#listener = await this.#listen(this.#gateway, key)
    this.#socket = await createSocketListener({
      path: files.socket,
      sessions: this.#gateway.sessions,
      log,
      spawned,
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
    if (hasProcessRecords(files.dir)) {
      const { reapLeftovers } = await import('../runtimes/leftovers.ts')
      void reapLeftovers(files.dir, log)
    }
  }

  async #listen(gateway: GatewayCore, key: string | undefined): Promise<Listener> {
    const { log, redactor } = this
    const { config } = this.settings
    const { sessions, oneCall } = gateway
    this.#mcp = new McpEndpoint({ sessions, oneCall, clock: systemClock })
    const options: ListenerOptions = {
      gateway,
      access: createAccess({ config, key: () => key, tls: config.tls !== undefined }),
      mcp: this.#mcp,
      rest: async () => {
        const { createRest } = await import('../http/rest-routes.ts')
        return createRest({ gateway, log, redactor })
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

  async #close(): Promise<void> {
    const { config } = this.settings
    let limit: NodeJS.Timeout | undefined
    const tooLong = new Promise<never>((_, reject) => {
      limit = setTimeout(
        () =>
          reject(new GatewayError('internal', 'Stopping took too long; what is left is killed.')),
        config.drain_timeout_seconds * 1000 + stopLimitMs,
      )
    })
    try {
      const stopped = Promise.resolve(this.#starting?.catch(() => {})).then(() => this.#stop())
      await Promise.race([stopped, tooLong])
    } catch (error) {
      this.kill()
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
    await this.#socket?.close()
  }

  #release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    removeInfo(this.settings.files)
    this.#lock.release()
  }
}

function configuredKey({ config }: Settings): string | undefined {
  return config.api_key ?? (process.env['MCP_GATEWAY_API_KEY'] || undefined)
}

function notStarted(): GatewayError {
  return new GatewayError('internal', 'The gateway has not been started.')
}
