import { GatewayError } from '../../src-shared/errors.ts'
import type { Server } from '../servers/server.ts'
import type { Caller } from './caller.ts'

/** The servers in force, in the order of the catalog. */
export interface ServerDirectory {
  get(id: string): Server | undefined
  all(): readonly Server[]
}

/** Throws GatewayError `server_not_found`. */
export function findServer(directory: ServerDirectory, id: string): Server {
  const server = directory.get(id)
  if (!server) throw new GatewayError('server_not_found', `Server '${id}' not found`)
  return server
}

/**
 * The servers as this caller sees them: what it may not use is not there, by whichever route it comes. The one place
 * that decides it; the tools of a server are `Server`'s own.
 */
export function visibleTo(
  { permissions }: Pick<Caller, 'permissions'>,
  directory: ServerDirectory,
): ServerDirectory {
  if (permissions?.isLimited !== true) return directory
  return {
    get: (id) => (permissions.allowsServer(id) ? directory.get(id) : undefined),
    all: () => directory.all().filter(({ id }) => permissions.allowsServer(id)),
  }
}
