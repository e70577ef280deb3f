import { useEffect, useRef, useSyncExternalStore } from 'react'
import { showDiff } from '../../editor/diff-view.ts'

const wide = window.matchMedia('(min-width: 960px)')

/** Whether there is room for two texts beside each other. */
export function useIsWide(): boolean {
  return useSyncExternalStore(
    (listener) => {
      wide.addEventListener('change', listener)
      return () => wide.removeEventListener('change', listener)
    },
    () => wide.matches,
  )
}

interface DiffPaneProps {
  before: { label: string; text: string }
  after: { label: string; text: string }
}

/** Two texts beside each other, or as one in a narrow window. */
export function DiffPane({ before, after }: DiffPaneProps) {
  const host = useRef<HTMLDivElement>(null)
  const sideBySide = useIsWide()
  const [beforeLabel, beforeText] = [before.label, before.text]
  const [afterLabel, afterText] = [after.label, after.text]
  useEffect(() => {
    if (host.current === null) return undefined
    return showDiff({
      host: host.current,
      before: { label: beforeLabel, text: beforeText },
      after: { label: afterLabel, text: afterText },
      sideBySide,
    })
  }, [beforeLabel, beforeText, afterLabel, afterText, sideBySide])
  return (
    <div className="flex min-h-0 flex-col overflow-hidden rounded border border-line">
      {sideBySide && (
        <div className="grid grid-cols-2 border-b border-line text-sm text-muted">
          <span className="border-r border-line px-3 py-1">{beforeLabel}</span>
          <span className="px-3 py-1">{afterLabel}</span>
        </div>
      )}
      <div ref={host} className="max-h-[46vh] min-h-24 overflow-auto" />
    </div>
  )
}
