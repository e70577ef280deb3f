import type { ActivityEntry } from '../../../src-shared/api.ts'
import { Duration, Time } from '../../components/quantity.tsx'
import { Cell, VirtualList } from '../../components/virtual-list.tsx'
import { OutcomeMark } from './outcome-mark.tsx'

interface ActivityListProps {
  entries: readonly ActivityEntry[]
  /** Beside one that is open: what it was and how it went, no more. */
  compact: boolean
  selected: number | undefined
  onOpen: (id: number) => void
  onNearEnd: () => void
  onTop: (isAtTop: boolean) => void
}

const wide = '12px 92px minmax(80px, 1fr) minmax(80px, 1fr) minmax(160px, 3fr) 84px'
const narrow = '12px minmax(120px, 1fr) 72px'

/** The requests, newest first. */
export function ActivityList({
  entries,
  compact,
  selected,
  onOpen,
  onNearEnd,
  onTop,
}: ActivityListProps) {
  return (
    <VirtualList
      label="Requests"
      items={entries}
      keyOf={({ id }) => String(id)}
      textOf={({ target, method }) => target ?? method}
      columns={compact ? narrow : wide}
      selectedKey={selected === undefined ? undefined : String(selected)}
      onOpen={({ id }) => onOpen(id)}
      onNearEnd={onNearEnd}
      onTop={onTop}
      header={compact ? undefined : <Headings />}
      renderRow={(entry) => (compact ? <NarrowRow entry={entry} /> : <WideRow entry={entry} />)}
    />
  )
}

function Headings() {
  return (
    <>
      <Cell heading>
        <span className="sr-only">Outcome</span>
      </Cell>
      <Cell heading>Time</Cell>
      <Cell heading>Client</Cell>
      <Cell heading>Server</Cell>
      <Cell heading>Request</Cell>
      <Cell heading number>
        Duration
      </Cell>
    </>
  )
}

function WideRow({ entry }: { entry: ActivityEntry }) {
  return (
    <>
      <Cell>
        <OutcomeMark outcome={entry.outcome} />
      </Cell>
      <Cell className="text-muted">
        <Time at={entry.time} />
      </Cell>
      <Cell title={entry.client}>{entry.client}</Cell>
      <Cell title={entry.server_id}>{entry.server_id}</Cell>
      <Cell title={entry.error ?? undefined}>
        <RequestName entry={entry} />
        {entry.error !== null && <span className="ml-3 text-muted">{entry.error}</span>}
      </Cell>
      <Cell number>
        <Duration ms={entry.duration_ms} />
      </Cell>
    </>
  )
}

function NarrowRow({ entry }: { entry: ActivityEntry }) {
  return (
    <>
      <Cell>
        <OutcomeMark outcome={entry.outcome} />
      </Cell>
      <Cell title={`${entry.client} → ${entry.server_id}`}>
        <RequestName entry={entry} />
      </Cell>
      <Cell number className="text-muted">
        <Duration ms={entry.duration_ms} />
      </Cell>
    </>
  )
}

/** What it is about first: most are `tools/call`. */
export function RequestName({ entry }: { entry: Pick<ActivityEntry, 'method' | 'target'> }) {
  const { method, target } = entry
  return (
    <span className="font-mono text-sm">
      {target === null ? (
        method
      ) : (
        <>
          {target} <span className="text-muted">{method}</span>
        </>
      )}
    </span>
  )
}
