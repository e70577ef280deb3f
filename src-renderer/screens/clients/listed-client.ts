import type { ClientRow, EntryKind } from '../../../src-shared/api-clients.ts'
import type { AccessRow } from '../../../src-shared/client-access.ts'

/** `unseen`: connected, and has not come since. `allowed`: uses the gateway, or may, without an entry that we wrote. */
export type ClientState =
  'connected' | 'unseen' | 'problem' | 'allowed' | 'found' | 'revoked' | 'absent'

/** One AI client: what is known of its files, if it is in the table, and what it may see, if it ever came. */
export interface ListedClient {
  id: string
  name: string
  row: ClientRow | undefined
  access: AccessRow | undefined
  state: ClientState
  /** What is wrong with it, and what to do. */
  problem: string | undefined
}

export const stateWords: Record<ClientState, string> = {
  connected: 'Connected',
  unseen: 'Not seen yet',
  problem: 'Problem',
  allowed: 'Has access',
  found: 'Found',
  revoked: 'Access revoked',
  absent: 'Not found',
}

export const kindWords: Record<EntryKind, string> = {
  'shim-all': 'One entry',
  'shim-per-server': 'One per server',
  http: 'HTTP and token',
}

/** Which of them the list shows. */
export const clientScopes = ['here', 'connected', 'all'] as const
export type ClientScope = (typeof clientScopes)[number]

/** Clients of the table and those that have access without being in it; the ones in use first, then by name. */
export function listedClients(
  rows: readonly ClientRow[],
  access: readonly AccessRow[],
): ListedClient[] {
  const accessById = new Map(access.map((one) => [one.id, one]))
  const known = new Set(rows.map(({ id }) => id))
  return [
    ...rows.map((row) => listedClient(row.id, row.name, row, accessById.get(row.id))),
    ...access
      .filter(({ id }) => !known.has(id))
      .map((one) => listedClient(one.id, one.name, undefined, one)),
  ].toSorted((a, b) => rankOf(a) - rankOf(b) || a.name.localeCompare(b.name))
}

function listedClient(
  id: string,
  name: string,
  row: ClientRow | undefined,
  access: AccessRow | undefined,
): ListedClient {
  return { id, name, row, access, ...stateOf(row, access) }
}

function stateOf(
  row: ClientRow | undefined,
  access: AccessRow | undefined,
): Pick<ListedClient, 'state' | 'problem'> {
  const connections = row?.connections ?? []
  const isRevoked = access !== undefined && access.revoked !== null
  if (row !== undefined && connections.length > 0) {
    if (isRevoked)
      return {
        state: 'problem',
        problem: `Its access was revoked, so that its entry is refused. Give it access again, or disconnect ${row.name}.`,
      }
    if (row.problem !== null) return { state: 'problem', problem: row.problem }
    const isSeen = connections.some((one) => hasComeSince(one.connected_at, access))
    return { state: isSeen ? 'connected' : 'unseen', problem: undefined }
  }
  const mayCome = access !== undefined && !isRevoked && (access.has_token || isUsed(access))
  if (mayCome) return { state: 'allowed', problem: undefined }
  if (row === undefined) return { state: isRevoked ? 'revoked' : 'allowed', problem: undefined }
  if (!row.found) return { state: 'absent', problem: undefined }
  // Of several files a person chooses one as it is connected: that is no problem yet.
  return row.problem !== null && row.kinds.length === 0
    ? { state: 'problem', problem: row.problem }
    : { state: 'found', problem: undefined }
}

export function hasComeSince(time: string, access: AccessRow | undefined): boolean {
  return access !== undefined && access.last_seen !== null && access.last_seen >= time
}

function isUsed({ last_seen, sessions, request_count }: AccessRow): boolean {
  return last_seen !== null || sessions > 0 || request_count > 0
}

function rankOf({ row, state }: ListedClient): number {
  if ((row?.connections.length ?? 0) > 0) return 0
  return { connected: 0, unseen: 0, allowed: 1, problem: 2, found: 2, revoked: 3, absent: 4 }[state]
}

/** What is searched for is looked for among all of them. */
export function shownClients(
  clients: readonly ListedClient[],
  scope: ClientScope,
  text: string,
): ListedClient[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return clients.filter((client) => isInScope(client, scope))
  return clients.filter((client) => {
    const all = `${client.name} ${client.id} ${fileOf(client) ?? ''}`.toLowerCase()
    return words.every((word) => all.includes(word))
  })
}

function isInScope({ row, state }: ListedClient, scope: ClientScope): boolean {
  if (scope === 'all') return true
  if (scope === 'here') return state !== 'absent'
  return (row?.connections.length ?? 0) > 0 || state === 'allowed'
}

/** The file that it reads, or was connected in. */
export function fileOf({ row }: ListedClient): string | undefined {
  return row?.connections[0]?.file ?? row?.file ?? undefined
}

/** It can be given an entry here, now. */
export function canConnect({ row }: ListedClient): boolean {
  return row !== undefined && row.kinds.length > 0 && (row.file !== null || row.choices.length > 0)
}

export function isConnected({ row }: ListedClient): boolean {
  return (row?.connections.length ?? 0) > 0
}
