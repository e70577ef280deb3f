import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { ServerRow } from '../../src-shared/api-servers.ts'
import { shownState, type ShownState } from '../../src-shared/shown-state.ts'
import { announce } from '../components/announcer.tsx'
import { keyOf, useGateway } from '../queries.ts'
import { stateInWords } from '../state-words.ts'
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
    const known = new Map<string, ShownState>()
    const before = (id: string) => {
      const row = cache
        .getQueryData<ServerRow[]>(keyOf('servers.list', {}))
        ?.find((one) => one.id === id)
      return known.get(id) ?? (row && shownState(row))
    }
    const changed = new Map<string, string>()
    let timer: ReturnType<typeof setTimeout> | undefined
    const tell = () => {
      timer = undefined
      const sentences = [...changed.values()]
      changed.clear()
      announce(
        sentences.length <= 3
          ? sentences.join(' ')
          : `${counted(sentences.length, 'server')} changed state.`,
      )
    }
    const end = gateway.onEvent((event) => {
      if (event.type === 'connection' && !event.ok)
        announce('The gateway does not answer.', 'assertive')
      if (event.type !== 'server') return
      const { server } = event
      const state = shownState(server)
      const last = before(server.id)
      if (last === state) return
      known.set(server.id, state)
      const hasSignedIn = last === 'signing_in' && server.sign_in?.state === 'signed_in'
      const words = hasSignedIn ? 'signed in' : lowered(stateInWords(server))
      const sentence = `${server.display_name}: ${words}.`
      if (state === 'unhealthy') announce(sentence, 'assertive')
      else {
        changed.set(server.id, sentence)
        timer ??= setTimeout(tell, gatherMs)
      }
    })
    return () => {
      end()
      clearTimeout(timer)
    }
  }, [gateway, cache])
}

function lowered(words: string): string {
  return words.charAt(0).toLowerCase() + words.slice(1)
}
