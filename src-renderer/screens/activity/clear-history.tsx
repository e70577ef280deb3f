import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { notify, notifyFailure } from '../../components/toast.tsx'
import { useAct } from '../../queries.ts'

/** It cannot be undone, so it asks first, and names what goes. */
export function ClearHistory({ onCleared }: { onCleared?: () => void }) {
  const [isOpen, setOpen] = useState(false)
  const clear = useAct('activity.clear')
  const run = () => {
    clear.mutateAsync({}).then(
      () => {
        setOpen(false)
        onCleared?.()
        notify({ title: 'History of requests cleared' })
      },
      (thrown: unknown) => notifyFailure('The history of requests was not cleared.', thrown),
    )
  }
  return (
    <>
      <Button icon={Trash2} onClick={() => setOpen(true)}>
        Clear history
      </Button>
      <Dialog
        open={isOpen}
        onOpenChange={setOpen}
        title="Clear the history of requests?"
        footer={
          <>
            <Button onClick={() => setOpen(false)}>Cancel</Button>
            <Button kind="danger" busy={clear.isPending} onClick={run}>
              Clear history
            </Button>
          </>
        }
      >
        <p className="text-prose">
          All requests that the gateway has kept, with what was asked and answered, are removed from
          its disk. This cannot be undone. Servers, settings and logs stay.
        </p>
      </Dialog>
    </>
  )
}
