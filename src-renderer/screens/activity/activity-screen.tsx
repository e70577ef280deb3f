import { useNavigate, useSearch } from '@tanstack/react-router'
import { Activity, ArrowUp, SearchX } from 'lucide-react'
import { useCallback } from 'react'
import { Button } from '../../components/button.tsx'
import { cx } from '../../components/class-names.ts'
import { PageHeader } from '../../components/page-header.tsx'
import { EmptyState, ErrorState, SkeletonRows } from '../../components/states.tsx'
import { withParam } from '../../search-params.ts'
import { counted } from '../../words.ts'
import { isFiltering } from './activity-entries.ts'
import { ActivityList } from './activity-list.tsx'
import { ClearHistory } from './clear-history.tsx'
import { EntryDetail } from './entry-detail.tsx'
import { FilterBar } from './filter-bar.tsx'
import { HistoryOff } from './history-off.tsx'
import { RateStrip } from './rate-strip.tsx'
import { useActivity } from './use-activity.ts'
import { useActivityFilter } from './use-activity-filter.ts'

/** The last requests of clients to servers, and beside them (in a narrow window: over them) the one that is open. */
export function ActivityScreen() {
  const { entry } = useSearch({ from: '/activity' })
  const navigate = useNavigate({ from: '/activity' })
  const open = entry !== undefined && /^\d+$/.test(entry) ? Number(entry) : undefined
  const show = useCallback(
    (id: number | undefined) =>
      void navigate({
        search: (old) => withParam(old, 'entry', id === undefined ? undefined : String(id)),
        replace: open !== undefined,
      }),
    [navigate, open],
  )
  return (
    <div className="flex min-h-0 flex-1">
      <section
        aria-label="Requests"
        className={cx(
          'flex min-h-0 min-w-0 flex-col',
          open === undefined ? 'flex-1' : 'w-[340px] shrink-0 border-r border-line max-wide:hidden',
        )}
      >
        <Requests open={open} onOpen={show} />
      </section>
      {open !== undefined && (
        <section aria-label="Request" className="flex min-h-0 min-w-0 flex-1 flex-col">
          <EntryDetail key={open} id={open} onClose={() => show(undefined)} />
        </section>
      )}
    </div>
  )
}

interface RequestsProps {
  open: number | undefined
  onOpen: (id: number) => void
}

function Requests({ open, onOpen }: RequestsProps) {
  const choice = useActivityFilter()
  const feed = useActivity(choice.filter)
  const { status, error, entries, isKept, skipped, isReadingOlder } = feed.state
  const { shown, held } = entries
  const narrowed = isFiltering(choice.filter)
  const compact = open !== undefined
  const isOff = status === 'ready' && !isKept
  const hasFilters =
    status === 'loading' || (status === 'ready' && isKept && (shown.length > 0 || narrowed))
  const onNearEnd = useCallback(() => void feed.readOlder(), [feed])
  const onTop = useCallback((isAtTop: boolean) => feed.hold(!isAtTop), [feed])

  return (
    <>
      <PageHeader
        title="Activity"
        aside={
          skipped > 0 && !compact
            ? `${counted(skipped, 'request')} not kept: too many came at once`
            : undefined
        }
        actions={
          shown.length > 0 && !compact ? <ClearHistory onCleared={() => feed.empty()} /> : undefined
        }
      >
        {hasFilters ? (
          <FilterBar
            filter={choice.filter}
            text={choice.text}
            onText={choice.setText}
            onChange={choice.set}
            entries={shown}
            compact={compact}
          />
        ) : undefined}
      </PageHeader>
      {status === 'loading' && (
        <>
          {/* The pictures' place: nothing moves when they come. */}
          {!compact && <div className="h-[125px] shrink-0 border-b border-line" />}
          <SkeletonRows rows={12} />
        </>
      )}
      {status === 'failed' && (
        <ErrorState
          title="The requests could not be read."
          error={error}
          onRetry={() => void feed.load()}
        />
      )}
      {isOff && <HistoryOff />}
      {status === 'ready' && isKept && shown.length === 0 && (
        <Empty narrowed={narrowed} onReset={choice.reset} />
      )}
      {status === 'ready' && shown.length > 0 && (
        <>
          {!compact && <RateStrip className="border-b border-line px-5 pt-2 pb-1" />}
          <div className="relative flex min-h-0 flex-1 flex-col">
            <ActivityList
              entries={shown}
              compact={compact}
              selected={open}
              onOpen={onOpen}
              onNearEnd={onNearEnd}
              onTop={onTop}
            />
            {held.length > 0 && (
              <Button
                icon={ArrowUp}
                className="num absolute top-11 left-1/2 -translate-x-1/2 animate-appear shadow-pop"
                onClick={(event) => {
                  feed.hold(false)
                  event.currentTarget.parentElement
                    ?.querySelector('[role=grid]')
                    ?.scrollTo({ top: 0 })
                }}
              >
                {counted(held.length, 'new request')}
              </Button>
            )}
          </div>
          {isReadingOlder && <p className="px-5 py-1.5 text-sm text-muted">Reading older ones …</p>}
          {error !== null && (
            <p role="alert" className="flex items-center gap-3 border-t border-line px-5 py-1.5">
              <span className="text-bad">Older requests could not be read.</span>
              <Button size="small" onClick={() => void feed.readOlder()}>
                Retry
              </Button>
            </p>
          )}
        </>
      )}
    </>
  )
}

function Empty({ narrowed, onReset }: { narrowed: boolean; onReset: () => void }) {
  return narrowed ? (
    <EmptyState
      icon={SearchX}
      title="No request matches."
      action={<Button onClick={onReset}>Show all requests</Button>}
    />
  ) : (
    <EmptyState icon={Activity} title="No requests yet.">
      What your AI clients ask of servers shows here as it happens.
    </EmptyState>
  )
}
