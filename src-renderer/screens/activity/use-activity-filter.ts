import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import type { ActivityOutcome } from '../../../src-shared/api.ts'
import { withParam } from '../../search-params.ts'
import type { ActivityFilter } from './activity-entries.ts'

/** The gateway is asked anew for each filter: not for every letter. */
const typingMs = 250

/** The filter is in the address; the text field does not wait for it. */
export function useActivityFilter() {
  const { server, client, outcome, q } = useSearch({ from: '/activity' })
  const navigate = useNavigate({ from: '/activity' })
  const [text, setText] = useState(q ?? '')
  useEffect(() => {
    if (text === (q ?? '')) return
    const timer = setTimeout(() => {
      void navigate({
        search: (old) => withParam(old, 'q', text === '' ? undefined : text),
        replace: true,
      })
    }, typingMs)
    return () => clearTimeout(timer)
  }, [navigate, q, text])
  const filter = useMemo(
    (): ActivityFilter => ({
      ...(server === undefined ? {} : { server_id: server }),
      ...(client === undefined ? {} : { client }),
      ...(isOutcome(outcome) ? { outcome } : {}),
      ...(q === undefined ? {} : { text: q }),
    }),
    [server, client, outcome, q],
  )
  return {
    filter,
    text,
    setText,
    set: (key: 'server' | 'client' | 'outcome', value: string | undefined) =>
      void navigate({ search: (old) => withParam(old, key, value), replace: true }),
    reset: () => {
      setText('')
      void navigate({
        search: ({ entry }) => (entry === undefined ? {} : { entry }),
        replace: true,
      })
    },
  }
}

function isOutcome(word: string | undefined): word is ActivityOutcome {
  return word === 'ok' || word === 'error' || word === 'cancelled'
}
