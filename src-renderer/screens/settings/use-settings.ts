import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { SettingsPatch } from '../../../src-shared/api.ts'
import { messageOf } from '../../api-error.ts'
import { keyOf, useGateway } from '../../queries.ts'

/** How it stands with one setting that is being saved. */
export type SaveState =
  { kind: 'idle' } | { kind: 'saving' } | { kind: 'saved' } | { kind: 'failed'; error: string }

const saidMs = 4000

/** Saves one setting at a time; each field has its own. `save` resolves to whether it was taken. */
export function useSave(): {
  state: SaveState
  save: (patch: SettingsPatch) => Promise<boolean>
} {
  const gateway = useGateway()
  const cache = useQueryClient()
  const [state, setState] = useState<SaveState>({ kind: 'idle' })
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const save = useCallback(
    async (patch: SettingsPatch) => {
      clearTimeout(timer.current)
      setState({ kind: 'saving' })
      try {
        cache.setQueryData(keyOf('settings.get', {}), await gateway.call('settings.set', patch))
      } catch (thrown) {
        setState({ kind: 'failed', error: messageOf(thrown) })
        return false
      }
      setState({ kind: 'saved' })
      timer.current = setTimeout(() => setState({ kind: 'idle' }), saidMs)
      return true
    },
    [gateway, cache],
  )
  return { state, save }
}
