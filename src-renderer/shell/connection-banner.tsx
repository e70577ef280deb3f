import { useEffect, useState } from 'react'
import { Banner } from '../components/banner.tsx'
import { useGateway } from '../queries.ts'

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

/** What is shown stays, with a line that says how old it may be. */
export function ConnectionBanner() {
  if (useConnection()) return null
  return (
    <Banner kind="warn" className="border-b border-line">
      The gateway does not answer. What you see may be out of date; this window connects again as
      soon as it can.
    </Banner>
  )
}
