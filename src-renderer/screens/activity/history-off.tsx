import { useQueryClient } from '@tanstack/react-query'
import { Activity } from 'lucide-react'
import { Button } from '../../components/button.tsx'
import { EmptyState } from '../../components/states.tsx'
import { notifyFailure } from '../../components/toast.tsx'
import { keyOf, useAct, useRead } from '../../queries.ts'

/** Nothing is kept: why, and the switch. */
export function HistoryOff() {
  const settings = useRead('settings.get', {})
  const cache = useQueryClient()
  const set = useAct('settings.set')
  const waits = settings.data?.history === true
  const turnOn = () => {
    set.mutateAsync({ history: true }).then(
      (next) => cache.setQueryData(keyOf('settings.get', {}), next),
      (thrown: unknown) => notifyFailure('The history was not turned on.', thrown),
    )
  }
  if (waits)
    return (
      <EmptyState icon={Activity} title="Requests are kept from the gateway’s next start on.">
        The history is turned on in the settings, but the running gateway began without it.
      </EmptyState>
    )
  return (
    <EmptyState
      icon={Activity}
      title="The history of requests is off."
      action={
        <Button kind="primary" busy={set.isPending} onClick={turnOn}>
          Turn on
        </Button>
      }
    >
      With it, the last requests of your AI clients are kept on this machine, secrets masked, so
      that you can read and replay them.
    </EmptyState>
  )
}
