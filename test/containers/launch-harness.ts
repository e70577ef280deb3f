import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import type { DockerRuntime } from '../../src-shared/docker-runtime.ts'
import type { ContainerChange } from '../../src-shared/container.ts'
import { ContainerStates } from '../../src-main/containers/container-states.ts'
import { Containers } from '../../src-main/containers/containers.ts'
import { createRemoteLaunch } from '../../src-main/runtimes/remote.ts'
import type { Link, LinkClosed } from '../../src-main/runtimes/runtime.ts'
import { systemClock } from '../../src-main/servers/clock.ts'
import { silentLog } from '../../src-main/telemetry/log.ts'
import { inImage, testImage } from './test-image.ts'

export interface Launched {
  link: Link
  messages: string[]
  closed: LinkClosed[]
  log: string[]
}

export interface ContainersHarness {
  containers: Containers
  changes: ContainerChange[]
  stateDir: string
  /** `progress`: how often the start's time began anew. */
  launch(
    runtime?: Partial<DockerRuntime>,
    id?: string,
  ): Promise<Launched & { progress: () => number }>
}

/** An entry of the catalog, its defaults filled in. */
export const dockerServer: DockerRuntime = {
  type: 'docker',
  image: testImage,
  args: [inImage.scripted],
  volumes: [],
  read_only: false,
  engine: 'docker',
  transport: 'stdio',
}

/** Containers with a state directory of their own; what is left is ended with the test. */
export function makeContainers(
  env: Readonly<Record<string, string>>,
  { stateDir = temporaryFolder(), homedir = '/nonexistent' } = {},
): ContainersHarness {
  const changes: ContainerChange[] = []
  const links: Link[] = []
  const states = new ContainerStates({
    redact: (text) => text,
    changed: (change) => changes.push(change),
  })
  const containers = new Containers({
    stateDir,
    surroundings: {
      lookup: (name) => env[name],
      platform: process.platform,
      homedir,
      uid: process.getuid?.(),
    },
    loadEnvironment: () => Promise.resolve(),
    states,
    remote: createRemoteLaunch(),
    clock: systemClock,
    log: silentLog,
  })
  onTestFinished(async () => {
    await Promise.all(links.map((link) => link.close(0)))
    await containers.close()
  })
  return {
    containers,
    changes,
    stateDir,
    async launch(runtime = {}, id = 'under-test') {
      const messages: string[] = []
      const closed: LinkClosed[] = []
      const log: string[] = []
      let progressed = 0
      const link = await containers.launch(
        {
          serverId: id,
          runtime: { ...dockerServer, ...runtime },
          env: {},
          inheritEnv: false,
          baseDir: stateDir,
        },
        {
          message: (bytes) => messages.push(bytes.toString()),
          failed: (_id, error) => log.push(error.message),
          closed: (reason) => closed.push(reason),
          log: (source, text) => log.push(`${source}: ${text}`),
          progress: () => (progressed += 1),
        },
        new AbortController().signal,
      )
      links.push(link)
      return { link, messages, closed, log, progress: () => progressed }
    },
  }
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'gateway-containers-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function ask(link: Link, text: string): boolean {
  const message = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'echo', arguments: { text } },
  }
  return link.send([Buffer.from(JSON.stringify(message))], 1)
}
