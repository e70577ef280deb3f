import type { QueryClient } from '@tanstack/react-query'
import type { ServerDetailView, ServerRow } from '../src-shared/api-servers.ts'
import type { ApiEvent, GatewayApi } from '../src-shared/api.ts'
import type { ContainerRow } from '../src-shared/container.ts'
import { withChange } from './containers.ts'
import { keyOf } from './queries.ts'

/**
 * Keeps what the window has read up to date with the gateway's events. Rows of servers are written into the cache
 * together, once a frame: a catalog of a thousand servers that starts is a thousand events. Returns what ends it.
 */
export function followGateway(gateway: GatewayApi, cache: QueryClient): () => void {
  const rows = new Map<string, ServerRow>()
  let forget: (() => void) | undefined
  const flush = () => {
    forget = undefined
    const changed = new Map(rows)
    rows.clear()
    applyRows(cache, changed)
  }
  const end = gateway.onEvent((event) => {
    if (event.type !== 'server') return apply(cache, event)
    rows.set(event.server.id, event.server)
    forget ??= soon(flush)
  })
  return () => {
    end()
    forget?.()
  }
}

/** In the next frame; hidden windows draw none. Returns what forgets it. */
function soon(fn: () => void): () => void {
  if (document.hidden) {
    const timer = setTimeout(fn, 100)
    return () => clearTimeout(timer)
  }
  const frame = requestAnimationFrame(fn)
  return () => cancelAnimationFrame(frame)
}

function apply(cache: QueryClient, event: ApiEvent): void {
  switch (event.type) {
    case 'reload':
      for (const key of catalogKeys) void cache.invalidateQueries({ queryKey: key })
      return
    case 'container':
      cache.setQueryData<ContainerRow[]>(keyOf('containers.list', {}), (rows) =>
        withChange(rows, event),
      )
      return
    case 'gateway':
      cache.setQueryData(keyOf('gateway.info', {}), event.info)
      return
    case 'desktop':
      cache.setQueryData(keyOf('desktop.get', {}), event.state)
      return
    case 'connection':
      if (event.ok) void cache.invalidateQueries()
  }
}

/** What another catalog may change. */
const catalogKeys = [
  keyOf('servers.list'),
  keyOf('containers.list'),
  keyOf('server.get'),
  keyOf('server.lists'),
  keyOf('catalog.read'),
  keyOf('gateway.info'),
  keyOf('secrets.list'),
]

function applyRows(cache: QueryClient, changed: ReadonlyMap<string, ServerRow>): void {
  cache.setQueryData<ServerRow[]>(keyOf('servers.list', {}), (old) => withRows(old, changed))
  for (const [id, row] of changed) {
    const key = keyOf('server.get', { id })
    const before = cache.getQueryData<ServerDetailView>(key)
    if (before === undefined) continue
    cache.setQueryData<ServerDetailView>(key, { ...before, ...row })
    // What a row does not have: processes, version, capabilities.
    if (before.status !== row.status) void cache.invalidateQueries({ queryKey: key })
  }
}

/** The list with the changed rows in their places, and new ones at its end. */
export function withRows(
  rows: readonly ServerRow[] | undefined,
  changed: ReadonlyMap<string, ServerRow>,
): ServerRow[] | undefined {
  if (rows === undefined) return undefined
  const known = new Set(rows.map(({ id }) => id))
  const added = [...changed.values()].filter(({ id }) => !known.has(id))
  return [...rows.map((row) => changed.get(row.id) ?? row), ...added]
}
