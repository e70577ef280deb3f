import type { CatalogEntry } from '../../../src-shared/api.ts'
import { canonicalJson } from '../../../src-shared/json-record.ts'

/** What becomes of a server when a changed catalog is saved. */
export type ServerChange =
  | { kind: 'added' | 'removed'; id: string }
  /** `launch`: another process; `live`: applies without one; `on`, `off`: enabled or disabled. */
  | { kind: 'changed'; id: string; effect: 'launch' | 'live' | 'on' | 'off' }

/** A change of these starts another process; everything else applies to the one that runs. */
const launchKeys = ['runtime', 'env', 'env_file', 'inherit_env']

/** What differs between two catalogs, by server, in the order of the later one. */
export function catalogChanges(
  before: readonly CatalogEntry[],
  after: readonly CatalogEntry[],
): ServerChange[] {
  const old = new Map(before.map((one) => [one.id, one.entry]))
  const kept = new Set(after.map(({ id }) => id))
  const changes = after.flatMap(({ id, entry }): ServerChange[] => {
    const was = old.get(id)
    if (was === undefined) return [{ kind: 'added', id }]
    if (canonicalJson(was) === canonicalJson(entry)) return []
    return [{ kind: 'changed', id, effect: effectOf(was, entry) }]
  })
  const removed = before.filter(({ id }) => !kept.has(id))
  return [...changes, ...removed.map(({ id }): ServerChange => ({ kind: 'removed', id }))]
}

type Entry = CatalogEntry['entry']

function effectOf(before: Entry, after: Entry): 'launch' | 'live' | 'on' | 'off' {
  const isOn = after['enabled'] !== false
  if (isOn !== (before['enabled'] !== false)) return isOn ? 'on' : 'off'
  const differs = (key: string): boolean => canonicalJson(before[key]) !== canonicalJson(after[key])
  return launchKeys.some(differs) ? 'launch' : 'live'
}

const mostNames = 3

/**
 * What saving does, in a sentence each: "Adds github.", "Restarts postgres.". `isRunning` says which servers have a
 * process now: the others are changed without anybody noticing.
 */
export function changesInWords(
  changes: readonly ServerChange[],
  isRunning: (id: string) => boolean,
): string[] {
  const idsOf = (fits: (change: ServerChange) => boolean): string[] =>
    changes.filter(fits).map(({ id }) => id)
  const effect = (wanted: string, running?: boolean) =>
    idsOf(
      (change) =>
        change.kind === 'changed' &&
        change.effect === wanted &&
        (running === undefined || isRunning(change.id) === running),
    )
  const running = idsOf(({ kind, id }) => kind === 'removed' && isRunning(id))
  const sentences: [verb: string, ids: string[], more?: string][] = [
    ['Adds', idsOf(({ kind }) => kind === 'added')],
    ['Restarts', effect('launch', true), 'once what is in flight has ended'],
    ['Changes', effect('launch', false), 'from the next start on'],
    ['Changes', effect('live'), 'at once, without a restart'],
    ['Enables', effect('on')],
    ['Disables', effect('off')],
    ['Stops and removes', running],
    ['Removes', idsOf(({ kind, id }) => kind === 'removed' && !isRunning(id))],
  ]
  const said = sentences
    .filter(([, ids]) => ids.length > 0)
    .map(([verb, ids, more]) => `${verb} ${named(ids)}${more === undefined ? '' : `, ${more}`}.`)
  return said.length > 0 ? said : ['Changes no server: comments and formatting only.']
}

/** "a", "a and b", "a, b and 4 more". */
export function named(ids: readonly string[]): string {
  if (ids.length > mostNames) {
    return `${ids.slice(0, mostNames - 1).join(', ')} and ${ids.length - mostNames + 1} more`
  }
  const last = ids.at(-1) ?? ''
  return ids.length < 2 ? last : `${ids.slice(0, -1).join(', ')} and ${last}`
}
