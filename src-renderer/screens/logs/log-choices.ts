import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import { withParam } from '../../search-params.ts'
import {
  allLines,
  type LogFilter,
  type LogKind,
  logKinds,
  type LogSearch,
  noSearch,
} from './log-query.ts'

export interface LogChoices {
  filter: LogFilter
  search: LogSearch
  setServer: (id: string | undefined) => void
  setKinds: (kinds: LogFilter['kinds']) => void
  setSources: (sources: LogFilter['sources']) => void
  setSearch: (search: LogSearch) => void
  /** All lines, no search. */
  reset: () => void
}

/** What a person looks for. Server, levels and text are in the address, so that other screens can point at them. */
export function useLogChoices(): LogChoices {
  const { server, level, q } = useSearch({ from: '/logs' })
  const navigate = useNavigate({ from: '/logs' })
  const [sources, setSources] = useState(allLines.sources)
  const [search, setSearch] = useState({ ...noSearch, text: q ?? '' })
  const { text } = search
  // The field does not wait for the address, and the address not for every letter.
  useEffect(() => {
    if (text === (q ?? '')) return
    const timer = setTimeout(() => {
      void navigate({
        search: (old) => withParam(old, 'q', text === '' ? undefined : text),
        replace: true,
      })
    }, 300)
    return () => clearTimeout(timer)
  }, [navigate, q, text])
  const filter = useMemo(
    () => ({
      servers: new Set(server === undefined ? [] : [server]),
      kinds: kindsOf(level),
      sources,
    }),
    [server, level, sources],
  )
  const go = (key: 'server' | 'level', value: string | undefined) =>
    void navigate({ search: (old) => withParam(old, key, value), replace: true })
  return {
    filter,
    search,
    setServer: (id) => go('server', id),
    setKinds: (kinds) =>
      go('level', kinds.size === logKinds.length ? undefined : [...kinds].join()),
    setSources,
    setSearch,
    reset: () => {
      setSources(allLines.sources)
      setSearch({ ...search, text: '', onlyMatches: false })
      void navigate({ search: {}, replace: true })
    },
  }
}

/** `error,warn` of the address; what is not a level counts for nothing. */
function kindsOf(level: string | undefined): ReadonlySet<LogKind> {
  const named = level?.split(',') ?? []
  return level === undefined
    ? allLines.kinds
    : new Set(logKinds.filter((kind) => named.includes(kind)))
}
