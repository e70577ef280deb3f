import { useEffect, useRef, useState } from 'react'
import { messageOf } from '../../api-error.ts'

const pauseMs = 600

export interface Draft {
  text: string
  error: string | undefined
  onChange: (text: string) => void
  onBlur: () => void
  /** Takes it over now. */
  commit: () => void
}

/**
 * A field's text while it is typed: taken over after a pause, on Enter and when the field is left, and only once it is
 * valid. Otherwise the field follows `value`.
 */
export function useDraft(
  value: string,
  check: (text: string) => string | undefined,
  take: (text: string) => Promise<void>,
): Draft {
  const [draft, setDraft] = useState<string>()
  const [refusal, setRefusal] = useState<string>()
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const pending = useRef<string>(undefined)
  const latest = useRef({ value, check, take })
  useEffect(() => {
    latest.current = { value, check, take }
  })

  const commit = (): void => {
    clearTimeout(timer.current)
    const text = pending.current
    if (text === undefined) return
    const now = latest.current
    if (now.check(text) !== undefined) return
    pending.current = undefined
    if (text === now.value) return setDraft(undefined)
    now.take(text).then(
      () => {
        setRefusal(undefined)
        if (pending.current === undefined) setDraft(undefined)
      },
      (thrown: unknown) => setRefusal(messageOf(thrown)),
    )
  }
  const commitLatest = useRef(commit)
  useEffect(() => {
    commitLatest.current = commit
  })
  // Leaving for another server takes over what was typed.
  useEffect(() => () => commitLatest.current(), [])

  const error = draft === undefined ? undefined : (check(draft) ?? refusal)
  return {
    text: draft ?? value,
    error,
    onChange: (text) => {
      pending.current = text
      setDraft(text)
      setRefusal(undefined)
      clearTimeout(timer.current)
      timer.current = setTimeout(() => commitLatest.current(), pauseMs)
    },
    onBlur: commit,
    commit,
  }
}
