import type { ActivityEntry, ActivityOutcome } from '../../../src-shared/api.ts'

/** What the list is narrowed to; undefined: everything. */
export interface ActivityFilter {
  server_id?: string
  client?: string
  outcome?: ActivityOutcome
  text?: string
}

export function isFiltering(filter: ActivityFilter): boolean {
  return Object.values(filter).some((value) => value !== undefined)
}

/** As the gateway filters, for entries that come by event. */
export function passes(filter: ActivityFilter, entry: ActivityEntry): boolean {
  const { server_id: server, client, outcome, text } = filter
  if (server !== undefined && entry.server_id !== server) return false
  if (client !== undefined && entry.client !== client) return false
  if (outcome !== undefined && entry.outcome !== outcome) return false
  if (text === undefined) return true
  const wanted = text.toLowerCase()
  return [entry.method, entry.target, entry.error].some(
    (field) => field?.toLowerCase().includes(wanted) === true,
  )
}

/** A window keeps so many; older ones are read again when it is scrolled to them. */
export const mostEntries = 20_000

/** The list as it is shown, newest first, and what waits above it while a person reads further down. */
export interface ActivityEntries {
  readonly shown: readonly ActivityEntry[]
  readonly held: readonly ActivityEntry[]
  /** There are older ones. */
  readonly more: boolean
}

export const noEntries: ActivityEntries = { shown: [], held: [], more: true }

/** Entries that have just been kept. `hold`: the list must not move. */
export function withNew(
  list: ActivityEntries,
  entries: readonly ActivityEntry[],
  hold: boolean,
): ActivityEntries {
  if (hold) return { ...list, held: newestFirst([...entries, ...list.held]).slice(0, mostEntries) }
  return bounded({
    ...list,
    shown: newestFirst([...entries, ...list.held, ...list.shown]),
    held: [],
  })
}

/** A page of older ones, as `activity.list` gives it. */
export function withOlder(
  list: ActivityEntries,
  page: readonly ActivityEntry[],
  more: boolean,
): ActivityEntries {
  return { ...list, shown: newestFirst([...list.shown, ...page]), more }
}

function bounded(list: ActivityEntries): ActivityEntries {
  return list.shown.length <= mostEntries
    ? list
    : { ...list, shown: list.shown.slice(0, mostEntries), more: true }
}

/** Sorted, each once. Almost sorted input is what a sort is quickest with. */
function newestFirst(entries: readonly ActivityEntry[]): ActivityEntry[] {
  return entries
    .toSorted((a, b) => b.id - a.id)
    .filter((entry, index, all) => entry.id !== all[index - 1]?.id)
}
