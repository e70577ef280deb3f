import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { loadImage, startDocker, startPodman, unmountBelow } from './engine-programs.ts'
import type { StartedEngine, TestEngine } from './engine-programs.ts'
import { writeTestImage } from './test-image.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    docker: TestEngine
    podman: TestEngine
  }
}

/**
 * Once before all tests that need engines: starts what is there, with the image of the test servers in it. Without an
 * engine its tests are skipped and say why.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'gateway-engines-'))
  const archive = path.join(folder, 'image.tar')
  const started = await Promise.all([startDocker(folder), startPodman(folder)])
  const [docker, podman] = started
  if (started.some(({ engine }) => 'address' in engine)) writeTestImage(archive)
  const [dockerWith, podmanWith] = await Promise.all(started.map((one) => withImage(one, archive)))
  project.provide('docker', dockerWith ?? docker.engine)
  project.provide('podman', podmanWith ?? podman.engine)
  return async () => {
    await Promise.all(started.map((one) => one.stop()))
    unmountBelow(folder)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function withImage({ engine }: StartedEngine, archive: string): Promise<TestEngine> {
  if (!('address' in engine)) return engine
  const { status, text } = await loadImage(engine.address, archive)
  return status === 200
    ? engine
    : { reason: `the image could not be loaded: ${text.slice(0, 300)}` }
}
