import { Logs, SearchX } from 'lucide-react'
import { Button } from '../../components/button.tsx'
import { EmptyState, ErrorState } from '../../components/states.tsx'
import { rowHeight } from './log-list.tsx'
import type { LogStore } from './log-store.ts'

interface LogsStateProps {
  store: LogStore
  /** Lines are there, but none of them passes. */
  isNarrowed: boolean
  onReset: () => void
}

/** What stands in the place of lines. */
export function LogsState({ store, isNarrowed, onReset }: LogsStateProps) {
  if (store.state === 'loading') return <SkeletonLines />
  if (store.state === 'failed')
    return (
      <ErrorState
        title="The logs could not be read."
        error={store.problem}
        onRetry={() => void store.load()}
      />
    )
  if (isNarrowed && store.buffer.ring.size > 0)
    return (
      <EmptyState
        icon={SearchX}
        title="No line matches."
        action={<Button onClick={onReset}>Show all lines</Button>}
      />
    )
  return (
    <EmptyState icon={Logs} title="No lines yet.">
      What servers print to stderr, and what happens to them, shows here as it comes.
    </EmptyState>
  )
}

function SkeletonLines() {
  return (
    <div role="status" aria-label="Loading" className="py-1">
      {Array.from({ length: 18 }, (_, index) => (
        <div key={index} className="flex items-center gap-3 px-5" style={{ height: rowHeight }}>
          <span className="skeleton h-2.5 w-20" />
          <span className="skeleton h-2.5 w-24" />
          <span className="skeleton h-2.5 w-14" />
          <span className="skeleton h-2.5" style={{ width: `${20 + ((index * 17) % 38)}%` }} />
        </div>
      ))}
    </div>
  )
}
