import { useState } from 'react'
import { messageOf } from '../../api-error.ts'
import type { ClientConnection, ClientRow } from '../../../src-shared/api-clients.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { notify } from '../../components/toast.tsx'
import { useAct } from '../../queries.ts'
import { NoteLine } from './note-line.tsx'
import { PathText } from './path-text.tsx'
import { useClientsChanged } from './use-clients.ts'

interface DisconnectDialogProps {
  row: ClientRow
  connection: ClientConnection
  onClose: () => void
}

/** Asked, since a token and open sessions do not come back. */
export function DisconnectDialog({ row, connection, onClose }: DisconnectDialogProps) {
  const { file, kind, entries } = connection
  const disconnect = useAct('clients.disconnect')
  const changed = useClientsChanged()
  const [failure, setFailure] = useState<unknown>()
  const run = () => {
    setFailure(undefined)
    disconnect.mutateAsync({ id: row.id, file }).then(async ({ message }) => {
      await changed()
      onClose()
      notify({ title: `${row.name} is disconnected`, description: message })
    }, setFailure)
  }
  const isLast = row.connections.length === 1
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title={`Disconnect ${row.name}?`}
      footer={
        <>
          <Button autoFocus onClick={onClose}>
            Cancel
          </Button>
          <Button kind="danger" busy={disconnect.isPending} onClick={run}>
            Disconnect
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3 text-prose">
        <div>
          <p>
            {entries.length === 1
              ? `Takes the entry “${entries[0]}” out of`
              : `Takes ${entries.length} entries out of`}
          </p>
          <PathText path={file} className="text-muted" />
          <p>Everything else in it stays as it is.</p>
        </div>
        <p>
          {kind === 'http'
            ? 'Its token ends at once, and so do its open sessions. Connecting it again makes a new token.'
            : isLast
              ? 'Its access ends at once, and so do its open sessions and a token, if it has one.'
              : 'It stays connected by its other files.'}
        </p>
        {failure !== undefined && (
          <NoteLine kind="bad">
            {row.name} is still connected. {messageOf(failure)}
          </NoteLine>
        )}
      </div>
    </Dialog>
  )
}
