import { useSyncExternalStore } from 'react'

type Manner = 'polite' | 'assertive'

let said: Record<Manner, string> = { polite: '', assertive: '' }
const listeners = new Set<() => void>()

/** Tells readers: `polite` for changes of state, `assertive` for failures. Nothing is shown. */
export function announce(text: string, manner: Manner = 'polite'): void {
  // The same words again are said again: a live region speaks only when its text changes.
  said = { ...said, [manner]: text === said[manner] ? `${text}\u00a0` : text }
  for (const listener of listeners) listener()
}

/** The two live regions; once, in the shell. */
export function Announcer() {
  const now = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => said,
  )
  return (
    <div className="sr-only">
      <p role="status" aria-live="polite">
        {now.polite}
      </p>
      <p role="alert" aria-live="assertive">
        {now.assertive}
      </p>
    </div>
  )
}
