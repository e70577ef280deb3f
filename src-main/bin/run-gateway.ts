import { asGatewayError } from '../../src-shared/errors.ts'
import { createGateway } from '../gateway.ts'
import type { GatewayCore } from '../gateway.ts'
import { createAccess, assertSafeToListen } from '../http/access.ts'
import { loadOrCreateKey } from '../http/api-key.ts'
import { createListener } from '../http/listener.ts'
import type { Listener, ListenerOptions } from '../http/listener.ts'
import { McpEndpoint } from '../http/mcp-http.ts'
import { createSocketListener } from '../http/socket.ts'
import { hasProcessRecords, ProcessRecords } from '../runtimes/process-records.ts'
import { systemClock } from '../servers/clock.ts'
import { createLog } from '../telemetry/log.ts'
import type { Log } from '../telemetry/log.ts'
import { Redactor } from '../telemetry/redact.ts'
import { version } from '../version.ts'
import { claimStateDir, removeInfo, writeInfo } from './gateway-claim.ts'
import { GatewayExit } from './gateway-exit.ts'
import { loadSettings } from './gateway-options.ts'
import type { GatewayFlags, Settings } from './gateway-options.ts'
import { giveMemoryBack } from './memory-return.ts'
import { siblingProgram } from './sibling-program.ts'
import { watchForQuiet } from './quiet.ts'

/**
 * Starts the gateway and returns when it listens; from then on signals end it. Rejects with GatewayError or UsageError
 * and leaves nothing behind.
 */
export async function runGateway(flags: GatewayFlags): Promise<void> {
  const settings = await loadSettings(flags)
  const { config, files } = settings
  const apiKey = config.api_key ?? (process.env['MCP_GATEWAY_API_KEY'] || undefined)
  assertSafeToListen(config, apiKey)
  const redactor = new Redactor()
  const log = createLog({
    level: config.log_level,
    redactor,
    pretty: process.stderr.isTTY === true,
  })
  const lock = await claimStateDir(files)
  // Everything that is open is closed by the exit, in the reverse order.
  const exit = new GatewayExit({ log, drainMs: config.drain_timeout_seconds * 1000 })
  exit.onLast(() => {
    removeInfo(files)
    lock.release()
  })
  exit.install()
  try {
    const key = config.auth === 'none' ? undefined : (apiKey ?? loadOrCreateKey(files.dir, log))
    if (key !== undefined) redactor.add(key)
    const workerFile = siblingProgram('parse-worker')
    const gateway = await createGateway({
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
    exit.onKill(() => gateway.killAll())
    exit.onShutdown(() => gateway.shutdown())
    exit.onReload(() => gateway.reload())
    const listener = await listen(gateway, settings, key, redactor, log, flags.spawned === true)
    exit.onShutdown(() => listener.close())
    const socket = await createSocketListener({
      path: files.socket,
      sessions: gateway.sessions,
      log,
      spawned: flags.spawned === true,
    })
    exit.onDrain(() => socket.drain())
    exit.onClose(() => socket.close())
    announce(settings, listener, flags.spawned === true)
    log.info(
      { url: listener.url, pid: process.pid, catalog: settings.catalogPath, state: files.dir },
      `Open MCP Gateway ${version} is listening.`,
    )
    if (flags.spawned === true)
      watchForQuiet(
        () => gateway.isQuiet(),
        () => exit.shutdown('nobody uses the gateway'),
      )
    giveMemoryBack(() => gateway.sessions.size)
    if (hasProcessRecords(files.dir)) {
      const { reapLeftovers } = await import('../runtimes/leftovers.ts')
      void reapLeftovers(files.dir, log)
    }
  } catch (error) {
    await exit.abandon()
    throw error
  }
}

async function listen(
  gateway: GatewayCore,
  { config }: Settings,
  key: string | undefined,
  redactor: Redactor,
  log: Log,
  spawned: boolean,
): Promise<Listener> {
  const { sessions, oneCall } = gateway
  const access = createAccess({ config, key: () => key, tls: config.tls !== undefined })
  const mcp = new McpEndpoint({ sessions, oneCall, clock: systemClock })
  const options: ListenerOptions = {
    gateway,
    access,
    mcp,
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
    if (!spawned || error.code !== 'conflict') throw error
    // The client waits for its tools, and reaches them through the socket: the port matters to others only.
    log.warn({ listen_addr: config.listen_addr }, `${error.message} A free port is used instead.`)
    const anyPort = config.listen_addr.replace(/:\d+$/, ':0')
    return createListener({ ...options, gateway: { config: { ...config, listen_addr: anyPort } } })
  }
}

function announce({ files, catalogPath }: Settings, listener: Listener, spawned: boolean): void {
  writeInfo(files, {
    pid: process.pid,
    started_at: new Date().toISOString(),
    url: listener.url,
    version,
    spawned,
    catalog: catalogPath,
  })
  process.stdout.on('error', () => {}) // whoever started us may not listen
  if (!spawned) process.stdout.write(`Open MCP Gateway listens on ${listener.url}\n`)
}
