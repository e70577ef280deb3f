import type { RemoteOptions } from './remote.ts'
import type { Launch } from './runtime.ts'

/** The runtime of remote servers, loaded by the first of them. */
export function lazyRemoteLaunch(options: RemoteOptions): Launch {
  let remote: Promise<Launch> | undefined
  return async (definition, events, signal) => {
    remote ??= import('./remote.ts').then(({ createRemoteLaunch }) => createRemoteLaunch(options))
    return (await remote)(definition, events, signal)
  }
}
