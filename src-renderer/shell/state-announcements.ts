import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { statusMarks } from '../../src-shared/action-words.ts'
import type { ServerRow } from '../../src-shared/api-servers.ts'
import { announce } from '../components/announcer.tsx'
import { keyOf, useGateway } from '../queries.ts'
import { counted } from '../words.ts'

const gatherMs = 700

/**
 * Tells readers which servers have changed their state: failures at once and assertively, the rest gathered for a
 * moment, and as a number when they are many.
 */
export function useStateAnnouncements(): void {
  const gateway = useGateway()
  const cache = useQueryClient()
  useEffect(() => {
    const known = new Map<string, ServerRow['status']>()
    const before = (id: string) =>
      known.get(id) ??
      cache.getQueryData<ServerRow[]>(keyOf('servers.list', {}))?.find((row) => row.id === id)
        ?.status
    const changed = new Map<string, ServerRow>()
    let timer: ReturnType<typeof setTimeout> | undefined
    const tell = () => {
      timer = undefined
      const rows = [...changed.values()]
      changed.clear()
      announce(
        rows.length <= 3
          ? rows.map((row) => `${row.display_name}: ${wordOf(row)}.`).join(' ')
          : `${counted(rows.length, 'server')} changed state.`,
      )
    }
    const end = gateway.onEvent((event) => {
      if (event.type === 'connection' && !event.ok)
        announce('The gateway does not answer.', 'assertive')
      if (event.type !== 'server') return
      const { server } = event
      if (before(server.id) === server.status) return
      known.set(server.id, server.status)
      if (server.status === 'unhealthy')
        announce(`${server.display_name}: ${wordOf(server)}.`, 'assertive')
      else {
        changed.set(server.id, server)
        timer ??= setTimeout(tell, gatherMs)
      }
    })
    return () => {
      end()
      clearTimeout(timer)
    }
  }, [gateway, cache])
}

function wordOf(row: ServerRow): string {
  const word = statusMarks[row.status].word.toLowerCase()
  return row.reason === '' ? word : `${word}, ${row.reason}`
}
