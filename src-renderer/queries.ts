import { queryOptions, useMutation, useQuery, type QueryKey } from '@tanstack/react-query'
import { createContext, use } from 'react'
import type {
  GatewayApi,
  ProcedureInput,
  ProcedureName,
  ProcedureOutput,
} from '../src-shared/api.ts'
import type { ApiError } from './api-error.ts'

/** Names of procedures that only read. */
type ReadName = Extract<
  ProcedureName,
  | 'gateway.info'
  | 'servers.list'
  | 'servers.memory'
  | 'containers.list'
  | 'server.get'
  | 'server.logs'
  | 'server.lists'
  | 'catalog.read'
  | 'catalog.schema'
  | 'activity.list'
  | 'activity.get'
  | 'settings.get'
  | 'clients.list'
  | 'clients.check'
  | 'access.list'
  | 'secrets.list'
  | 'desktop.get'
>

/** The key of every kept answer: the procedure's name, then its input. Without an input it stands for all of them. */
export function keyOf<N extends ReadName>(name: N, input?: ProcedureInput<N>): QueryKey {
  return input === undefined ? [name] : [name, input]
}

export const GatewayContext = createContext<GatewayApi | null>(null)

export function useGateway(): GatewayApi {
  const gateway = use(GatewayContext)
  if (gateway === null) throw new Error('There is no gateway around this component.')
  return gateway
}

/** One procedure's answer under its key. */
function readOptions<N extends ReadName>(gateway: GatewayApi, name: N, input: ProcedureInput<N>) {
  return queryOptions<ProcedureOutput<N>, ApiError>({
    queryKey: keyOf(name, input),
    queryFn: () => gateway.call(name, input),
  })
}

interface ReadSettings {
  enabled?: boolean
  /** Asks again after so many ms, only while the window is visible. */
  everyMs?: number
}

/** Reads a procedure and keeps its answer; live.ts keeps it up to date. */
export function useRead<N extends ReadName>(
  name: N,
  input: ProcedureInput<N>,
  { enabled = true, everyMs }: ReadSettings = {},
) {
  return useQuery({
    ...readOptions(useGateway(), name, input),
    enabled,
    ...(everyMs === undefined ? {} : { refetchInterval: everyMs }),
  })
}

/** A procedure that acts. `mutate(input)` or `await mutateAsync(input)`. */
export function useAct<N extends ProcedureName>(name: N) {
  const gateway = useGateway()
  return useMutation<ProcedureOutput<N>, ApiError, ProcedureInput<N>>({
    mutationFn: (input) => gateway.call(name, input),
  })
}
