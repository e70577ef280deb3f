import type { ChildProcess } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import {
  type Bench,
  bigServer,
  everything,
  freePort,
  freshFolder,
  listening,
  modernServer,
  repository,
  sleep,
} from './bench-context.ts'
import { processorMs } from './children.ts'
import { exchange, openHttp, openModernHttp, type Reply } from './client.ts'
import { openStdio } from './stdio-client.ts'
import { openSdk, type Target } from './target.ts'

export interface Gateway {
  child: ChildProcess
  pid: number
  /** Spawn → first accepted connection, in ms. */
  listeningMs: number
  /** Processor time up to there. */
  listeningProcessorMs: number
  url: URL
  headers: Record<string, string>
  stateDir: string
  catalogPath: string
  /** A management request (REST). */
  rest(method: string, route: string): Promise<Reply>
  stop(): Promise<void>
}

/** One catalog entry, in YAML. */
function entry(id: string, args: string[]): string {
  const runtime = { type: 'local-process', command: process.execPath, args }
  return `  - id: ${id}\n    runtime: ${JSON.stringify(runtime)}\n`
}

/** A catalog of the three servers that are really called and `fillers` that never are; another `edition` differs in each filler. */
export function catalogText(fillers = 0, edition = 0): string {
  let text = `servers:\n${entry('everything', everything)}${entry('big', bigServer)}${entry('modern', modernServer)}`
  for (let n = 0; n < fillers; n++) {
    text += `  - id: server-${n}
    display_name: Server ${n}
    description: never started, edition ${edition}
    tags: [filler, group-${n % 10}]
    runtime: { type: local-process, command: some-server, args: [--transport, stdio, --port, "${n}"] }
    env: { TOKEN: "token-${n}-${edition}", LEVEL: info }
    idle_timeout_seconds: 600
`
  }
  return text
}

export function built(bench: Bench, name: string): string {
  const file = path.resolve(repository, bench.options.dist, name)
  if (!existsSync(file)) {
    throw new Error(
      `${file} is not built. Run 'npm run build' first, or measure without it: --no-gateway.`,
    )
  }
  return file
}

/** Starts the built gateway with a configuration of its own. The same `stateDir` again is a second start. */
export async function startGateway(
  bench: Bench,
  options: {
    catalog: string
    stateDir?: string
    preload?: string
    /** More lines of config.yaml; false: there is none. */
    config?: string | false
    /** Default: the built one. */
    program?: string
  },
): Promise<Gateway> {
  const program = options.program ?? built(bench, 'gateway-http.cjs')
  const stateDir = options.stateDir ?? freshFolder(bench, 'state')
  const configPath = path.join(stateDir, 'config.yaml')
  const catalogPath = path.join(stateDir, 'catalog.yaml')
  const log = path.join(stateDir, 'gateway.log')
  const config = options.config ?? ''
  if (config !== false) writeFileSync(configPath, `log_level: info\n${config}`)
  writeFileSync(catalogPath, options.catalog)
  const port = await freePort()
  const args = [...(config === false ? [] : ['--config', configPath]), '--catalog', catalogPath]
  args.push('--listen', `127.0.0.1:${port}`, '--state-dir', stateDir)
  const since = performance.now()
  const child = bench.children.spawn(
    [...(options.preload === undefined ? [] : ['--require', options.preload]), program, ...args],
    {
      log,
      cwd: stateDir,
      // Not the user's own config.
      env: { ...process.env, XDG_CONFIG_HOME: stateDir },
      ...(options.preload === undefined ? {} : { stdio: 'ipc' as const }),
    },
  )
  const pid = child.pid ?? 0
  const stop = () => bench.children.end(pid)
  try {
    const listeningMs = await listening(child, port, since, log)
    const listeningProcessorMs = processorMs(pid)
    const keyPath = path.join(stateDir, 'key')
    for (let n = 0; n < 100 && !existsSync(keyPath); n++) await sleep(20)
    const headers = { authorization: `Bearer ${readFileSync(keyPath, 'utf8').trim()}` }
    const url = new URL(`http://127.0.0.1:${port}`)
    const rest = async (method: string, route: string) => {
      const reply = await exchange(new URL(route, url), { method, headers })
      if (reply.status < 300) return reply
      throw new Error(
        `${method} ${route} answered ${reply.status}: ${reply.body.toString('utf8', 0, 300)}`,
      )
    }
    return {
      child,
      pid,
      listeningMs,
      listeningProcessorMs,
      url,
      headers,
      stateDir,
      catalogPath,
      rest,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Spawns the shim. Its first line of output is the answer to whatever is written first. */
export function spawnShim(bench: Bench, gateway: Gateway, server: string): ChildProcess {
  return bench.children.spawn(shimArgs(bench, gateway, server), {
    log: path.join(gateway.stateDir, 'shim.log'),
    stdio: 'pipe',
    cwd: gateway.stateDir,
  })
}

function shimArgs(bench: Bench, gateway: Gateway, server: string): string[] {
  return [built(bench, 'gateway-stdio.cjs'), '--server', server, '--state-dir', gateway.stateDir]
}

/** The gateway's routes, all of one process. `server` is `everything` or `big`, `tool` its tool. */
export function gatewayTargets(
  bench: Bench,
  gateway: Gateway,
  server: string,
  tool: string,
): Target[] {
  const { headers, pid } = gateway
  const single = new URL(`/servers/${server}/mcp`, gateway.url)
  const all = new URL('/mcp', gateway.url)
  return [
    {
      name: 'gateway',
      pid,
      tool,
      open: () => openHttp(single, { headers }),
      openSdk: () => openSdk(bench, { kind: 'http', url: single, headers }),
    },
    {
      name: 'gateway, aggregate',
      pid,
      tool: `${server}__${tool}`,
      open: () => openHttp(all, { headers }),
      openSdk: () => openSdk(bench, { kind: 'http', url: all, headers }),
    },
    {
      name: 'gateway, envelope',
      pid,
      tool,
      open: () => openHttp(all, { headers, handshake: false, wrap: { server_id: server } }),
    },
    {
      name: 'gateway, shim',
      pid,
      tool,
      open: () => {
        const shim = spawnShim(bench, gateway, server)
        return openStdio(shim, () => bench.children.end(shim.pid))
      },
      openSdk: () => openSdk(bench, { kind: 'stdio', args: shimArgs(bench, gateway, server) }),
    },
  ]
}

/** The three other ways between the eras, each named as client → server. `gateway` itself is legacy → legacy. */
export function eraTargets({ headers, pid, url }: Gateway, tool: string): Target[] {
  const legacy = new URL('/servers/everything/mcp', url)
  const modern = new URL('/servers/modern/mcp', url)
  return [
    {
      name: 'gateway, modern → modern',
      pid,
      tool,
      open: () => Promise.resolve(openModernHttp(modern, headers)),
    },
    {
      name: 'gateway, modern → legacy',
      pid,
      tool,
      open: () => Promise.resolve(openModernHttp(legacy, headers)),
    },
    {
      name: 'gateway, legacy → modern',
      pid,
      tool,
      open: () => openHttp(modern, { headers }),
    },
  ]
}
