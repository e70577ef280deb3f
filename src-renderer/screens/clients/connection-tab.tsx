import { Undo2, Unplug } from 'lucide-react'
import { useState } from 'react'
import type { ClientConnection, ClientRow } from '../../../src-shared/api-clients.ts'
import { Button } from '../../components/button.tsx'
import { Time } from '../../components/quantity.tsx'
import { notify, notifyFailure } from '../../components/toast.tsx'
import { useAct } from '../../queries.ts'
import { DisconnectDialog } from './disconnect-dialog.tsx'
import { Fact, Facts } from './facts.tsx'
import { FlightCheck } from './flight-check.tsx'
import { hasComeSince, kindWords, type ListedClient } from './listed-client.ts'
import { NoteLine } from './note-line.tsx'
import { PathText } from './path-text.tsx'
import { useClientsChanged } from './use-clients.ts'

/** Where our entry stands, what it is, and the ways back; then what the client really sees. */
export function ConnectionTab({ client, row }: { client: ListedClient; row: ClientRow }) {
  const [leaving, setLeaving] = useState<ClientConnection>()
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-5 overflow-auto px-5 py-4">
      {client.problem !== undefined && <NoteLine kind="bad">{client.problem}</NoteLine>}
      {client.state === 'unseen' && <NextStep row={row} />}
      {row.connections.length === 0 ? (
        <NotConnected client={client} row={row} />
      ) : (
        row.connections.map((connection) => (
          <ConnectionPart
            key={connection.file}
            row={row}
            connection={connection}
            isSeen={hasComeSince(connection.connected_at, client.access)}
            onDisconnect={() => setLeaving(connection)}
          />
        ))
      )}
      {(row.found || row.connections.length > 0) && <FlightCheck row={row} />}
      {row.notes.length > 0 && (
        <section aria-label="Good to know">
          <h3 className="mb-1 font-medium">Good to know</h3>
          <ul className="list-disc pl-5 text-muted">
            {row.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </section>
      )}
      {leaving !== undefined && (
        <DisconnectDialog row={row} connection={leaving} onClose={() => setLeaving(undefined)} />
      )}
    </div>
  )
}

/** It has not come since it was connected. */
function NextStep({ row }: { row: ClientRow }) {
  return (
    <NoteLine>
      <p>
        {row.restart ?? `Open ${row.name} and use it once.`} This page says so as soon as {row.name}{' '}
        has come to the gateway.
      </p>
    </NoteLine>
  )
}

function NotConnected({ client, row }: { client: ListedClient; row: ClientRow }) {
  return (
    <section aria-label="Connection" className="flex flex-col gap-3">
      <p className="text-prose">
        {client.state === 'allowed'
          ? `${row.name} comes to the gateway, but not by an entry that the gateway has written.`
          : row.kinds.length === 0
            ? `The gateway writes no entry for ${row.name}.`
            : row.found
              ? `${row.name} is on this machine and does not use the gateway yet. Connecting writes one entry into its settings; you see the change before.`
              : `${row.name} was not found on this machine.`}
      </p>
      <Facts>
        {row.file !== null && (
          <Fact name="File">
            <PathText path={row.file} />
            {!row.file_exists && <span className="text-muted">Not there yet; it is made.</span>}
          </Fact>
        )}
        {row.choices.length > 0 && (
          <Fact name="Files">
            {row.choices.map((file) => (
              <PathText key={file} path={file} />
            ))}
            <span className="text-muted">You choose one as you connect.</span>
          </Fact>
        )}
        {row.found_by.length > 0 && (
          <Fact name="Found by">
            {row.found_by.map((sign) => (
              <PathText key={sign} path={sign} />
            ))}
          </Fact>
        )}
        <Limit row={row} />
      </Facts>
    </section>
  )
}

function Limit({ row }: { row: ClientRow }) {
  if (row.tool_limit === null) return null
  return (
    <Fact name="Most tools">
      <span className="num">{row.tool_limit}</span>
    </Fact>
  )
}

interface ConnectionPartProps {
  row: ClientRow
  connection: ClientConnection
  isSeen: boolean
  onDisconnect: () => void
}

function ConnectionPart({ row, connection, isSeen, onDisconnect }: ConnectionPartProps) {
  const { file, project, kind, entries, connected_at, can_undo } = connection
  const changed = useClientsChanged()
  const undo = useAct('clients.undo')
  const runUndo = () => {
    undo.mutateAsync({ id: row.id, file }).then(
      async ({ message, exact }) => {
        await changed()
        notify({
          title: exact
            ? `${row.name} is as it was before`
            : 'Only the gateway’s entry was taken out',
          description: message,
        })
      },
      (thrown: unknown) => notifyFailure(`${row.name} is still connected.`, thrown),
    )
  }
  return (
    <section aria-label={`Connection in ${file}`} className="flex flex-col gap-3">
      <Facts>
        <Fact name="File">
          <PathText path={file} />
        </Fact>
        {project !== null && (
          <Fact name="Project">
            <PathText path={project} />
          </Fact>
        )}
        <Fact name="Entry">
          {kindWords[kind]}
          {entries.length > 0 && (
            <>
              :{' '}
              <span className="font-mono text-sm wrap-anywhere text-muted">
                {entries.join(', ')}
              </span>
            </>
          )}
        </Fact>
        <Fact name="Connected">
          <Time at={connected_at} />
          {!isSeen && <span className="text-muted">, not seen since</span>}
        </Fact>
        <Limit row={row} />
      </Facts>
      <div className="flex flex-wrap items-center gap-2">
        {can_undo && (
          <Button icon={Undo2} busy={undo.isPending} onClick={runUndo}>
            Undo
          </Button>
        )}
        <Button icon={Unplug} kind="danger" onClick={onDisconnect}>
          Disconnect
        </Button>
        <p className="text-sm text-muted">
          {can_undo
            ? 'Undo brings the file back as it was, byte for byte; Disconnect takes out the entry alone.'
            : 'Disconnect takes out the entry alone; everything else stays.'}
        </p>
      </div>
    </section>
  )
}
