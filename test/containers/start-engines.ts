import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { loadImage, startDocker, startPodman, unmountBelow } from './engine-programs.ts'
import type { StartedEngine, TestEngine } from './engine-programs.ts'
import { writeTestImage } from './test-image.ts'

export interface TestEngines {
  docker: TestEngine
  podman: TestEngine
  stop: () => Promise<void>
}

/** Starts the engines that are there, with the image of the test servers in them. Of each other one it says why not. */
export async function startEngines(): Promise<TestEngines> {
  // Podman takes no path of its runtime files of more than 50 characters.
  const folder = mkdtempSync(path.join(os.tmpdir(), 'gateway-engines-'))
  const archive = path.join(folder, 'image.tar')
  const started = await Promise.all([startDocker(folder), startPodman(folder)])
  if (started.some(({ engine }) => 'address' in engine)) writeTestImage(archive)
  const [docker, podman] = await Promise.all([
    withImage(started[0], archive),
    withImage(started[1], archive),
  ])
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((one) => one.stop()))
    unmountBelow(folder)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  return { docker, podman, stop }
}

async function withImage({ engine }: StartedEngine, archive: string): Promise<TestEngine> {
  if (!('address' in engine)) return engine
  const { status, text } = await loadImage(engine.address, archive)
  return status === 200
    ? engine
    : { reason: `the image could not be loaded: ${text.slice(0, 300)}` }
}
