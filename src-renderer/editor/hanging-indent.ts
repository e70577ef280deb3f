import { RangeSetBuilder, type Extension } from '@codemirror/state'
import { Decoration, EditorView, ViewPlugin, type DecorationSet } from '@codemirror/view'

/** Deeper ones hang as deep as this. */
const deepest = 24
/** What a line that is wrapped goes on with, to the right of its own beginning. */
const further = 2
/** Left of every line, in the editor's look. */
const padding = '6px'

const columns = Array.from({ length: deepest + 1 }, (_, column) => column)
const marks = columns.map((column) => Decoration.line({ class: `cm-hang-${column}` }))

/** By classes, since the CSP forbids style attributes. */
const rules = Object.fromEntries(
  columns.map((column) => [
    `.cm-line.cm-hang-${column}`,
    {
      textIndent: `-${column + further}ch`,
      paddingLeft: `calc(${padding} + ${column + further}ch)`,
    },
  ]),
)

/** Long lines are wrapped, and what is wrapped stands below their text, not below their indentation. */
export const hangingIndent: Extension = [
  EditorView.lineWrapping,
  EditorView.theme(rules),
  ViewPlugin.define(
    (view) => ({
      decorations: decorate(view),
      update({ docChanged, viewportChanged }) {
        if (docChanged || viewportChanged) this.decorations = decorate(view)
      },
    }),
    { decorations: ({ decorations }) => decorations },
  ),
]

function decorate({ state: { doc }, visibleRanges }: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>()
  let last = -1
  for (const { from, to } of visibleRanges) {
    for (let at = from; at <= to;) {
      const line = doc.lineAt(at)
      const indent = line.text.length - line.text.trimStart().length
      const mark = marks[Math.min(indent, deepest)]
      if (mark !== undefined && line.from > last) builder.add(line.from, line.from, mark)
      last = line.from
      at = line.to + 1
    }
  }
  return builder.finish()
}
