import { useMemo } from 'react'
import { diffLines } from '../screens/activity/line-diff.ts'
import { DiffLines, type DiffLine } from './diff-lines.tsx'

const around = 3

/** Two texts, line by line: what goes, what comes, and three lines around it. */
export function TextDiff({
  label,
  before,
  after,
}: {
  label: string
  before: string
  after: string
}) {
  const lines = useMemo(() => shownLines(before, after), [before, after])
  return <DiffLines label={label} lines={lines} />
}

function shownLines(before: string, after: string): DiffLine[] {
  const all: DiffLine[] = []
  let old = 0
  let fresh = 0
  for (const { kind, lines } of diffLines(before.split('\n'), after.split('\n')))
    for (const text of lines) {
      if (kind !== 'added') old += 1
      if (kind !== 'removed') fresh += 1
      all.push({ kind, text, number: kind === 'added' ? fresh : old })
    }
  const near = new Set<number>()
  all.forEach(({ kind }, index) => {
    if (kind === 'same') return
    for (let at = index - around; at <= index + around; at += 1) near.add(at)
  })
  return all.flatMap((line, index) => {
    if (near.has(index)) return [line]
    // One line stands for all that is left out.
    return index === 0 || near.has(index - 1) ? [{ kind: 'gap', text: '⋯', number: 0 }] : []
  })
}
