import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { Unplug } from 'lucide-react'
import { Button } from '../../components/button.tsx'
import { EmptyState, ErrorState, SkeletonText } from '../../components/states.tsx'
import { TabPanel, Tabs } from '../../components/tabs.tsx'
import { withParam } from '../../search-params.ts'
import { AccessTab } from './access/access-tab.tsx'
import { ClientHeader } from './client-header.tsx'
import { ConnectDialog } from './connect/connect-dialog.tsx'
import { ConnectionTab } from './connection-tab.tsx'
import { canConnect } from './listed-client.ts'
import { useClients } from './use-clients.ts'

/** One AI client: its connection, what it really sees, and what it may see. */
export function ClientScreen() {
  const { id } = useParams({ from: '/clients/$id' })
  // Another client begins anew: nothing half filled in is carried over.
  return <ClientDetail key={id} id={id} />
}

function ClientDetail({ id }: { id: string }) {
  const { tab, connect } = useSearch({ from: '/clients/$id' })
  const navigate = useNavigate()
  const { clients, rows, access } = useClients()
  const client = clients?.find((one) => one.id === id)

  if (client === undefined) {
    if (rows.isError || access.isError)
      return (
        <ErrorState
          title={`“${id}” could not be looked at.`}
          error={rows.error ?? access.error}
          onRetry={() => {
            void rows.refetch()
            void access.refetch()
          }}
        />
      )
    if (clients === undefined || access.isPending)
      return (
        <div className="p-5">
          <SkeletonText lines={6} />
        </div>
      )
    return (
      <EmptyState
        icon={Unplug}
        title={`There is no client “${id}”.`}
        action={<Button onClick={() => void navigate({ to: '/clients' })}>All clients</Button>}
      >
        It is not in the table of clients, and none of that name has come or was given access.
      </EmptyState>
    )
  }
  const hasFiles = client.row !== undefined
  const closeConnect = () =>
    void navigate({ to: '.', search: (old) => withParam(old, 'connect', undefined), replace: true })
  return (
    <>
      <ClientHeader client={client} />
      <Tabs
        label="Parts of the client"
        items={[
          ...(hasFiles ? [{ value: 'connection', label: 'Connection' }] : []),
          { value: 'access', label: 'Access' },
        ]}
        value={hasFiles ? (tab === 'access' ? 'access' : 'connection') : 'access'}
        onChange={(next) =>
          void navigate({
            to: '.',
            search: (old) => withParam(old, 'tab', next === 'connection' ? undefined : next),
            replace: true,
          })
        }
      >
        {client.row !== undefined && (
          <TabPanel value="connection">
            <ConnectionTab client={client} row={client.row} />
          </TabPanel>
        )}
        <TabPanel value="access">
          <AccessTab client={client} />
        </TabPanel>
      </Tabs>
      {connect !== undefined && client.row !== undefined && canConnect(client) && (
        <ConnectDialog row={client.row} onClose={closeConnect} />
      )}
    </>
  )
}
