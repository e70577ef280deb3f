import { ArrowDown } from 'lucide-react'
import { memo, useCallback } from 'react'
import type { ServerRow } from '../../../src-shared/api-servers.ts'
import type { ContainerRow } from '../../../src-shared/container.ts'
import { shownState } from '../../../src-shared/shown-state.ts'
import { useServerActs } from '../../actions/actions.ts'
import { useSignIn } from '../../actions/sign-in.ts'
import { cx } from '../../components/class-names.ts'
import { Bytes, Duration, Uptime } from '../../components/quantity.tsx'
import { StatusMark } from '../../components/status-mark.tsx'
import { TagList } from '../../components/tag-list.tsx'
import { notifyFailure } from '../../components/toast.tsx'
import { Cell, VirtualList } from '../../components/virtual-list.tsx'
import { memoryOf } from '../../containers.ts'
import { useAct } from '../../queries.ts'
import { count } from '../../words.ts'
import { needsAttention, type ServerOrder } from './server-filter.ts'
import { mainAct, RowActs, type RowAct } from './row-acts.tsx'
import { StateCell } from './state-cell.tsx'

interface ServerListProps {
  rows: readonly ServerRow[]
  memory: Readonly<Record<string, number>> | undefined
  /** By server. */
  containers: ReadonlyMap<string, ContainerRow>
  open: string | undefined
  /** Beside a detail: the name and what is wrong, no figures. */
  compact: boolean
  order: ServerOrder
  onOrder: (order: ServerOrder) => void
  onOpen: (row: ServerRow) => void
  onTag: (tag: string) => void
}

/** By the width of the list, not of the window: tags are the first to go. */
const columns =
  '[--cols:minmax(140px,1fr)_minmax(150px,1.4fr)_76px_68px_68px_64px] @4xl:[--cols:minmax(150px,1fr)_minmax(170px,1.5fr)_minmax(90px,.7fr)_88px_76px_76px_76px_64px]'

export function ServerList(props: ServerListProps) {
  const { rows, open, compact, onOpen } = props
  const act = useRowActs(onOpen)
  return (
    <VirtualList
      label="Servers"
      items={rows}
      keyOf={(row) => row.id}
      textOf={(row) => row.display_name}
      selectedKey={open}
      columns={compact ? 'minmax(0,1fr) auto' : 'var(--cols)'}
      rowHeight={(row) => (compact || errorOf(row) === undefined ? 36 : 60)}
      onOpen={onOpen}
      onAct={(row) => {
        if (row.enabled) act(mainAct(row), row)
      }}
      onRowKey={(row, event) => {
        if (event.key !== 'R' || !event.shiftKey || !row.enabled) return false
        act('restart', row)
        return true
      }}
      header={compact ? undefined : <Headings {...props} />}
      renderRow={(row, { tabIndex }) =>
        compact ? (
          <CompactCells row={row} />
        ) : (
          <FullCells
            row={row}
            memory={props.memory?.[row.id]}
            container={props.containers.get(row.id)}
            onTag={props.onTag}
            act={act}
            tabIndex={tabIndex}
          />
        )
      }
      className={columns}
    />
  )
}

/** As buttons and keys call for them. A sign-in is followed on the server's page. */
function useRowActs(onOpen: (row: ServerRow) => void): (act: RowAct, row: ServerRow) => void {
  const act = useServerActs()
  const signIn = useSignIn()
  const { mutate: cancel } = useAct('sign_in.cancel')
  return useCallback(
    (what, row) => {
      if (what === 'sign_in') {
        onOpen(row)
        signIn(row)
      } else if (what === 'cancel_sign_in')
        cancel(
          { id: row.id },
          {
            onError: (error) => notifyFailure(`The sign-in to ${row.display_name} goes on.`, error),
          },
        )
      else act(what, row)
    },
    [act, signIn, cancel, onOpen],
  )
}

function Headings({ order, onOrder }: ServerListProps) {
  const heading = (by: ServerOrder, label: string, number = true) => (
    <SortHeading
      label={label}
      number={number}
      sorted={order === by}
      onSort={() => onOrder(order === by ? 'catalog' : by)}
    />
  )
  return (
    <>
      {heading('name', 'Name', false)}
      <Cell heading>State</Cell>
      <Cell heading className="hidden @4xl:block">
        Tags
      </Cell>
      <span className="hidden @4xl:contents">{heading('uptime', 'Uptime')}</span>
      {heading('requests', 'Requests')}
      {heading('latency', 'p50')}
      {heading('memory', 'Memory')}
      <Cell heading>
        <span className="sr-only">Actions</span>
      </Cell>
    </>
  )
}

interface SortHeadingProps {
  label: string
  number: boolean
  sorted: boolean
  onSort: () => void
}

function SortHeading({ label, number, sorted, onSort }: SortHeadingProps) {
  return (
    <Cell
      heading
      number={number}
      aria-sort={sorted ? (number ? 'descending' : 'ascending') : 'none'}
    >
      <button
        type="button"
        onClick={onSort}
        className={cx(
          'inline-flex items-center gap-0.5 rounded-sm hover:text-text',
          sorted && 'font-medium text-text',
        )}
      >
        {label}
        {sorted && <ArrowDown size={12} aria-hidden className={cx(!number && 'rotate-180')} />}
      </button>
    </Cell>
  )
}

const CompactCells = memo(function CompactCells({ row }: { row: ServerRow }) {
  return (
    <>
      <Cell className="flex items-center gap-2.5">
        <StatusMark status={shownState(row)} />
        <span className={cx('truncate', !row.enabled && 'text-muted')}>{row.display_name}</span>
      </Cell>
      <Cell className="max-w-28 text-sm text-muted">
        {row.status === 'running' ? <Uptime since={row.started_at} /> : shortReason(row)}
      </Cell>
    </>
  )
})

interface FullCellsProps {
  row: ServerRow
  memory: number | undefined
  container: ContainerRow | undefined
  onTag: (tag: string) => void
  act: (act: RowAct, row: ServerRow) => void
  tabIndex: 0 | -1
}

/** Drawn anew only when its own row has changed: a list is scrolled and told of others all the time. */
const FullCells = memo(function FullCells(props: FullCellsProps) {
  const { row, memory, container, onTag, act, tabIndex } = props
  const error = errorOf(row)
  const name = row.display_name
  return (
    <>
      <Cell className="flex items-center gap-2.5">
        <StatusMark status={shownState(row)} />
        <span
          className={cx('truncate font-medium', !row.enabled && 'font-normal text-muted')}
          title={row.description}
        >
          {name}
        </span>
      </Cell>
      <StateCell row={row} container={container} />
      <Cell className="hidden @4xl:block">
        <TagList tags={row.tags} onPick={onTag} tabIndex={tabIndex} />
      </Cell>
      <Cell number className="hidden @4xl:block">
        <Uptime since={row.status === 'running' ? row.started_at : null} />
      </Cell>
      <Cell number>{count(row.request_count)}</Cell>
      <Cell number>
        <Duration ms={row.latency_ms.p50} />
      </Cell>
      <Cell number>
        <Bytes value={memory ?? (container && memoryOf(container))} />
      </Cell>
      <Cell className="flex justify-end gap-1">
        <RowActs row={row} act={act} tabIndex={tabIndex} />
      </Cell>
      {error !== undefined && <ErrorLine text={error} />}
    </>
  )
})

/** What is wrong and what to do, under the row it belongs to. */
function ErrorLine({ text }: { text: string }) {
  return (
    <Cell className="col-span-full -mt-2 pl-5 text-sm text-muted" title={text}>
      {text}
    </Cell>
  )
}

/** Beside a detail there is room for a word or two. */
function shortReason(row: ServerRow): string {
  const state = shownState(row)
  if (state === 'sign_in_needed') return 'sign-in needed'
  return state === 'signing_in' ? 'signing in' : row.reason
}

function errorOf(row: ServerRow): string | undefined {
  if (row.status === 'unhealthy' && row.last_error !== null) return row.last_error
  if (!needsAttention(row)) return undefined
  return row.sign_in?.problem ?? row.warnings[0]
}
