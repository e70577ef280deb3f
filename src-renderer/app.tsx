import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { useEffect, useState, useSyncExternalStore } from 'react'
import type { GatewayApi } from '../src-shared/api.ts'
import { ApiError } from './api-error.ts'
import type { Session } from './carriers/session.ts'
import { Toasts } from './components/toast.tsx'
import { TooltipProvider } from './components/tooltip.tsx'
import { followGateway } from './live.ts'
import { GatewayContext, keyOf } from './queries.ts'
import { router } from './router.tsx'
import { LinkExpired } from './shell/link-expired.tsx'

export function App({ gateway, session }: { gateway: GatewayApi; session: Session }) {
  const [cache] = useState(() => newCache(gateway, session))
  const refused = useSyncExternalStore(
    (listener) => session.onRefused(listener),
    () => session.refused,
  )
  useEffect(() => (refused ? undefined : followGateway(gateway, cache)), [gateway, cache, refused])
  if (refused) return <LinkExpired />
  return (
    <GatewayContext value={gateway}>
      <QueryClientProvider client={cache}>
        <TooltipProvider delayDuration={400} skipDelayDuration={200}>
          <RouterProvider router={router} />
          <Toasts />
        </TooltipProvider>
      </QueryClientProvider>
    </GatewayContext>
  )
}

/** The rows of the first screen are asked for before it is drawn. */
function newCache(gateway: GatewayApi, session: Session): QueryClient {
  const cache = new QueryClient({ defaultOptions: { queries: cacheRules } })
  if (!session.refused)
    void cache.prefetchQuery({
      queryKey: keyOf('servers.list', {}),
      queryFn: () => gateway.call('servers.list', {}),
    })
  return cache
}

const cacheRules = {
  // Events keep it fresh; what they do not tell is asked for by interval.
  staleTime: 30_000,
  refetchOnWindowFocus: false,
  // The gateway is on this machine or its own host: a browser's idea of "offline" does not matter.
  networkMode: 'always',
  retry: (failures: number, error: Error) =>
    failures < 3 && error instanceof ApiError && error.code === 'unreachable',
  retryDelay: 500,
} as const
