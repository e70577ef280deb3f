import { useMemo } from 'react'
import { diffLines } from '../screens/activity/line-diff.ts'
import { cx } from './class-names.ts'

const around = 3

interface ShownLine {
  kind: 'same' | 'removed' | 'added' | 'gap'
  text: string
  /** In the text before, or after for what is added. */
  number: number
}

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
  return (
    <div
      role="region"
      aria-label={label}
      tabIndex={0}
      className="overflow-auto rounded border border-line bg-code py-1 font-mono text-sm leading-[18px]"
    >
      {lines.map((line, index) => (
        <div key={index} className={cx('flex min-w-fit whitespace-pre', grounds[line.kind])}>
          <span aria-hidden className="num w-10 shrink-0 pr-2 text-right text-muted select-none">
            {line.kind === 'gap' ? '' : line.number}
          </span>
          <span className="w-4 shrink-0 text-muted">
            {signs[line.kind]}
            <span className="sr-only">{words[line.kind]}</span>
          </span>
          <span className="pr-3">{line.text}</span>
        </div>
      ))}
    </div>
  )
}

const grounds = { same: '', removed: 'bg-bad-soft', added: 'bg-ok-soft', gap: 'text-muted' }
const signs = { same: '', removed: '−', added: '+', gap: '' }
const words = { same: '', removed: 'removed: ', added: 'added: ', gap: '' }

function shownLines(before: string, after: string): ShownLine[] {
  const all: ShownLine[] = []
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
