import { GatewayError } from '../../src-shared/errors.ts'
import type { Server } from '../servers/server.ts'

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
