import { useEffect, useRef, useState } from 'react'
import { messageOf } from '../../api-error.ts'
import { announce } from '../../components/announcer.tsx'
import { useGateway } from '../../queries.ts'
import { durationInWords } from '../../words.ts'
import { newCallId } from '../server/call-id.ts'

export type ReplayState =
  | { kind: 'none' }
  | { kind: 'running'; startedAt: number; progress: string | undefined }
  | { kind: 'answered'; response: Record<string, unknown>; durationMs: number }
  | { kind: 'failed'; error: unknown }

/** Sends a kept request again, one at a time, with its progress and what cancels it. */
export function useReplay(id: number) {
  const gateway = useGateway()
  const [state, setState] = useState<ReplayState>({ kind: 'none' })
  const current = useRef<string>(undefined)

  useEffect(
    () =>
      gateway.onEvent((event) => {
        if (event.type !== 'call_progress' || event.call_id !== current.current) return
        const { progress, total, message } = event
        const figure = total === null ? String(progress) : `${progress} of ${total}`
        const words = message === null ? figure : `${message} (${figure})`
        setState((old) => (old.kind === 'running' ? { ...old, progress: words } : old))
      }),
    [gateway],
  )
  const cancel = () => {
    const callId = current.current
    // What it ends with comes as the answer; if the gateway is gone, that says so as well.
    if (callId !== undefined) gateway.call('server.cancel', { call_id: callId }).catch(() => {})
  }
  const send = async () => {
    const callId = newCallId()
    current.current = callId
    setState({ kind: 'running', startedAt: Date.now(), progress: undefined })
    try {
      const answer = await gateway.call('activity.replay', { id, call_id: callId })
      setState({ kind: 'answered', response: answer.response, durationMs: answer.duration_ms })
      announce(`Answered in ${durationInWords(answer.duration_ms)}.`)
    } catch (error) {
      setState({ kind: 'failed', error })
      announce(messageOf(error), 'assertive')
    }
  }
  return { state, send, cancel }
}
