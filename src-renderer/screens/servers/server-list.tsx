import { ArrowDown, Play, RotateCw, Square } from 'lucide-react'
import { memo } from 'react'
import { actOn } from '../../../src-shared/action-words.ts'
import type { ServerRow } from '../../../src-shared/api-servers.ts'
import { startOrStop, useServerActs, type ServerAct } from '../../actions/actions.ts'
import { IconButton } from '../../components/button.tsx'
import { cx } from '../../components/class-names.ts'
import { Bytes, Duration, Uptime } from '../../components/quantity.tsx'
import { StatusMark } from '../../components/status-mark.tsx'
import { TagList } from '../../components/tag-list.tsx'
import { Cell, VirtualList } from '../../components/virtual-list.tsx'
import { count } from '../../words.ts'
import { needsAttention, type ServerOrder } from './server-filter.ts'
import { stateInWords } from './state-words.ts'

interface ServerListProps {
  rows: readonly ServerRow[]
  memory: Readonly<Record<string, number>> | undefined
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
  const act = useServerActs()
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
        if (row.enabled) act(startOrStop(row), row)
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
        <StatusMark status={row.status} />
        <span className={cx('truncate', !row.enabled && 'text-muted')}>{row.display_name}</span>
      </Cell>
      <Cell className="max-w-28 text-sm text-muted">
        {row.status === 'running' ? <Uptime since={row.started_at} /> : row.reason}
      </Cell>
    </>
  )
})

interface FullCellsProps {
  row: ServerRow
  memory: number | undefined
  onTag: (tag: string) => void
  act: (act: ServerAct, row: ServerRow) => void
  tabIndex: 0 | -1
}

/** Drawn anew only when its own row has changed: a list is scrolled and told of others all the time. */
const FullCells = memo(function FullCells({ row, memory, onTag, act, tabIndex }: FullCellsProps) {
  const error = errorOf(row)
  const main = startOrStop(row)
  const name = row.display_name
  return (
    <>
      <Cell className="flex items-center gap-2.5">
        <StatusMark status={row.status} />
        <span
          className={cx('truncate font-medium', !row.enabled && 'font-normal text-muted')}
          title={row.description}
        >
          {name}
        </span>
      </Cell>
      <Cell className={cx(row.status === 'unhealthy' ? 'text-bad' : 'text-muted')}>
        {stateInWords(row)}
      </Cell>
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
        <Bytes value={memory} />
      </Cell>
      <Cell className="flex justify-end gap-1">
        {row.enabled && (
          <>
            <RowAct
              label={actOn('restart', name)}
              icon={RotateCw}
              tabIndex={tabIndex}
              hidden={main === 'start'}
              onClick={() => act('restart', row)}
            />
            <RowAct
              label={actOn(main, name)}
              icon={main === 'start' ? Play : Square}
              tabIndex={tabIndex}
              onClick={() => act(main, row)}
            />
          </>
        )}
      </Cell>
      {error !== undefined && <ErrorLine text={error} />}
    </>
  )
})

function RowAct({ hidden = false, ...props }: Parameters<typeof IconButton>[0]) {
  return (
    <IconButton
      {...props}
      light
      size="small"
      className={cx(
        'opacity-80 group-hover:opacity-100 group-focus-within:opacity-100 focus-visible:opacity-100',
        hidden && 'invisible',
      )}
    />
  )
}

/** What is wrong and what to do, under the row it belongs to. */
function ErrorLine({ text }: { text: string }) {
  return (
    <Cell className="col-span-full -mt-2 pl-5 text-sm text-muted" title={text}>
      {text}
    </Cell>
  )
}

function errorOf(row: ServerRow): string | undefined {
  if (row.status === 'unhealthy' && row.last_error !== null) return row.last_error
  return needsAttention(row) ? row.warnings[0] : undefined
}
