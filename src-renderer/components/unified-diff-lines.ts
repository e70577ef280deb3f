import type { DiffLine } from './diff-lines.tsx'

/** The lines of a unified diff with their numbers; its headers are left out, and what it leaves out is a gap. */
export function linesOf(diff: string): DiffLine[] {
  const lines: DiffLine[] = []
  let old = 0
  let fresh = 0
  let isInHunk = false
  for (const text of diff.split('\n')) {
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(text)
    if (hunk !== null) {
      // Numbers of an empty text begin at 0.
      old = Math.max(1, Number(hunk[1]))
      fresh = Math.max(1, Number(hunk[2]))
      if (isInHunk || old > 1) lines.push({ kind: 'gap', text: '⋯', number: 0 })
      isInHunk = true
    } else if (!isInHunk) continue
    else if (text.startsWith('-')) lines.push(line('removed', text, old++))
    else if (text.startsWith('+')) lines.push(line('added', text, fresh++))
    else if (text.startsWith(' ')) {
      lines.push(line('same', text, old++))
      fresh++
    }
    // "\ No newline at end of file" says what no reader of a client's settings needs.
  }
  return lines
}

function line(kind: DiffLine['kind'], text: string, number: number): DiffLine {
  return { kind, text: text.slice(1), number }
}
