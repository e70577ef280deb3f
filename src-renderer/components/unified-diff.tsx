import { useMemo } from 'react'
import { DiffLines } from './diff-lines.tsx'
import { linesOf } from './unified-diff-lines.ts'

/** A unified diff as lines with their numbers. Its headers are left out; what it leaves out is a gap. */
export function UnifiedDiff({ label, diff }: { label: string; diff: string }) {
  const lines = useMemo(() => linesOf(diff), [diff])
  return <DiffLines label={label} lines={lines} />
}
