import path from 'node:path'
import { loadImage, startDocker } from '../containers/engine-programs.ts'
import { testImage, writeTestImage } from '../containers/test-image.ts'
import { type Bench, freshFolder } from './bench-context.ts'
import { catalogText, startGateway } from './gateway-target.ts'
import { openHttp } from './client.ts'
import type { Target } from './target.ts'

export interface ContainerTargets {
  targets: Target[]
  end: () => Promise<void>
}

/** server-everything in a container and as a process, behind one gateway; none where there is no Docker. */
export async function containerTargets(bench: Bench, tool: string): Promise<ContainerTargets> {
  const folder = freshFolder(bench, 'engine')
  const docker = await startDocker(folder)
  const end = (): Promise<void> => docker.stop()
  if ('reason' in docker.engine) {
    bench.say(`No server in a container: ${docker.engine.reason}`)
    return { targets: [], end }
  }
  const archive = path.join(folder, 'image.tar')
  writeTestImage(archive)
  const loaded = await loadImage(docker.engine.address, archive)
  if (loaded.status !== 200) throw new Error(`The image was not loaded: ${loaded.text}`)
  process.env['DOCKER_HOST'] = docker.engine.address
  const runtime = JSON.stringify({ type: 'docker', image: testImage })
  const gateway = await startGateway(bench, {
    catalog: `${catalogText()}  - id: contained\n    runtime: ${runtime}\n`,
  })
  const target = (name: string, server: string): Target => ({
    name,
    pid: gateway.pid,
    tool,
    open: () =>
      openHttp(new URL(`/servers/${server}/mcp`, gateway.url), { headers: gateway.headers }),
  })
  return {
    targets: [
      target('gateway, same as a process', 'everything'),
      target('gateway, in a container', 'contained'),
    ],
    end: async () => {
      await gateway.stop()
      await end()
    },
  }
}
