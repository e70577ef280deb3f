import { KeyRound } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import type { AccessRow } from '../../../../src-shared/client-access.ts'
import { Button } from '../../../components/button.tsx'
import { Time } from '../../../components/quantity.tsx'
import { notify, notifyFailure } from '../../../components/toast.tsx'
import { useAct } from '../../../queries.ts'
import { count } from '../../../words.ts'
import { isConnected, type ListedClient } from '../listed-client.ts'
import { useClientsChanged } from '../use-clients.ts'
import { LimitsForm } from './limits-form.tsx'
import { RevokeDialog } from './revoke-dialog.tsx'
import { TokenDialog } from './token-dialog.tsx'

/** What a client may see and use, how much it does, and the end of it. */
export function AccessTab({ client }: { client: ListedClient }) {
  const { access } = client
  return (
    <div className="@container flex min-h-0 flex-1 flex-col gap-5 overflow-auto px-5 py-4">
      {access === undefined ? (
        <p className="text-prose text-muted">
          {client.name} has not come to the gateway yet. What you set here applies as soon as it
          does.
        </p>
      ) : (
        <Statistics access={access} />
      )}
      <LimitsForm
        key={JSON.stringify(access?.limits ?? null)}
        client={client}
        limits={access?.limits ?? null}
      />
      {access !== undefined && <TokenPart client={client} access={access} />}
    </div>
  )
}

function Statistics({ access }: { access: AccessRow }) {
  return (
    <dl className="grid grid-cols-3 gap-x-6 gap-y-4 @lg:grid-cols-5">
      <Figure name="Sessions">{count(access.sessions)}</Figure>
      <Figure name="Requests">{count(access.request_count)}</Figure>
      <Figure name="Errors">{count(access.error_count)}</Figure>
      <Figure name="Last seen">
        {access.last_seen === null ? 'Never' : <Time at={access.last_seen} />}
      </Figure>
      <Figure name={access.revoked === null ? 'Access since' : 'Revoked'}>
        {access.revoked !== null ? (
          <Time at={access.revoked} />
        ) : access.created === null ? (
          '–'
        ) : (
          <Time at={access.created} />
        )}
      </Figure>
    </dl>
  )
}

function Figure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex flex-col-reverse">
      <dt className="text-sm text-muted">{name}</dt>
      <dd className="num text-lead font-medium">{children}</dd>
    </div>
  )
}

/** How it is known, and the end of its access or its return. */
function TokenPart({ client, access }: { client: ListedClient; access: AccessRow }) {
  const [dialog, setDialog] = useState<'revoke' | 'token'>()
  const grant = useAct('access.grant')
  const changed = useClientsChanged()
  const isRevoked = access.revoked !== null
  const giveBack = () => {
    grant.mutateAsync({ id: client.id, name: client.name, token: false }).then(
      async () => {
        await changed()
        notify({ title: `${client.name} has access again` })
      },
      (thrown: unknown) => notifyFailure(`${client.name} still has no access.`, thrown),
    )
  }
  return (
    <section aria-label="Identity" className="flex flex-col gap-3 border-t border-line pt-4">
      <div>
        <h3 className="font-medium">{isRevoked ? 'No access' : 'Identity'}</h3>
        <p className="text-muted">
          {isRevoked
            ? 'Its access was revoked: whatever comes with its token or its name is refused.'
            : access.has_token
              ? 'It has a token of its own, which opens MCP alone. The token is not shown again: a new one ends it.'
              : `It is known by the name in its entry (--client ${client.id}), without a token.`}
        </p>
      </div>
      <div className="flex flex-wrap gap-2">
        {isRevoked ? (
          <Button busy={grant.isPending} onClick={giveBack}>
            Give access again
          </Button>
        ) : null}
        {!isConnected(client) && (
          <Button icon={KeyRound} onClick={() => setDialog('token')}>
            {access.has_token ? 'New token' : 'Make a token'}
          </Button>
        )}
        {!isRevoked && (
          <Button kind="danger" onClick={() => setDialog('revoke')}>
            Revoke access
          </Button>
        )}
      </div>
      {dialog === 'revoke' && (
        <RevokeDialog client={client} access={access} onClose={() => setDialog(undefined)} />
      )}
      {dialog === 'token' && (
        <TokenDialog client={client} access={access} onClose={() => setDialog(undefined)} />
      )}
    </section>
  )
}
