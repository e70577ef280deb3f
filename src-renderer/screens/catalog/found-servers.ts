import type { SnippetEntry } from '../../../src-shared/api.ts'
import { isRecord } from '../../../src-shared/json-record.ts'
import { freeId } from './new-id.ts'
import { looksSecret, secretIn, type NamedSecret } from './secret-hint.ts'

/** A value of a found server that looks like a secret. */
export interface FoundSecret {
  path: readonly string[]
  /** Of the variable or header. */
  name: string
  secret: NamedSecret
}

/** A server that was found in a paste or made from a template, and what the person makes of it. */
export interface FoundServer {
  entry: Record<string, unknown>
  notes: readonly string[]
  secrets: readonly FoundSecret[]
  isIncluded: boolean
  id: string
  /** Names of those that are kept as secrets, outside of the catalog. */
  kept: ReadonlySet<string>
}

/** Found servers with IDs that none has yet, all chosen. */
export function foundServers(
  entries: readonly SnippetEntry[],
  takenIds: readonly string[],
): FoundServer[] {
  const taken = new Set(takenIds)
  return entries.map(({ entry, notes }) => {
    const wanted = typeof entry['id'] === 'string' && entry['id'] !== '' ? entry['id'] : 'server'
    const id = freeId(wanted, taken)
    taken.add(id)
    const renamed = id === wanted ? [] : [`There is a server '${wanted}' already.`]
    const secrets = secretsOf(entry, id)
    return {
      entry,
      notes: [...renamed, ...notes],
      secrets,
      isIncluded: true,
      id,
      kept: new Set(secrets.map(({ name }) => name)),
    }
  })
}

const secretPlaces = [['env'], ['runtime', 'headers']]

function secretsOf(entry: Record<string, unknown>, id: string): FoundSecret[] {
  return secretPlaces.flatMap((place) => {
    const map = place.reduce<unknown>(
      (node, key) => (isRecord(node) ? node[key] : undefined),
      entry,
    )
    if (!isRecord(map)) return []
    return Object.entries(map).flatMap(([name, value]): FoundSecret[] =>
      typeof value === 'string' && looksSecret(name, value)
        ? [{ path: [...place, name], name, secret: secretIn(name, value, id) }]
        : [],
    )
  })
}

/**
 * The entry as it goes into the catalog. `keep` sets a secret and gives what stands for it; undefined if it could not:
 * then nothing is to be added.
 */
export async function entryToAdd(
  { entry, id, secrets, kept }: FoundServer,
  keep: (name: string, value: string) => Promise<string | undefined>,
): Promise<Record<string, unknown> | undefined> {
  let made: Record<string, unknown> = { ...entry, id }
  for (const { path, name, secret } of secrets) {
    if (!kept.has(name)) continue
    const reference = await keep(secret.name, secret.value)
    if (reference === undefined) return undefined
    made = withValue(made, path, secret.scheme + reference)
  }
  return made
}

function withValue(
  node: Record<string, unknown>,
  [key = '', ...rest]: readonly string[],
  value: string,
): Record<string, unknown> {
  const child = node[key]
  return {
    ...node,
    [key]: rest.length === 0 ? value : withValue(isRecord(child) ? child : {}, rest, value),
  }
}
