import { spawn } from 'node:child_process'
import path from 'node:path'
import { startEngines } from '../containers/start-engines.ts'
import { inImage, testImage } from '../containers/test-image.ts'
import { type Bench, everything, freePort, freshFolder, listening } from './bench-context.ts'
import { openHttp } from './client.ts'
import { catalogText, startGateway } from './gateway-target.ts'
import { openStdio } from './stdio-client.ts'
import { openSdk, type Target } from './target.ts'

export interface ContainerTargets {
  targets: Target[]
  end: () => Promise<void>
}

/**
 * server-everything in containers and as a process, over its own pipes and over HTTP, all behind one gateway, and by
 * `docker run` without a gateway. Of an engine that is not there, none.
 */
export async function containerTargets(bench: Bench, tool: string): Promise<ContainerTargets> {
  const engines = await startEngines()
  const servers: { id: string; runtime: object; name: string }[] = []
  const add = (name: string, runtime: object): void => {
    servers.push({ name, id: name.replaceAll(/\W+/g, '-'), runtime })
  }
  const direct: Target[] = []
  for (const kind of ['docker', 'podman'] as const) {
    const engine = engines[kind]
    if ('reason' in engine) {
      bench.say(`No server in ${kind}: ${engine.reason}`)
      continue
    }
    // Inherited by the gateway and by `docker run`.
    process.env[kind === 'docker' ? 'DOCKER_HOST' : 'CONTAINER_HOST'] = engine.address
    const runtime = { type: 'docker', engine: kind, image: testImage }
    const http = { args: [inImage.everything, 'streamableHttp'], transport: 'http', port: 3001 }
    add(`gateway, in ${kind}`, runtime)
    add(`gateway, HTTP in ${kind}`, { ...runtime, ...http })
    if (kind === 'docker') direct.push(dockerRun(bench, tool))
  }
  if (servers.length > 0)
    add('gateway, HTTP of a process', { type: 'remote-http', url: await startHttpServer(bench) })
  const entries = servers.map(
    ({ id, runtime }) => `  - id: ${id}\n    runtime: ${JSON.stringify(runtime)}\n`,
  )
  const gateway = await startGateway(bench, { catalog: catalogText() + entries.join('') })
  const target = (name: string, server: string): Target => {
    const url = new URL(`/servers/${server}/mcp`, gateway.url)
    const { pid, headers } = gateway
    return {
      name,
      pid,
      tool,
      open: () => openHttp(url, { headers }),
      openSdk: () => openSdk(bench, { kind: 'http', url, headers }),
    }
  }
  return {
    targets: [
      ...direct,
      target('gateway, of a process', 'everything'),
      ...servers.map(({ name, id }) => target(name, id)),
    ],
    end: async () => {
      await gateway.stop()
      await engines.stop()
    },
  }
}

/** What the engine's attached pipes cost without us: what clients are told to write where there is no gateway. */
function dockerRun(bench: Bench, tool: string): Target {
  return {
    name: 'docker run -i',
    pid: undefined,
    tool,
    open: () => {
      const args = ['run', '-i', '--rm', '--log-driver', 'none', testImage]
      const child = spawn('docker', args, { stdio: ['pipe', 'pipe', 'ignore'] })
      child.on('error', () => undefined)
      bench.children.adopt(child.pid)
      return openStdio(child, () => bench.children.end(child.pid))
    },
  }
}

async function startHttpServer(bench: Bench): Promise<string> {
  const port = await freePort()
  const log = path.join(freshFolder(bench, 'http-server'), 'log')
  const [program = ''] = everything
  const since = performance.now()
  const env = { ...process.env, PORT: String(port) }
  const child = bench.children.spawn([program, 'streamableHttp'], { log, env })
  await listening(child, port, since, log)
  return `http://127.0.0.1:${port}/mcp`
}
