import { MergeView, unifiedMergeView } from '@codemirror/merge'
import { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { baseExtensions, shadowOf } from './text-editor.ts'

interface DiffOptions {
  host: HTMLElement
  before: { label: string; text: string }
  after: { label: string; text: string }
  /** Beside each other; else one text with what goes and what comes in it. */
  sideBySide: boolean
}

/** Shows how two texts differ, to read; what is the same is folded. Returns what takes it away. */
export function showDiff({ host, before, after, sideBySide }: DiffOptions): () => void {
  const root = shadowOf(host)
  const collapse = { margin: 3, minSize: 5 }
  const extensions = (label: string) => [
    baseExtensions(label),
    EditorState.readOnly.of(true),
    EditorView.editable.of(false),
  ]
  if (sideBySide) {
    const view = new MergeView({
      a: { doc: before.text, extensions: extensions(before.label) },
      b: { doc: after.text, extensions: extensions(after.label) },
      root,
      parent: root,
      collapseUnchanged: collapse,
      diffConfig: { scanLimit: 2000 },
    })
    return () => view.destroy()
  }
  const view = new EditorView({
    root,
    parent: root,
    doc: after.text,
    extensions: [
      extensions(after.label),
      unifiedMergeView({
        original: before.text,
        mergeControls: false,
        collapseUnchanged: collapse,
        diffConfig: { scanLimit: 2000 },
      }),
    ],
  })
  return () => view.destroy()
}
