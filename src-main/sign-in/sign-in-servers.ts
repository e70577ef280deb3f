import type { ServerDirectory } from '../mcp/server-directory.ts'
import type { Server } from '../servers/server.ts'
import type { ServerSignIn } from './server-sign-in.ts'
import { targetOf } from './sign-ins.ts'
import type { SignInEvents, SignIns } from './sign-ins.ts'

/** What signing in does to the servers. */
export function signInEvents(
  directory: ServerDirectory,
  changed: (server: Server) => void,
): SignInEvents {
  const withServer = (id: string, act: (server: Server) => void): void => {
    const server = directory.get(id)
    if (server) act(server)
  }
  return {
    changed: (id) => withServer(id, changed),
    lost: (id, error) => withServer(id, (server) => server.signedOut(error)),
    log: (id, text) => withServer(id, (server) => server.log.append('lifecycle', text)),
  }
}

/** The sign-in of a server as the catalog has it now; undefined where nobody signs in so. */
export async function signInOf(
  signIns: SignIns,
  server: Server,
): Promise<ServerSignIn | undefined> {
  const { resolved } = await server.prepare()
  const target = targetOf(resolved.launch.runtime)
  return target && signIns.of(server.id).aim(target)
}

/** Links that were out when the gateway ended are still good: their listeners are opened again. Never rejects. */
export async function resumeSignIns(signIns: SignIns, directory: ServerDirectory): Promise<void> {
  for (const id of signIns.pending()) {
    const server = directory.get(id)
    if (server) await (await signInOf(signIns, server))?.resume()
  }
}
