import { useBlocker } from '@tanstack/react-router'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'

interface LeaveDialogProps {
  dirty: boolean
  /** Closes the question and goes on to saving. */
  onSave: () => void
}

/** Asks before changes that are not saved are left behind: in the window, and before it is closed. */
export function LeaveDialog({ dirty, onSave }: LeaveDialogProps) {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && current.pathname !== next.pathname,
    enableBeforeUnload: dirty,
    withResolver: true,
  })
  if (blocker.status !== 'blocked') return null
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) blocker.reset()
      }}
      title="Your changes are not saved"
      description="The catalog’s text has changes that are not in the file. Leaving discards them."
      footer={
        <>
          <Button onClick={blocker.reset}>Stay</Button>
          <Button kind="danger" onClick={blocker.proceed}>
            Discard and leave
          </Button>
          <Button
            kind="primary"
            onClick={() => {
              blocker.reset()
              onSave()
            }}
          >
            Review and save
          </Button>
        </>
      }
    >
      {null}
    </Dialog>
  )
}
