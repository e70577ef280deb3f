import { useState } from 'react'
import { actionWords } from '../../../../src-shared/action-words.ts'
import type { ServerRow } from '../../../../src-shared/api-servers.ts'
import { messageOf } from '../../../api-error.ts'
import { Banner } from '../../../components/banner.tsx'
import { Button } from '../../../components/button.tsx'
import { Dialog } from '../../../components/dialog.tsx'
import { notify } from '../../../components/toast.tsx'
import { useAct } from '../../../queries.ts'

interface SignOutDialogProps {
  server: Pick<ServerRow, 'id' | 'display_name'>
  /** Of the issuer. */
  host: string | null
  onClose: () => void
}

/** Asked, since a token that is revoked does not come back. */
export function SignOutDialog({ server, host, onClose }: SignOutDialogProps) {
  const { id, display_name: name } = server
  const signOut = useAct('sign_in.sign_out')
  const [failure, setFailure] = useState<unknown>()
  const run = () => {
    setFailure(undefined)
    signOut.mutateAsync({ id }).then(({ note }) => {
      onClose()
      notify({
        title: `Signed out of ${name}`,
        ...(note === null ? {} : { description: note }),
      })
    }, setFailure)
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title={`Sign out of ${name}?`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="danger" busy={signOut.isPending} onClick={run}>
            {actionWords.signOut}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-2 text-prose">
        <p>
          The gateway forgets its tokens and has them revoked at {host ?? 'the issuer'}. Calls that
          are under way fail.
        </p>
        <p>
          AI clients cannot use {name} until somebody signs in again. Its entry in the catalog stays
          as it is.
        </p>
        {failure !== undefined && (
          <Banner kind="bad" className="rounded">
            {name} is still signed in. {messageOf(failure)}
          </Banner>
        )}
      </div>
    </Dialog>
  )
}
