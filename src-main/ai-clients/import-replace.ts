import { GatewayError } from '../../src-shared/errors.ts'
import type { ConnectOptions } from './connection-plan.ts'
import type { Connection } from './connection-store.ts'
import type { PlannedServer } from './import-plan.ts'

/** One file of a client in which entries of imported servers give way to ours. */
export interface Replacement extends ConnectOptions {
  inFile: string
  replace: readonly string[]
  /** With an entry for each server: those that get one, besides `servers`. */
  imported: readonly string[]
}

interface Picked {
  server: Pick<PlannedServer, 'places'>
  id: string
}

/**
 * What is to be connected so that ours take the place of the picked servers' entries, one for each file. Throws
 * GatewayError `bad_request` for a client that has none of them.
 */
export function replacementsOf(
  picked: readonly Picked[],
  clients: readonly string[],
  connections: readonly Connection[],
  enabled: readonly string[],
): Replacement[] {
  const found = new Map<string, Replacement>()
  const servers = new Map<string, string[]>()
  for (const { server, id } of picked)
    for (const { origin, project } of server.places) {
      const { client, file, name, can_replace } = origin
      if (client === null || file === null || !can_replace || !clients.includes(client)) continue
      const key = JSON.stringify([client, file])
      const one = found.get(key) ?? {
        id: client,
        kind: 'shim-all',
        inFile: file,
        replace: [],
        imported: [],
        ...(project === undefined ? { file } : { project }),
      }
      found.set(key, { ...one, replace: [...one.replace, name] })
      servers.set(key, [...(servers.get(key) ?? []), id])
    }
  const without = clients.find((id) => ![...found.values()].some((one) => one.id === id))
  if (without !== undefined)
    throw new GatewayError(
      'bad_request',
      `None of the picked servers has an entry of ${without} that can be replaced.`,
    )
  return [...found].map(([key, one]) => {
    const connection = connections.find(
      (each) => each.client === one.id && each.file === one.inFile,
    )
    const imported = servers.get(key) ?? []
    return connection === undefined ? one : asConnected(one, connection, imported, enabled)
  })
}

/** A client that is connected stays so in the way that was chosen for it. */
function asConnected(
  one: Replacement,
  { kind, entries }: Connection,
  imported: readonly string[],
  enabled: readonly string[],
): Replacement {
  if (kind === 'shim-per-server') {
    const own = entries.flatMap(({ server }) => server ?? [])
    const servers = own.filter((id) => enabled.includes(id))
    return { ...one, kind, servers, imported: imported.filter((id) => !own.includes(id)) }
  }
  const [entry] = entries
  const name = entry === undefined ? {} : { name: entry.name }
  return { ...one, kind, ...name, ...(kind === 'http' ? { keepsToken: true } : {}) }
}
