import { useState } from 'react'
import type { AccessRow } from '../../../../src-shared/client-access.ts'
import { messageOf } from '../../../api-error.ts'
import { Button } from '../../../components/button.tsx'
import { Dialog } from '../../../components/dialog.tsx'
import { takeFocus } from '../../../components/take-focus.ts'
import { useAct } from '../../../queries.ts'
import type { ListedClient } from '../listed-client.ts'
import { NoteLine } from '../note-line.tsx'
import { useClientsChanged } from '../use-clients.ts'
import { TokenShown } from './token-shown.tsx'

interface TokenDialogProps {
  client: ListedClient
  access: AccessRow
  onClose: () => void
}

/** A new token for a client; one that it has ends with it, so that it is asked. */
export function TokenDialog({ client, access, onClose }: TokenDialogProps) {
  const grant = useAct('access.grant')
  const changed = useClientsChanged()
  const [token, setToken] = useState<string | null>(null)
  const [failure, setFailure] = useState<unknown>()
  const run = () => {
    setFailure(undefined)
    grant.mutateAsync({ id: client.id, name: client.name }).then(async (given) => {
      setToken(given.token)
      await changed()
    }, setFailure)
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title={token === null ? `A new token for ${client.name}?` : `The token of ${client.name}`}
      footer={
        token === null ? (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button kind="primary" autoFocus busy={grant.isPending} onClick={run}>
              Make a token
            </Button>
          </>
        ) : (
          <Button kind="primary" ref={takeFocus} onClick={onClose}>
            Done
          </Button>
        )
      }
    >
      {token === null ? (
        <div className="flex flex-col gap-3 text-prose">
          <p>
            It opens the MCP addresses alone, within the limits of {client.name}, and is shown once.
            {access.has_token && ' The one from before ends at once, with its open sessions.'}
          </p>
          {failure !== undefined && (
            <NoteLine kind="bad">No token was made. {messageOf(failure)}</NoteLine>
          )}
        </div>
      ) : (
        <TokenShown token={token} />
      )}
    </Dialog>
  )
}
