import { foldService } from '@codemirror/language'
import { RangeSetBuilder, StateEffect, StateField, type EditorState } from '@codemirror/state'
import { Decoration, EditorView, type DecorationSet } from '@codemirror/view'
import { readYamlLine } from './yaml-line.ts'

/** First and last line of the chosen server, from 1; null for none. */
export const markEntry = StateEffect.define<{ fromLine: number; toLine: number } | null>()

const line = Decoration.line({ class: 'cm-entry' })

/** A bar beside the lines of the chosen server. */
export const entryMark = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(markEntry)) return linesOf(transaction.state, effect.value)
    }
    return marks.map(transaction.changes)
  },
  provide: (field) => EditorView.decorations.from(field),
})

function linesOf(
  { doc }: EditorState,
  range: { fromLine: number; toLine: number } | null,
): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>()
  const last = Math.min(range?.toLine ?? 0, doc.lines)
  for (let number = range?.fromLine ?? 1; number <= last; number++) {
    const { from } = doc.line(number)
    builder.add(from, from, line)
  }
  return builder.finish()
}

/** An item of a list folds to its first line: `- id: postgres …`. */
export const foldItems = foldService.of((state, start) => {
  const { doc } = state
  const first = doc.lineAt(start)
  const [dash] = readYamlLine(first.text).dashes
  if (dash === undefined) return null
  let end = first.to
  for (let number = first.number + 1; number <= doc.lines; number++) {
    const below = doc.line(number)
    const read = readYamlLine(below.text)
    if (read.kind === 'blank' && (below.text.trim() === '' || read.column <= dash)) continue
    if ((read.dashes[0] ?? read.column) <= dash) break
    end = below.to
  }
  return end > first.to ? { from: first.to, to: end } : null
})
