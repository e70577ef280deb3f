import path from 'node:path'
import { loadImage, startDocker, startPodman } from '../containers/engine-programs.ts'
import type { StartedEngine } from '../containers/engine-programs.ts'
import { inImage, testImage, writeTestImage } from '../containers/test-image.ts'
import { type Bench, everything, freePort, freshFolder, listening } from './bench-context.ts'
import { openHttp } from './client.ts'
import { catalogText, startGateway } from './gateway-target.ts'
import type { Target } from './target.ts'

export interface ContainerTargets {
  targets: Target[]
  end: () => Promise<void>
}

/**
 * server-everything in containers and as a process, over its own pipes and over HTTP, all behind one gateway. Of an
 * engine that is not there, none.
 */
export async function containerTargets(bench: Bench, tool: string): Promise<ContainerTargets> {
  const folder = freshFolder(bench, 'engine')
  const archive = path.join(folder, 'image.tar')
  const engines = {
    docker: await startDocker(folder),
    podman: await startPodman(folder),
  }
  if (Object.values(engines).some(({ engine }) => 'address' in engine)) writeTestImage(archive)
  const servers: { id: string; runtime: object; name: string }[] = []
  const add = (name: string, runtime: object): void => {
    servers.push({ name, id: name.replaceAll(/\W+/g, '-'), runtime })
  }
  for (const kind of ['docker', 'podman'] as const) {
    if (!(await isUsable(bench, kind, engines[kind], archive))) continue
    const runtime = { type: 'docker', engine: kind, image: testImage }
    const http = { args: [inImage.everything, 'streamableHttp'], transport: 'http', port: 3001 }
    add(`gateway, in ${kind}`, runtime)
    if (kind === 'docker') add('gateway, HTTP in docker', { ...runtime, ...http })
  }
  if (servers.length > 0)
    add('gateway, HTTP of a process', { type: 'remote-http', url: await startHttpServer(bench) })
  const entries = servers.map(
    ({ id, runtime }) => `  - id: ${id}\n    runtime: ${JSON.stringify(runtime)}\n`,
  )
  const gateway = await startGateway(bench, { catalog: catalogText() + entries.join('') })
  const target = (name: string, server: string): Target => ({
    name,
    pid: gateway.pid,
    tool,
    open: () =>
      openHttp(new URL(`/servers/${server}/mcp`, gateway.url), { headers: gateway.headers }),
  })
  return {
    targets: [
      target('gateway, of a process', 'everything'),
      ...servers.map(({ name, id }) => target(name, id)),
    ],
    end: async () => {
      await gateway.stop()
      await Promise.all(Object.values(engines).map((one) => one.stop()))
    },
  }
}

async function isUsable(
  bench: Bench,
  kind: 'docker' | 'podman',
  { engine }: StartedEngine,
  archive: string,
): Promise<boolean> {
  if ('reason' in engine) {
    bench.say(`No server in ${kind}: ${engine.reason}`)
    return false
  }
  const { status, text } = await loadImage(engine.address, archive)
  if (status !== 200) throw new Error(`The image was not loaded: ${text}`)
  // Inherited by the gateway.
  process.env[kind === 'docker' ? 'DOCKER_HOST' : 'CONTAINER_HOST'] = engine.address
  return true
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
