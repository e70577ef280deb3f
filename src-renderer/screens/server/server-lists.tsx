import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { RefreshCw } from 'lucide-react'
import type { ReactNode } from 'react'
import type { ServerDetailView, ServerLists } from '../../../src-shared/api-servers.ts'
import { IconButton } from '../../components/button.tsx'
import { ErrorState, SkeletonRows } from '../../components/states.tsx'
import { keyOf, useGateway, useRead } from '../../queries.ts'
import { withItem } from './server-search.ts'
import { notifyFailure } from '../../components/toast.tsx'

interface ServerListsProps {
  server: ServerDetailView
  children: (lists: ServerLists) => ReactNode
}

/** What the server offers: it is started for it where it was never asked before. */
export function WithLists({ server, children }: ServerListsProps) {
  const lists = useRead('server.lists', { id: server.id })
  if (lists.data !== undefined) return children(lists.data)
  if (lists.isError)
    return (
      <ErrorState
        title={`${server.display_name} did not say what it offers.`}
        error={lists.error}
        onRetry={() => void lists.refetch()}
      />
    )
  return (
    <>
      {server.status === 'starting' && (
        <p className="px-5 pt-3 text-muted">
          Starting it to ask what it offers{server.reason === '' ? '' : `: ${server.reason}`}
        </p>
      )}
      <SkeletonRows rows={6} />
    </>
  )
}

/** Asks the server anew, and starts it for that. */
export function RefreshLists({ id }: { id: string }) {
  const gateway = useGateway()
  const cache = useQueryClient()
  return (
    <IconButton
      icon={RefreshCw}
      size="small"
      label="Ask the server again"
      onClick={() => {
        gateway.call('server.lists', { id, refresh: true }).then(
          (lists) => cache.setQueryData(keyOf('server.lists', { id }), lists),
          (thrown: unknown) => notifyFailure('The server did not say what it offers.', thrown),
        )
      }}
    />
  )
}

/** The item that the address names, and what chooses another. */
export function useChosenItem(id: string) {
  const { item } = useSearch({ from: '/servers/$id' })
  const navigate = useNavigate()
  return {
    item,
    choose: (next: string | undefined) =>
      void navigate({
        to: '/servers/$id',
        params: { id },
        search: (old) => withItem(old, next),
        replace: true,
      }),
  }
}

/** Text at a key of what a server gave; servers give anything. */
export function textAt(of: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = of[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}
