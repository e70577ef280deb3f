import { memo } from 'react'
import { Button } from '../../components/button.tsx'
import { cx } from '../../components/class-names.ts'
import { Time } from '../../components/quantity.tsx'
import { Cell, VirtualList } from '../../components/virtual-list.tsx'
import { count } from '../../words.ts'
import { ClientMark } from './client-mark.tsx'
import {
  canConnect,
  fileOf,
  isConnected,
  kindWords,
  stateWords,
  type ListedClient,
} from './listed-client.ts'
import { PathText } from './path-text.tsx'

interface ClientListProps {
  clients: readonly ListedClient[]
  open: string | undefined
  /** Beside a detail: name and state alone. */
  compact: boolean
  onOpen: (client: ListedClient) => void
  onConnect: (client: ListedClient) => void
}

/** By the width of the list, not of the window: what is least looked for goes first. */
const columns =
  '[--cols:minmax(130px,1fr)_112px_minmax(110px,1.4fr)_88px_84px] @3xl:[--cols:minmax(140px,1fr)_116px_minmax(140px,1.8fr)_112px_88px_84px] @4xl:[--cols:minmax(150px,1fr)_120px_minmax(160px,1.8fr)_116px_92px_64px_72px_84px]'

/** Every client with its state, its file, and how much it uses the gateway. */
export function ClientList({ clients, open, compact, onOpen, onConnect }: ClientListProps) {
  return (
    <VirtualList
      label="AI clients"
      items={clients}
      keyOf={(client) => client.id}
      textOf={(client) => client.name}
      selectedKey={open}
      columns={compact ? 'minmax(0,1fr) auto' : 'var(--cols)'}
      rowHeight={(client) => (compact || client.problem === undefined ? 36 : 60)}
      onOpen={onOpen}
      header={compact ? undefined : <Headings />}
      renderRow={(client, { tabIndex }) =>
        compact ? (
          <CompactCells client={client} />
        ) : (
          <FullCells client={client} tabIndex={tabIndex} onConnect={onConnect} />
        )
      }
      className={columns}
    />
  )
}

function Headings() {
  return (
    <>
      <Cell heading>Name</Cell>
      <Cell heading>State</Cell>
      <Cell heading>File</Cell>
      <Cell heading className="hidden @3xl:block">
        Entry
      </Cell>
      <Cell heading>Last seen</Cell>
      <Cell heading number className="hidden @4xl:block">
        Sessions
      </Cell>
      <Cell heading number className="hidden @4xl:block">
        Requests
      </Cell>
      <Cell heading>
        <span className="sr-only">Actions</span>
      </Cell>
    </>
  )
}

const CompactCells = memo(function CompactCells({ client }: { client: ListedClient }) {
  return (
    <>
      <Cell className="flex items-center gap-2.5">
        <ClientMark state={client.state} />
        <span className={cx('truncate', client.state === 'absent' && 'text-muted')}>
          {client.name}
        </span>
      </Cell>
      <Cell className="max-w-28 text-sm text-muted">{stateWords[client.state]}</Cell>
    </>
  )
})

interface FullCellsProps {
  client: ListedClient
  tabIndex: 0 | -1
  onConnect: (client: ListedClient) => void
}

const FullCells = memo(function FullCells({ client, tabIndex, onConnect }: FullCellsProps) {
  const { name, state, access, row, problem } = client
  const file = fileOf(client)
  const kind = row?.connections[0]?.kind
  const mayHaveCome = isConnected(client) || access !== undefined
  return (
    <>
      <Cell className="flex items-center gap-2.5">
        <ClientMark state={state} />
        <span className={cx('truncate', state === 'absent' ? 'text-muted' : 'font-medium')}>
          {name}
        </span>
      </Cell>
      <Cell className={state === 'problem' ? 'text-bad' : 'text-muted'}>{stateWords[state]}</Cell>
      <Cell className="text-muted">
        {file !== undefined ? (
          <PathText path={file} />
        ) : row !== undefined && row.choices.length > 0 ? (
          `One of ${row.choices.length} files`
        ) : (
          '–'
        )}
      </Cell>
      <Cell className="hidden text-muted @3xl:block">
        {kind === undefined ? (access?.has_token === true ? 'Token' : '–') : kindWords[kind]}
      </Cell>
      <Cell className="text-muted">
        {access?.last_seen == null ? mayHaveCome ? 'Never' : '–' : <Time at={access.last_seen} />}
      </Cell>
      <Cell number className="hidden @4xl:block">
        {access === undefined ? '–' : count(access.sessions)}
      </Cell>
      <Cell number className="hidden @4xl:block">
        {access === undefined ? '–' : count(access.request_count)}
      </Cell>
      <Cell className="flex justify-end">
        {canConnect(client) && !isConnected(client) && (
          <Button
            size="small"
            tabIndex={tabIndex}
            aria-label={`Connect ${name}`}
            onClick={() => onConnect(client)}
          >
            Connect
          </Button>
        )}
      </Cell>
      {problem !== undefined && (
        <Cell className="col-span-full -mt-2 pl-5 text-sm text-muted" title={problem}>
          {problem}
        </Cell>
      )}
    </>
  )
})
