import { Outlet, useMatch, useNavigate, useSearch } from '@tanstack/react-router'
import { CirclePause, CirclePlay, Plus } from 'lucide-react'
import { useCallback, useMemo, useState } from 'react'
import { actionWords } from '../../../src-shared/action-words.ts'
import type { ServerRow } from '../../../src-shared/api-servers.ts'
import { shownState } from '../../../src-shared/shown-state.ts'
import { Button } from '../../components/button.tsx'
import { cx } from '../../components/class-names.ts'
import { PageHeader } from '../../components/page-header.tsx'
import { EmptyState, ErrorState, SkeletonRows } from '../../components/states.tsx'
import { keptFilter } from '../server/server-search.ts'
import { useContainers } from '../../containers.ts'
import { useRead } from '../../queries.ts'
import { count, counted } from '../../words.ts'
import { EngineBanners } from './engine-banners.tsx'
import { FilterBar } from './filter-bar.tsx'
import { NoServers } from './no-servers.tsx'
import { PausedBanner, ReloadBanner, usePause } from './gateway-banners.tsx'
import {
  filterServers,
  sortServers,
  tagsOf,
  type ServerFilter,
  type ServerOrder,
} from './server-filter.ts'
import { ServerList } from './server-list.tsx'

/** The list, and beside it (in a narrow window: over it) the server that is open. */
export function ServersScreen() {
  const open = useMatch({ from: '/servers/$id', shouldThrow: false })?.params.id
  return (
    <div className="flex min-h-0 flex-1">
      <section
        aria-label="Servers"
        className={cx(
          '@container flex min-h-0 min-w-0 flex-col',
          open === undefined ? 'flex-1' : 'w-[300px] shrink-0 border-r border-line max-wide:hidden',
        )}
      >
        <ServersList open={open} />
      </section>
      {open !== undefined && (
        <section aria-label="Server" className="flex min-h-0 min-w-0 flex-1 flex-col">
          <Outlet />
        </section>
      )}
    </div>
  )
}

function ServersList({ open }: { open: string | undefined }) {
  const filter = useSearch({ from: '/servers' })
  const navigate = useNavigate()
  const compact = open !== undefined
  const servers = useRead('servers.list', {}, { everyMs: 5000 })
  const memory = useRead('servers.memory', {}, { everyMs: 2000, enabled: servers.isSuccess })
  const containers = useContainers({ everyMs: 10_000 }).data
  const containerOf = useMemo(
    () => new Map(containers?.map((one) => [one.server_id, one])),
    [containers],
  )
  const [order, setOrder] = useState<ServerOrder>('catalog')
  const rows = servers.data
  const shown = useMemo(
    () => sortServers(filterServers(rows ?? [], filter), order, memory.data),
    [rows, filter, order, memory.data],
  )
  const tags = useMemo(() => tagsOf(rows ?? []), [rows])
  const setFilter = (next: ServerFilter) => void navigate({ to: '.', search: next, replace: true })
  const pickTag = useCallback(
    (tag: string) => void navigate({ to: '.', search: (old) => ({ ...old, tag }), replace: true }),
    [navigate],
  )
  const openServer = useCallback(
    (row: ServerRow) =>
      void navigate({ to: '/servers/$id', params: { id: row.id }, search: keptFilter }),
    [navigate],
  )

  return (
    <>
      <PageHeader
        title="Servers"
        aside={rows !== undefined && rows.length > 0 && !compact ? summary(rows) : undefined}
        actions={compact ? undefined : <HeaderActions hasServers={(rows?.length ?? 0) > 0} />}
      >
        {rows !== undefined && rows.length > 0 && (
          <FilterBar filter={filter} tags={tags} onChange={setFilter} compact={compact} />
        )}
      </PageHeader>
      <PausedBanner />
      <ReloadBanner />
      {!compact && <EngineBanners containers={containers ?? []} />}
      {servers.isError && rows === undefined ? (
        <ErrorState
          title="The servers could not be read."
          error={servers.error}
          onRetry={() => void servers.refetch()}
        />
      ) : rows === undefined ? (
        <SkeletonRows rows={10} />
      ) : rows.length === 0 ? (
        <NoServers />
      ) : shown.length === 0 ? (
        <EmptyState
          title="No server is like that."
          action={<Button onClick={() => setFilter({})}>Clear filters</Button>}
        />
      ) : (
        <ServerList
          rows={shown}
          memory={memory.data}
          containers={containerOf}
          open={open}
          compact={compact}
          order={order}
          onOrder={setOrder}
          onOpen={openServer}
          onTag={pickTag}
        />
      )}
    </>
  )
}

function summary(rows: readonly ServerRow[]): string {
  const running = rows.filter(({ status }) => status === 'running').length
  const failing = rows.filter(({ status }) => status === 'unhealthy').length
  const waiting = rows.filter((row) => shownState(row) === 'sign_in_needed').length
  return [
    `${count(running)} of ${counted(rows.length, 'server')} running`,
    ...(failing === 0 ? [] : [`${count(failing)} unhealthy`]),
    ...(waiting === 0 ? [] : [`${count(waiting)} ${waiting === 1 ? 'needs' : 'need'} a sign-in`]),
  ].join(', ')
}

function HeaderActions({ hasServers }: { hasServers: boolean }) {
  const navigate = useNavigate()
  const { paused, toggle, isPending } = usePause()
  return (
    <>
      {hasServers && (
        <Button
          icon={paused ? CirclePlay : CirclePause}
          busy={isPending}
          onClick={toggle}
          className="max-wide:hidden"
        >
          {paused ? actionWords.resumeAll : 'Pause all'}
        </Button>
      )}
      <Button
        kind="primary"
        icon={Plus}
        onClick={() => void navigate({ to: '/catalog', search: { add: '1' } })}
      >
        {actionWords.addServer}
      </Button>
    </>
  )
}
