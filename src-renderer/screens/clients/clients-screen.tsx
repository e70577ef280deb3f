import { Outlet, useMatch, useNavigate, useSearch } from '@tanstack/react-router'
import { Download, KeyRound, Plug } from 'lucide-react'
import { useCallback, useMemo } from 'react'
import { actionWords } from '../../../src-shared/action-words.ts'
import { Button } from '../../components/button.tsx'
import { cx } from '../../components/class-names.ts'
import { PageHeader } from '../../components/page-header.tsx'
import { SearchField } from '../../components/search-field.tsx'
import { Select } from '../../components/select.tsx'
import { EmptyState, ErrorState, SkeletonRows } from '../../components/states.tsx'
import { withParam } from '../../search-params.ts'
import { count, counted } from '../../words.ts'
import { GrantDialog } from './access/grant-dialog.tsx'
import { ClientList } from './client-list.tsx'
import { ImportDialog } from './import/import-dialog.tsx'
import {
  clientScopes,
  isConnected,
  shownClients,
  type ClientScope,
  type ListedClient,
} from './listed-client.ts'
import { useClients } from './use-clients.ts'

/** The AI clients of this machine, and beside them (in a narrow window: over them) the one that is open. */
export function ClientsScreen() {
  const open = useMatch({ from: '/clients/$id', shouldThrow: false })?.params.id
  const search = useSearch({ from: '/clients' })
  const navigate = useNavigate()
  const without = (key: 'import' | 'grant') => () =>
    void navigate({ to: '.', search: (old) => withParam(old, key, undefined), replace: true })
  return (
    <div className="flex min-h-0 flex-1">
      <section
        aria-label="AI clients"
        className={cx(
          '@container flex min-h-0 min-w-0 flex-col',
          open === undefined ? 'flex-1' : 'w-[300px] shrink-0 border-r border-line max-wide:hidden',
        )}
      >
        <Clients open={open} />
      </section>
      {open !== undefined && (
        <section aria-label="AI client" className="flex min-h-0 min-w-0 flex-1 flex-col">
          <Outlet />
        </section>
      )}
      {search.import !== undefined && <ImportDialog onClose={without('import')} />}
      {search.grant !== undefined && <GrantDialog onClose={without('grant')} />}
    </div>
  )
}

function Clients({ open }: { open: string | undefined }) {
  const search = useSearch({ from: '/clients' })
  const navigate = useNavigate()
  const { clients, rows } = useClients()
  const compact = open !== undefined
  const text = search.q ?? ''
  const scope = clientScopes.find((one) => one === search.scope) ?? 'here'
  const shown = useMemo(() => shownClients(clients ?? [], scope, text), [clients, scope, text])
  const set = (key: 'q' | 'scope' | 'import' | 'grant', value: string | undefined) =>
    void navigate({
      to: '.',
      search: (old) => withParam(old, key, value),
      replace: key === 'q' || key === 'scope',
    })
  const kept = () => ({
    ...(search.q === undefined ? {} : { q: search.q }),
    ...(search.scope === undefined ? {} : { scope: search.scope }),
  })
  const openClient = (client: ListedClient) =>
    void navigate({ to: '/clients/$id', params: { id: client.id }, search: kept() })
  const connect = useCallback(
    (client: ListedClient) =>
      void navigate({
        to: '/clients/$id',
        params: { id: client.id },
        search: (old) => ({ ...old, connect: '1' }),
      }),
    [navigate],
  )
  const hidden = (clients?.length ?? 0) - shown.length

  return (
    <>
      <PageHeader
        title="Clients"
        aside={clients === undefined || compact ? undefined : summary(clients)}
        actions={
          compact ? undefined : (
            <>
              <Button icon={KeyRound} onClick={() => set('grant', '1')} className="max-wide:hidden">
                {actionWords.giveAccess}
              </Button>
              <Button icon={Download} kind="primary" onClick={() => set('import', '1')}>
                {actionWords.importServers}
              </Button>
            </>
          )
        }
      >
        <SearchField
          label="Filter clients"
          value={text}
          onChange={(next) => set('q', next === '' ? undefined : next)}
          className={compact ? 'w-full' : 'w-64'}
        />
        {!compact && (
          <Select
            aria-label="Which clients"
            value={scope}
            disabled={text !== ''}
            onChange={({ target: { value } }) => set('scope', value === 'here' ? undefined : value)}
          >
            {clientScopes.map((one) => (
              <option key={one} value={one}>
                {scopeWords[one]}
              </option>
            ))}
          </Select>
        )}
      </PageHeader>
      {clients === undefined && rows.isError ? (
        <ErrorState
          title="The AI clients could not be looked for."
          error={rows.error}
          onRetry={() => void rows.refetch()}
        />
      ) : clients === undefined ? (
        <SkeletonRows rows={10} />
      ) : shown.length === 0 ? (
        <NoClients
          text={text}
          scope={scope}
          onAll={() => void navigate({ to: '.', search: { scope: 'all' }, replace: true })}
        />
      ) : (
        <>
          <ClientList
            clients={shown}
            open={open}
            compact={compact}
            onOpen={openClient}
            onConnect={connect}
          />
          {scope === 'here' && text === '' && hidden > 0 && (
            <div className="shrink-0 border-t border-line px-3 py-1.5">
              <Button kind="quiet" size="small" onClick={() => set('scope', 'all')}>
                {compact
                  ? `${count(hidden)} more not found`
                  : `Show ${count(hidden)} more that ${hidden === 1 ? 'was' : 'were'} not found on this machine`}
              </Button>
            </div>
          )}
        </>
      )}
    </>
  )
}

const scopeWords: Record<ClientScope, string> = {
  here: 'On this machine',
  connected: 'Connected',
  all: 'All known clients',
}

function NoClients({
  text,
  scope,
  onAll,
}: {
  text: string
  scope: ClientScope
  onAll: () => void
}) {
  if (text !== '')
    return (
      <EmptyState
        icon={Plug}
        title={`No client is called “${text}”.`}
        action={<Button onClick={onAll}>Show all clients</Button>}
      >
        Any program that speaks MCP can be given access: it gets a token of its own.
      </EmptyState>
    )
  return (
    <EmptyState
      icon={Plug}
      title={
        scope === 'connected'
          ? 'No client is connected yet.'
          : 'No AI client was found on this machine.'
      }
      action={<Button onClick={onAll}>Show all clients</Button>}
    >
      Connecting writes one entry into the client’s settings, after a preview and with a way back.
    </EmptyState>
  )
}

function summary(clients: readonly ListedClient[]): string {
  const connected = clients.filter(isConnected).length
  const found = clients.filter(({ row }) => row?.found === true).length
  const failing = clients.filter(({ state }) => state === 'problem').length
  const all = `${count(connected)} connected, ${count(found)} found on this machine`
  return failing === 0 ? all : `${all}, ${counted(failing, 'problem')}`
}
