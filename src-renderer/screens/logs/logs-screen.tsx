import { ArrowDown, CirclePause, CirclePlay, Copy, Download, Eraser, WrapText } from 'lucide-react'
import { useDeferredValue, useMemo, useRef, useState } from 'react'
import { Banner } from '../../components/banner.tsx'
import { Button, IconButton } from '../../components/button.tsx'
import { Menu } from '../../components/menu.tsx'
import { PageHeader } from '../../components/page-header.tsx'
import { ToggleButton } from '../../components/toggle-button.tsx'
import { count, counted } from '../../words.ts'
import type { LogEntry } from './log-buffer.ts'
import { useLogChoices } from './log-choices.ts'
import { useLogAnnouncements } from './log-announcements.ts'
import { LogFilterBar } from './log-filter-bar.tsx'
import { LogList, type LogListHandle } from './log-list.tsx'
import { isFiltering, type LogFilter, type LogSearch } from './log-query.ts'
import type { LogRing } from './log-ring.ts'
import { LogSearchBar } from './log-search.tsx'
import { type LogSelection, selectedRange } from './log-selection.ts'
import { LogsState } from './logs-state.tsx'
import { copyLines, exportLines } from './log-transfer.ts'
import { LogView } from './log-view.ts'
import { useLogStore } from './use-log-store.ts'

/** All servers' lines in one stream. */
export function LogsScreen() {
  const store = useLogStore()
  const list = useRef<LogListHandle>(null)
  const choices = useLogChoices()
  const { filter, search } = choices
  const view = useLogView(store.buffer.ring, store.version, filter, search)
  const [wrap, setWrap] = useState(false)
  const [isFollowing, setFollowing] = useState(true)
  const [seenEnd, setSeenEnd] = useState(0)
  const [selection, setSelection] = useState<LogSelection | null>(null)
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set())
  const [current, setCurrent] = useState<number | null>(null)
  useLogAnnouncements(store.buffer, store.isPaused)

  const onFollow = (follows: boolean) => {
    if (follows === isFollowing) return
    setFollowing(follows)
    setSeenEnd(store.buffer.ring.end)
  }
  const toggle = (number: number) => {
    const next = new Set(opened)
    if (!next.delete(number)) next.add(number)
    setOpened(next)
  }
  const step = (by: 1 | -1) => {
    const number = nextMatch(view, current ?? list.current?.visible()?.[0] ?? 0, by, current)
    if (number === undefined) return
    setCurrent(number)
    setSelection({ active: number, anchor: number })
    // The match may be in what does not fit.
    if (!wrap) setOpened(new Set([number]))
    list.current?.reveal(number)
  }
  const range = selectedRange(selection)
  const unseen = isFollowing ? 0 : view.shown.length - view.shown.indexFrom(seenEnd)
  return (
    <>
      <PageHeader
        title="Logs"
        aside={store.state === 'ready' ? asideOf(view, store.buffer.ring.size) : undefined}
        actions={
          <>
            {store.isPaused && store.waiting > 0 && (
              <span role="status" className="num text-muted">
                {counted(store.waiting, 'new line')}
              </span>
            )}
            <Button
              icon={store.isPaused ? CirclePlay : CirclePause}
              onClick={() => store.pause(!store.isPaused)}
            >
              {store.isPaused ? 'Resume' : 'Pause'}
            </Button>
            <Menu
              trigger={<IconButton icon={Copy} label="Copy lines" />}
              items={[
                {
                  label: 'Copy selected lines',
                  disabled: range === null,
                  onSelect: () => copyLines(view, range),
                },
                {
                  label: 'Copy visible lines',
                  onSelect: () => copyLines(view, list.current?.visible()),
                },
                {
                  label: `Copy all ${count(view.shown.length)} lines`,
                  onSelect: () => copyLines(view),
                },
              ]}
            />
            <IconButton
              icon={Download}
              label="Export to a file"
              disabled={view.shown.length === 0}
              onClick={() => exportLines(view)}
            />
            <IconButton
              icon={Eraser}
              label="Clear this view"
              disabled={store.buffer.ring.size === 0}
              onClick={() => store.clear()}
            />
          </>
        }
      >
        <LogSearchBar
          search={search}
          onChange={(next) => {
            setCurrent(null)
            choices.setSearch(next)
          }}
          problem={view.compiled.problem}
          matches={view.found.length}
          current={current === null ? null : view.found.indexFrom(current)}
          onStep={step}
        />
        <div className="ml-auto flex items-center gap-2">
          <LogFilterBar
            filter={filter}
            onServer={choices.setServer}
            onKinds={choices.setKinds}
            onSources={choices.setSources}
          />
          <ToggleButton icon={WrapText} label="Wrap long lines" pressed={wrap} onChange={setWrap} />
        </div>
      </PageHeader>
      {store.unread.size > 0 && (
        <Banner
          kind="warn"
          className="border-b border-line"
          actions={
            <Button size="small" onClick={() => void store.load()}>
              Retry
            </Button>
          }
        >
          The earlier lines of {namesOf([...store.unread.keys()])} could not be read.{' '}
          {[...store.unread.values()][0]} New lines are shown as they come.
        </Banner>
      )}
      <div className="relative flex min-h-0 flex-1 flex-col">
        {view.shown.length === 0 ? (
          <LogsState
            store={store}
            isNarrowed={isFiltering(filter) || (search.onlyMatches && search.text !== '')}
            onReset={choices.reset}
          />
        ) : (
          <LogList
            ref={list}
            view={view}
            wrap={wrap}
            showServer={filter.servers.size !== 1}
            current={current}
            selection={selection}
            onSelect={setSelection}
            opened={opened}
            onToggle={toggle}
            onFollow={onFollow}
            onPause={() => store.pause(!store.isPaused)}
            onCopy={() => copyLines(view, range)}
          />
        )}
        {!isFollowing && view.shown.length > 0 && (
          <Button
            icon={ArrowDown}
            className="num absolute right-5 bottom-4 animate-appear shadow-pop"
            onClick={() => list.current?.toEnd()}
          >
            {unseen > 0 ? counted(unseen, 'new line') : 'Latest'}
          </Button>
        )}
      </div>
    </>
  )
}

/** The view of this screen: drawn with the newest lines, and found again when filter or search change. */
function useLogView(
  ring: LogRing<LogEntry>,
  version: number,
  filter: LogFilter,
  search: LogSearch,
): LogView {
  const [view] = useState(() => new LogView(ring))
  const deferred = useDeferredValue(search)
  useMemo(() => view.setFilter(filter), [view, filter])
  useMemo(() => view.setSearch(deferred), [view, deferred])
  useMemo(() => {
    if (version >= 0) view.update()
  }, [view, version])
  return view
}

/** The match after (or before) a line; beyond the last one it begins anew. */
function nextMatch(
  view: LogView,
  from: number,
  by: 1 | -1,
  current: number | null,
): number | undefined {
  const { found } = view
  const here = found.indexFrom(from)
  const next =
    by === -1 ? here - 1 : current === null || found.at(here) !== current ? here : here + 1
  return found.at((next + found.length) % found.length)
}

function asideOf(view: LogView, kept: number): string {
  const { length } = view.shown
  return length === kept ? counted(kept, 'line') : `${count(length)} of ${counted(kept, 'line')}`
}

function namesOf(ids: readonly string[]): string {
  return ids.length <= 3 ? ids.join(', ') : counted(ids.length, 'server')
}
