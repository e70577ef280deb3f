import { useNavigate } from '@tanstack/react-router'
import { Plug } from 'lucide-react'
import { Button } from '../../components/button.tsx'
import { DetailHeader } from '../../components/detail-header.tsx'
import { Time } from '../../components/quantity.tsx'
import { ClientMark } from './client-mark.tsx'
import { canConnect, isConnected, stateWords, type ListedClient } from './listed-client.ts'

/** Name, state, and the way to connect it. */
export function ClientHeader({ client }: { client: ListedClient }) {
  const navigate = useNavigate()
  const back = () =>
    void navigate({
      to: '/clients',
      search: ({ q, scope }) => ({
        ...(q === undefined ? {} : { q }),
        ...(scope === undefined ? {} : { scope }),
      }),
    })
  const { state, access } = client
  return (
    <DetailHeader
      name={client.name}
      all="All clients"
      onBack={back}
      acts={
        canConnect(client) && (
          <Button
            kind={isConnected(client) ? 'plain' : 'primary'}
            icon={Plug}
            onClick={() => void navigate({ to: '.', search: (old) => ({ ...old, connect: '1' }) })}
          >
            {isConnected(client) ? 'Change entry' : 'Connect'}
          </Button>
        )
      }
    >
      <ClientMark state={state} />
      <span className="truncate">
        {stateWords[state]}
        {access?.last_seen != null && (
          <>
            , last seen <Time at={access.last_seen} />
          </>
        )}
      </span>
    </DetailHeader>
  )
}
