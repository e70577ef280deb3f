import { Host } from '../host/host.ts'
import { loadSettings } from '../host/settings.ts'
import { GatewayExit } from './gateway-exit.ts'
import type { GatewayFlags } from './gateway-options.ts'
import { giveMemoryBack } from './memory-return.ts'
import { nodeLaunch, siblingProgram, uiFolder } from './sibling-program.ts'
import { watchForQuiet } from './quiet.ts'

/**
 * Starts the gateway and returns when it listens; from then on signals end it. Rejects with GatewayError or UsageError
 * and leaves nothing behind.
 */
export async function runGateway(flags: GatewayFlags): Promise<void> {
  const spawned = flags.spawned === true
  const host = await Host.claim(await loadSettings(flags), {
    spawned,
    // The client waits for its tools, and reaches them through the socket: the port matters to others only.
    anyPort: spawned,
    workerFile: siblingProgram('parse-worker'),
    uiFolder: uiFolder(),
    launch: nodeLaunch(),
    ...(spawned ? { onRetire: () => exit.shutdown('the desktop app takes over') } : {}),
    pretty: process.stderr.isTTY === true,
  })
  const exit = new GatewayExit(host)
  exit.install()
  await host.start()
  process.stdout.on('error', () => {}) // whoever started us may not listen
  if (!spawned) process.stdout.write(`Open MCP Gateway listens on ${host.url}\n`)
  const { gateway } = host
  if (spawned)
    watchForQuiet(
      // An open dashboard is use, too.
      () => gateway.isQuiet() && !gateway.isFollowed,
      () => exit.shutdown('nobody uses the gateway'),
    )
  giveMemoryBack(() => gateway.sessions.size)
}
