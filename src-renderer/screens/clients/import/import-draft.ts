import type { ImportPreview, ImportServer } from '../../../../src-shared/client-import.ts'
import type { ClientRow } from '../../../../src-shared/api-clients.ts'
import type { ProcedureInput } from '../../../../src-shared/api.ts'

/** What a person has made of what was found, by the servers' keys. */
export interface ImportDraft {
  picked: ReadonlySet<string>
  /** Ids that were changed. */
  ids: ReadonlyMap<string, string>
  secrets: 'keychain' | 'keep'
  /** Clients whose entries give way to the gateway's. */
  replace: ReadonlySet<string>
}

/** Everything that is new is picked; what the catalog has already is not. */
export function firstDraft({ servers }: ImportPreview): ImportDraft {
  return {
    picked: new Set(servers.filter(isNew).map(({ key }) => key)),
    ids: new Map(),
    secrets: 'keychain',
    replace: new Set(),
  }
}

/** The same choices on what was found anew. */
export function draftOn(preview: ImportPreview, before: ImportDraft): ImportDraft {
  const keys = new Set(preview.servers.filter(canPick).map(({ key }) => key))
  return { ...before, picked: new Set([...before.picked].filter((key) => keys.has(key))) }
}

function isNew(server: ImportServer): boolean {
  return canPick(server) && server.duplicate_of === null
}

export function canPick({ problem }: ImportServer): boolean {
  return problem === null
}

export function pickedServers({ servers }: ImportPreview, draft: ImportDraft): ImportServer[] {
  return servers.filter((server) => canPick(server) && draft.picked.has(server.key))
}

export function idOf(server: ImportServer, draft: ImportDraft): string {
  return draft.ids.get(server.key) ?? server.id
}

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** What is wrong with the id of a picked server; `taken`: those of the catalog. */
export function idProblem(
  server: ImportServer,
  preview: ImportPreview,
  draft: ImportDraft,
  taken: ReadonlySet<string>,
): string | undefined {
  if (!isNew(server)) return undefined
  const id = idOf(server, draft)
  if (!idPattern.test(id))
    return 'Letters, digits, . - and _, up to 64; it begins with a letter or a digit.'
  if (taken.has(id)) return `There is a server '${id}' already.`
  const isTwice = pickedServers(preview, draft).some(
    (one) => one.key !== server.key && isNew(one) && idOf(one, draft) === id,
  )
  return isTwice ? `Another server here is called '${id}' as well.` : undefined
}

/** A client, and in each of its files those of its own entries that the gateway's can take the place of. */
export interface Replacement {
  id: string
  title: string
  places: { file: string | null; names: string[] }[]
}

/** By client, of the picked servers. */
export function replacements(preview: ImportPreview, draft: ImportDraft): Replacement[] {
  const byClient = new Map<string, Replacement>()
  for (const { origins } of pickedServers(preview, draft))
    for (const { client, title, file, name, can_replace } of origins) {
      if (client === null || !can_replace) continue
      const known = byClient.get(client) ?? { id: client, title, places: [] }
      const names = known.places.find((one) => one.file === file)?.names ?? []
      const others = known.places.filter((one) => one.file !== file)
      byClient.set(client, { ...known, places: [...others, { file, names: [...names, name] }] })
    }
  return [...byClient.values()]
}

/** What `clients.import` is asked for. */
export function importInput(
  source: ProcedureInput<'clients.import'>['source'],
  preview: ImportPreview,
  draft: ImportDraft,
): ProcedureInput<'clients.import'> {
  const offered = new Set(replacements(preview, draft).map(({ id }) => id))
  return {
    source,
    before: preview.before,
    picks: pickedServers(preview, draft).map((server) => ({
      key: server.key,
      ...(isNew(server) ? { id: idOf(server, draft) } : {}),
    })),
    secrets: draft.secrets,
    replace: [...draft.replace].filter((id) => offered.has(id)),
  }
}

/**
 * What connecting a client in place of its own entries is asked for: as it is connected already, else one entry.
 * Undefined for a file whose difference cannot be asked for: a project's.
 */
export function replaceInput(
  id: string,
  { file, names }: Replacement['places'][number],
  row: ClientRow | undefined,
): ProcedureInput<'clients.preview'> | undefined {
  if (file === null || row === undefined) return undefined
  const before = row.connections.find((one) => one.file === file)
  const isOwn = row.file === file || row.choices.includes(file)
  if (!isOwn || (before !== undefined && before.project !== null)) return undefined
  const name = before?.kind === 'shim-per-server' ? undefined : before?.entries[0]
  return {
    id,
    kind: before?.kind ?? 'shim-all',
    ...(name === undefined ? {} : { name }),
    file,
    replace: names,
  }
}
