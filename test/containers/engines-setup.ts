import type { TestProject } from 'vitest/node'
import type { TestEngine } from './engine-programs.ts'
import { startEngines } from './start-engines.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    docker: TestEngine
    podman: TestEngine
  }
}

/** Once before all tests that need engines. Without an engine its tests are skipped and say why. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { docker, podman, stop } = await startEngines()
  project.provide('docker', docker)
  project.provide('podman', podman)
  return stop
}
