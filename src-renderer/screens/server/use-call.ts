import { useEffect, useRef, useState } from 'react'
import { announce } from '../../components/announcer.tsx'
import { messageOf } from '../../api-error.ts'
import { useGateway } from '../../queries.ts'
import { durationInWords } from '../../words.ts'
import { newCallId } from './call-id.ts'

export interface CallProgress {
  progress: number
  total: number | null
  message: string | null
}

export type CallState =
  | { kind: 'none' }
  | { kind: 'running'; callId: string; startedAt: number; progress: CallProgress | undefined }
  | { kind: 'answered'; response: Record<string, unknown>; durationMs: number }
  | { kind: 'failed'; error: unknown }

/** One request to a server at a time, with its progress, and what cancels it. */
export function useCall(id: string) {
  const gateway = useGateway()
  const [state, setState] = useState<CallState>({ kind: 'none' })
  const current = useRef<string>(undefined)

  useEffect(
    () =>
      gateway.onEvent((event) => {
        if (event.type !== 'call_progress' || event.call_id !== current.current) return
        const { progress, total, message } = event
        setState((old) =>
          old.kind === 'running' ? { ...old, progress: { progress, total, message } } : old,
        )
      }),
    [gateway],
  )

  const send = async (method: string, params: Record<string, unknown>) => {
    const callId = newCallId()
    current.current = callId
    setState({ kind: 'running', callId, startedAt: Date.now(), progress: undefined })
    try {
      const answer = await gateway.call('server.call', { id, call_id: callId, method, params })
      if (current.current !== callId) return
      setState({ kind: 'answered', response: answer.response, durationMs: answer.duration_ms })
      announce(`Answered in ${durationInWords(answer.duration_ms)}.`)
    } catch (thrown) {
      if (current.current !== callId) return
      setState({ kind: 'failed', error: thrown })
      announce(messageOf(thrown), 'assertive')
    }
  }
  const cancel = () => {
    const callId = current.current
    // What it ends with comes as the answer; if the gateway is gone, that says so as well.
    if (callId !== undefined) gateway.call('server.cancel', { call_id: callId }).catch(() => {})
  }
  return { state, send, cancel }
}
