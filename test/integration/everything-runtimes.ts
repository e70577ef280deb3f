import { describe, inject } from 'vitest'
import { describeEngines, serverLabel } from '../containers/engines.ts'
import { inImage, testImage } from '../containers/test-image.ts'
import { nodeServer, serverProgram } from './gateway-program.ts'
import type { CatalogEntry, Place } from './gateway-program.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Of the project (vitest.config.ts): where its tests have server-everything run. */
    everythingIn: 'process' | 'containers'
  }
}

/** Where server-everything runs behind the gateway. */
export interface EverythingRuntime {
  readonly kind: 'process' | 'container'
  /** For the environment of whoever starts the gateway. */
  readonly env: Record<string, string>
  /** An entry of the catalog; `mode` as the server's own argument has it. */
  entry(id: string, fields?: object, mode?: 'stdio' | 'streamableHttp'): CatalogEntry
  /** What runs beside the gateways of a place now, seen behind their back: all processes, or this server's containers. */
  running(place: Place, id: string): Promise<(number | string)[]>
}

const port = 3001

const asProcess: EverythingRuntime = {
  kind: 'process',
  env: {},
  entry: (id, fields) => nodeServer(id, [serverProgram.everything, 'stdio'], fields),
  running: async (place) => {
    const gateways = await place.processesOf('gateway-http')
    return place.processes().filter((pid) => !gateways.includes(pid))
  },
}

/**
 * The same tests with the server as a local process in one project, and in a container of each engine in the other.
 * Left out there: the wrappers of restarts.test.ts and all of logins.test.ts, which are about trees and numbers of
 * processes, and the SSE of remote.test.ts, which the gateway does not speak to containers.
 */
export function describeRuntimes(what: string, fn: (where: EverythingRuntime) => void): void {
  if (inject('everythingIn') === 'process') describe(what, () => fn(asProcess))
  else
    describeEngines(what, (engine) =>
      fn({
        kind: 'container',
        env: engine.env,
        entry: (id, { env, ...fields }: { env?: object } = {}, mode = 'stdio') => ({
          id,
          runtime: {
            type: 'docker',
            engine: engine.name,
            image: testImage,
            args: [inImage.everything, mode],
            ...(mode === 'stdio' ? {} : { transport: 'http', port }),
          },
          env: { ...env, ...(mode === 'stdio' ? {} : { PORT: `${port}` }) },
          ...fields,
        }),
        running: async (_place, id) =>
          (await engine.containers(serverLabel, id)).map((container) => container.Id),
      }),
    )
}
