import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Bench, everything, freePort, freshFolder, listening } from './bench-context.ts'
import { openHttp } from './client.ts'
import { openSse } from './sse-client.ts'
import { openSdk, type Target } from './target.ts'

const folder = path.join(import.meta.dirname, 'peers')
const installed = (file: string) => path.join(folder, 'node_modules', file)

interface Peer {
  name: string
  file: string
  args: (port: number, home: string) => string[]
  sse?: true
  tool?: string
}

/** As their makers would have them for this job, with what costs them time and is not needed turned off. */
const peers: Peer[] = [
  {
    name: 'mcp-proxy 6.7.19',
    file: 'mcp-proxy/dist/bin/mcp-proxy.mjs',
    args: (port) => {
      const own = [
        '--port',
        String(port),
        '--host',
        '127.0.0.1',
        '--server',
        'stream',
        '--no-eventStore',
      ]
      return [...own, '--', process.execPath, ...everything]
    },
  },
  {
    name: 'supergateway 4.0.0',
    file: 'supergateway/dist/index.js',
    args: (port) => {
      const command = [process.execPath, ...everything].map((word) => `"${word}"`).join(' ')
      const own = ['--stdio', command, '--outputTransport', 'streamableHttp', '--stateful']
      return [...own, '--port', String(port), '--logLevel', 'none']
    },
  },
  {
    name: 'mcp-hub 4.2.1',
    file: 'mcp-hub/dist/cli.js',
    sse: true,
    tool: 'everything__echo',
    args: (port, home) => {
      const config = path.join(home, 'hub.json')
      const server = { command: process.execPath, args: everything }
      writeFileSync(config, JSON.stringify({ mcpServers: { everything: server } }))
      return ['--port', String(port), '--config', config]
    },
  },
]

/** Installs the peers from their own lock file if they are not there. */
export async function installPeers(bench: Bench): Promise<void> {
  if (peers.every((peer) => existsSync(installed(peer.file)))) return
  bench.say('installing the peers into test/bench/peers (npm ci)')
  const npm = spawn('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  bench.children.adopt(npm.pid)
  const [code] = await once(npm, 'exit', { signal: AbortSignal.timeout(300_000) })
  if (code !== 0)
    throw new Error(`npm ci in ${folder} ended with ${code}. Or measure with --no-peers.`)
}

/** No settings of the user, no way out of this machine (loopback-only.cjs sees to the sockets). */
function confined(home: string): NodeJS.ProcessEnv {
  const nowhere = 'http://127.0.0.1:9'
  return {
    PATH: path.dirname(process.execPath),
    LANG: 'C.UTF-8',
    HOME: home,
    XDG_CONFIG_HOME: path.join(home, 'config'),
    XDG_DATA_HOME: path.join(home, 'data'),
    XDG_STATE_HOME: path.join(home, 'state'),
    http_proxy: nowhere,
    https_proxy: nowhere,
    no_proxy: '127.0.0.1,localhost',
  }
}

/** mcp-hub asks a registry on the network at each start unless this file is young. */
function seedMarketplace(home: string): void {
  const cache = path.join(home, 'data/mcp-hub/cache')
  mkdirSync(cache, { recursive: true })
  const registry = { version: '1', generatedAt: 0, servers: [{ id: 'none' }] }
  const content = { registry, lastFetchedAt: Date.now(), serverDocumentation: {} }
  writeFileSync(path.join(cache, 'registry.json'), JSON.stringify(content))
}

export interface RunningPeer extends Target {
  listeningMs: number
  stop(): Promise<void>
}

async function startPeer(bench: Bench, peer: Peer): Promise<RunningPeer> {
  const home = freshFolder(bench, 'peer')
  seedMarketplace(home)
  const log = path.join(home, 'log')
  const port = await freePort()
  const guard = path.join(import.meta.dirname, 'loopback-only.cjs')
  const args = ['--require', guard, installed(peer.file), ...peer.args(port, home)]
  const since = performance.now()
  const child = bench.children.spawn(args, { log, env: confined(home), cwd: home })
  const stop = () => bench.children.end(child.pid)
  try {
    const listeningMs = await listening(child, port, since, log)
    const url = new URL(`http://127.0.0.1:${port}/mcp`)
    return {
      name: peer.name,
      pid: child.pid,
      tool: peer.tool ?? 'echo',
      listeningMs,
      open: () => (peer.sse ? openSse(url) : openHttp(url)),
      openSdk: () => openSdk(bench, { kind: peer.sse ? 'sse' : 'http', url }),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** One starter a peer, by name. */
export function peerStarters(bench: Bench): { name: string; start: () => Promise<RunningPeer> }[] {
  return peers.map((peer) => ({ name: peer.name, start: () => startPeer(bench, peer) }))
}
