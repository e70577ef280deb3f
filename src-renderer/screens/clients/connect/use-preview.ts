import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { ClientPreview } from '../../../../src-shared/api-clients.ts'
import type { ProcedureInput } from '../../../../src-shared/api.ts'
import type { ApiError } from '../../../api-error.ts'
import { useGateway } from '../../../queries.ts'

const typingMs = 200

/**
 * What connecting would write, from the file as it is now. `isCurrent`: it is what was asked for last, and may be
 * written.
 */
export function usePreview(input: ProcedureInput<'clients.preview'> | undefined) {
  const gateway = useGateway()
  const wanted = JSON.stringify(input ?? null)
  const [asked, setAsked] = useState({ key: wanted, input })
  useEffect(() => {
    if (wanted === asked.key) return undefined
    const timer = setTimeout(() => setAsked({ key: wanted, input }), typingMs)
    return () => clearTimeout(timer)
  }, [wanted, asked.key, input])
  const query = useQuery<ClientPreview, ApiError>({
    queryKey: ['preview of a connection', asked.key],
    queryFn: () => {
      if (asked.input === undefined) throw new Error('There is nothing to ask for.')
      return gateway.call('clients.preview', asked.input)
    },
    enabled: asked.input !== undefined,
    retry: false,
    staleTime: 0,
    gcTime: 0,
    placeholderData: keepPreviousData,
  })
  const isCurrent = wanted === asked.key && query.isSuccess && !query.isPlaceholderData
  return { query, isCurrent }
}
