import type { ServerRow } from '../../../src-shared/api-servers.ts'
import { shownState } from '../../../src-shared/shown-state.ts'

export interface ServerFilter {
  /** In name, id, description and tags; every word must be found. */
  q?: string
  tag?: string
  /** One of the states, or `attention`: what fails, waits for a sign-in, or has a warning. */
  state?: string
}

export type ServerOrder = 'catalog' | 'name' | 'uptime' | 'requests' | 'latency' | 'memory'

export function filterServers(rows: readonly ServerRow[], filter: ServerFilter): ServerRow[] {
  const words = (filter.q ?? '').toLowerCase().split(/\s+/).filter(Boolean)
  return rows.filter((row) => {
    if (filter.tag !== undefined && !row.tags.includes(filter.tag)) return false
    if (filter.state !== undefined && !isIn(row, filter.state)) return false
    if (words.length === 0) return true
    const text =
      `${row.display_name} ${row.id} ${row.description} ${row.tags.join(' ')}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

function isIn(row: ServerRow, state: string): boolean {
  if (state === 'attention') return needsAttention(row)
  const shown = shownState(row)
  return shown === state || (shown === 'signing_in' && state === 'sign_in_needed')
}

/** It fails, or there is something about it that its user should know. */
export function needsAttention(row: ServerRow): boolean {
  return row.status === 'unhealthy' || row.warnings.length > 0 || wantsSignIn(row)
}

/** It waits for one, or works and wants more than it was granted. */
function wantsSignIn({ enabled, sign_in: signIn }: ServerRow): boolean {
  return enabled && signIn !== null && (signIn.state !== 'signed_in' || signIn.problem !== null)
}

/** The largest first, for everything but the name; what has no value is last. */
export function sortServers(
  rows: readonly ServerRow[],
  order: ServerOrder,
  memory: Readonly<Record<string, number>> = {},
): readonly ServerRow[] {
  if (order === 'catalog') return rows
  if (order === 'name') return rows.toSorted((a, b) => a.display_name.localeCompare(b.display_name))
  const value: Record<typeof order, (row: ServerRow) => number> = {
    uptime: (row) => (row.started_at === null ? -1 : -Date.parse(row.started_at) / 1e15 + 1),
    requests: (row) => row.request_count,
    latency: (row) => row.latency_ms.p50 ?? -1,
    memory: (row) => memory[row.id] ?? -1,
  }
  const of = value[order]
  return rows.toSorted((a, b) => of(b) - of(a))
}

/** All tags, each once, in order of the alphabet. */
export function tagsOf(rows: readonly ServerRow[]): string[] {
  return [...new Set(rows.flatMap(({ tags }) => tags))].sort((a, b) => a.localeCompare(b))
}
