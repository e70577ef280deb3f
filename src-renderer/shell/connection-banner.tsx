import { useEffect, useState } from 'react'
import { actionWords } from '../../src-shared/action-words.ts'
import { Banner } from '../components/banner.tsx'
import { Button } from '../components/button.tsx'
import { notifyFailure } from '../components/toast.tsx'
import { useDesktop } from '../desktop.ts'
import { useAct, useGateway } from '../queries.ts'

/** False while the carrier has lost the gateway. */
export function useConnection(): boolean {
  const gateway = useGateway()
  const [ok, setOk] = useState(true)
  useEffect(
    () =>
      gateway.onEvent((event) => {
        if (event.type === 'connection') setOk(event.ok)
      }),
    [gateway],
  )
  return ok
}

/** What is shown stays, with a line that says how old it may be; or why there is no gateway, and what to do. */
export function ConnectionBanner() {
  const connected = useConnection()
  const desktop = useDesktop()
  const restart = useAct('desktop.restart_gateway')
  if (desktop?.gateway === 'none') {
    const retry = () => {
      restart.mutateAsync({}).catch((thrown: unknown) => {
        notifyFailure('There is still no gateway.', thrown)
      })
    }
    return (
      <Banner
        kind="bad"
        className="border-b border-line"
        actions={
          <Button size="small" busy={restart.isPending} onClick={retry}>
            {actionWords.tryAgain}
          </Button>
        }
      >
        The gateway did not start. {desktop.problem}
      </Banner>
    )
  }
  if (connected) return null
  return (
    <Banner kind="warn" className="border-b border-line">
      The gateway does not answer. What you see may be out of date; this window connects again as
      soon as it can.
    </Banner>
  )
}
