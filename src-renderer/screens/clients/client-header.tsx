import { useNavigate } from '@tanstack/react-router'
import { ArrowLeft, Plug, X } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { Button, IconButton } from '../../components/button.tsx'
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
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    // It covers the list that had the focus.
    if (!window.matchMedia('(min-width: 960px)').matches) heading.current?.focus()
  }, [])
  const { state, access } = client
  return (
    <header className="flex shrink-0 flex-col gap-1 px-5 pt-4 pb-2">
      <div className="flex min-h-8 items-center gap-2.5">
        <IconButton
          icon={ArrowLeft}
          label="All clients"
          className="-ml-2 wide:hidden"
          onClick={back}
        />
        <h2
          ref={heading}
          tabIndex={-1}
          className="min-w-0 truncate text-title font-semibold tracking-[-0.01em] outline-none"
        >
          {client.name}
        </h2>
        <span className="ml-auto flex shrink-0 items-center gap-1.5">
          {canConnect(client) && (
            <Button
              kind={isConnected(client) ? 'plain' : 'primary'}
              icon={Plug}
              onClick={() =>
                void navigate({ to: '.', search: (old) => ({ ...old, connect: '1' }) })
              }
            >
              {isConnected(client) ? 'Change entry' : 'Connect'}
            </Button>
          )}
          <IconButton icon={X} label="Close" className="max-wide:hidden" onClick={back} />
        </span>
      </div>
      <p className="flex min-w-0 items-center gap-2 text-muted">
        <ClientMark state={state} />
        <span className="truncate">
          {stateWords[state]}
          {access?.last_seen != null && (
            <>
              , last seen <Time at={access.last_seen} />
            </>
          )}
        </span>
      </p>
    </header>
  )
}
