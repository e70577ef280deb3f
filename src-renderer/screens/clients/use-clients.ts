import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { keyOf, useRead } from '../../queries.ts'
import { listedClients } from './listed-client.ts'

/** Other programs' files change without an event; looking whether they are there is cheap. */
const filesEveryMs = 10_000
const accessEveryMs = 3000

/** Every AI client with its state, kept up to date while the window is visible. */
export function useClients() {
  const rows = useRead('clients.list', {}, { everyMs: filesEveryMs })
  const access = useRead('access.list', {}, { everyMs: accessEveryMs })
  const clients = useMemo(
    () => (rows.data === undefined ? undefined : listedClients(rows.data, access.data ?? [])),
    [rows.data, access.data],
  )
  return { clients, rows, access }
}

/** Asks again for what connecting, disconnecting and access change. */
export function useClientsChanged(): () => Promise<void> {
  const cache = useQueryClient()
  return useCallback(async () => {
    const keys = [keyOf('clients.list'), keyOf('access.list'), keyOf('clients.check')]
    await Promise.all(keys.map((queryKey) => cache.invalidateQueries({ queryKey })))
  }, [cache])
}
