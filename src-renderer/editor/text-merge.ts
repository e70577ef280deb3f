import { diffLines } from '../screens/activity/line-diff.ts'

/** Lines `from` to `to` (without) of the text before become `lines`. */
interface Hunk {
  from: number
  to: number
  lines: readonly string[]
}

/**
 * What two people made of one text, as one text; undefined where both changed the same lines, or lines that touch:
 * then a person has to decide. What both changed alike is changed once.
 */
export function mergeTexts(base: string, mine: string, theirs: string): string | undefined {
  const lines = base.split('\n')
  const hunks = mergeHunks(hunksOf(lines, mine), hunksOf(lines, theirs))
  if (hunks === undefined) return undefined
  const merged: string[] = []
  let at = 0
  for (const hunk of hunks) {
    merged.push(...lines.slice(at, hunk.from), ...hunk.lines)
    at = hunk.to
  }
  return [...merged, ...lines.slice(at)].join('\n')
}

function hunksOf(base: readonly string[], other: string): Hunk[] {
  const hunks: Hunk[] = []
  let at = 0
  let open: { from: number; to: number; lines: string[] } | undefined
  for (const { kind, lines } of diffLines(base, other.split('\n'))) {
    if (kind === 'same') {
      open = undefined
      at += lines.length
      continue
    }
    if (open === undefined) {
      open = { from: at, to: at, lines: [] }
      hunks.push(open)
    }
    if (kind === 'added') open.lines.push(...lines)
    else open.to = at += lines.length
  }
  return hunks
}

function mergeHunks(mine: readonly Hunk[], theirs: readonly Hunk[]): Hunk[] | undefined {
  const fresh = theirs.filter((hunk) => !mine.some((own) => isSame(own, hunk)))
  const all = [...mine, ...fresh].toSorted((a, b) => a.from - b.from || a.to - b.to)
  const clash = all.some((hunk, index) => {
    const before = all[index - 1]
    return before !== undefined && before.to >= hunk.from
  })
  return clash ? undefined : all
}

function isSame(a: Hunk, b: Hunk): boolean {
  return (
    a.from === b.from &&
    a.to === b.to &&
    a.lines.length === b.lines.length &&
    a.lines.every((line, index) => line === b.lines[index])
  )
}
