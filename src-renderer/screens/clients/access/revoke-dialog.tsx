import { useState } from 'react'
import type { AccessRow } from '../../../../src-shared/client-access.ts'
import { messageOf } from '../../../api-error.ts'
import { Button } from '../../../components/button.tsx'
import { Dialog } from '../../../components/dialog.tsx'
import { notify } from '../../../components/toast.tsx'
import { useAct } from '../../../queries.ts'
import { counted } from '../../../words.ts'
import { isConnected, type ListedClient } from '../listed-client.ts'
import { NoteLine } from '../note-line.tsx'
import { useClientsChanged } from '../use-clients.ts'

interface RevokeDialogProps {
  client: ListedClient
  access: AccessRow
  onClose: () => void
}

/** Asked, since sessions and a token that have ended do not come back. */
export function RevokeDialog({ client, access, onClose }: RevokeDialogProps) {
  const revoke = useAct('access.revoke')
  const changed = useClientsChanged()
  const [failure, setFailure] = useState<unknown>()
  const run = () => {
    setFailure(undefined)
    revoke.mutateAsync({ id: client.id }).then(async () => {
      await changed()
      onClose()
      notify({ title: `${client.name} has no access any more` })
    }, setFailure)
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title={`Revoke the access of ${client.name}?`}
      footer={
        <>
          <Button autoFocus onClick={onClose}>
            Cancel
          </Button>
          <Button kind="danger" busy={revoke.isPending} onClick={run}>
            Revoke access
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3 text-prose">
        <p>
          {access.has_token ? 'Its token ends at once' : 'Its name is refused at once'}
          {access.sessions > 0 ? `, and so do ${counted(access.sessions, 'open session')}.` : '.'}
        </p>
        {isConnected(client) && (
          <p>
            Its entry stays in its file, and is refused. To take the entry out as well, disconnect{' '}
            {client.name} instead.
          </p>
        )}
        {failure !== undefined && (
          <NoteLine kind="bad">Nothing was revoked. {messageOf(failure)}</NoteLine>
        )}
      </div>
    </Dialog>
  )
}
