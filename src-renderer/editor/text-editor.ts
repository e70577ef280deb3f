import { closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import {
  defaultKeymap,
  history,
  historyKeymap,
  indentWithTab,
  isolateHistory,
  undo,
} from '@codemirror/commands'
import { yaml } from '@codemirror/lang-yaml'
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  indentOnInput,
  indentUnit,
} from '@codemirror/language'
import {
  linter,
  lintGutter,
  nextDiagnostic,
  previousDiagnostic,
  setDiagnostics,
} from '@codemirror/lint'
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search'
import { EditorState, Transaction, type Text } from '@codemirror/state'
import {
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view'
import type { CatalogProblemView } from '../../src-shared/api.ts'
import { editorLook } from './editor-theme.ts'
import { entryMark, foldItems, markEntry } from './entry-lines.ts'
import { hangingIndent } from './hanging-indent.ts'
import { schemaHelp } from './schema-help.ts'
import type { SchemaNode } from './schema-node.ts'
import { textChanges, type TextChange } from './text-changes.ts'

interface TextEditorOptions {
  host: HTMLElement
  doc: Text
  /** Its name for readers. */
  label: string
  schema: () => SchemaNode
  /** After each change of the text, whoever made it. */
  onChange: (doc: Text) => void
  /** The person has moved the cursor to another line, from 1. */
  onLine: (line: number) => void
  /** Ctrl/Cmd+S. */
  onSave: () => void
}

/**
 * The catalog's text in CodeMirror. It lives in a shadow root, where CodeMirror's styles are constructed sheets, which
 * the CSP allows.
 */
export class TextEditor {
  readonly #view: EditorView
  #line = 1

  constructor(options: TextEditorOptions) {
    const { host, doc } = options
    const root = shadowOf(host)
    this.#view = new EditorView({
      root,
      parent: root,
      state: EditorState.create({ doc, extensions: this.#extensions(options) }),
    })
  }

  #extensions({ label, schema, onChange, onLine, onSave }: TextEditorOptions) {
    const save = { key: 'Mod-s', preventDefault: true, run: () => (onSave(), true) }
    const move = [
      { key: 'F8', run: nextDiagnostic },
      { key: 'Shift-F8', run: previousDiagnostic },
    ]
    return [
      lintGutter(),
      baseExtensions(label),
      linter(null),
      foldGutter(),
      foldItems,
      history(),
      drawSelection(),
      dropCursor(),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      highlightSelectionMatches(),
      search({ top: true }),
      entryMark,
      schemaHelp(schema),
      // Tab indents; Escape first, and it leaves the editor, as CodeMirror has it.
      keymap.of([
        save,
        ...move,
        ...closeBracketsKeymap,
        ...completionKeymap,
        ...searchKeymap,
        ...historyKeymap,
        ...foldKeymap,
        ...defaultKeymap,
        indentWithTab,
      ]),
      EditorView.updateListener.of(({ docChanged, selectionSet, state, transactions }) => {
        if (docChanged) onChange(state.doc)
        const { number } = state.doc.lineAt(state.selection.main.head)
        const isPerson = transactions.some(
          (one) => one.isUserEvent('select') || one.isUserEvent('input'),
        )
        const moved = number !== this.#line
        this.#line = number
        if (selectionSet && moved && isPerson) onLine(number)
      }),
    ]
  }

  get doc(): Text {
    return this.#view.state.doc
  }

  /** Makes the text another one in as few places as possible; cursor, folds and scrolling stay. */
  setText(text: string, { undoable }: { undoable: boolean }): void {
    this.apply(textChanges(this.#view.state.doc.toString(), text), { undoable })
  }

  apply(changes: readonly TextChange[], { undoable }: { undoable: boolean }): void {
    if (changes.length === 0) return
    this.#view.dispatch({
      changes,
      annotations: [Transaction.addToHistory.of(undoable), isolateHistory.of('full')],
    })
  }

  /** Underlines problems and marks their lines. */
  setProblems(problems: readonly CatalogProblemView[]): void {
    const { state } = this.#view
    const diagnostics = problems.map(({ message, line, column }) => ({
      ...rangeAt(state.doc, line, column),
      severity: 'error' as const,
      message,
    }))
    this.#view.dispatch(setDiagnostics(state, diagnostics))
  }

  /** Puts the cursor at a place, counted from 1, and shows it. */
  goTo(line: number, column = 1, { focus }: { focus: boolean }): void {
    const { doc } = this.#view.state
    const target = doc.line(Math.min(Math.max(line, 1), doc.lines))
    const anchor = Math.min(target.from + column - 1, target.to)
    this.#view.dispatch({
      selection: { anchor },
      effects: EditorView.scrollIntoView(anchor, { y: focus ? 'center' : 'start', yMargin: 24 }),
    })
    if (focus) this.#view.focus()
  }

  markLines(range: { fromLine: number; toLine: number } | null): void {
    this.#view.dispatch({ effects: markEntry.of(range) })
  }

  undo(): void {
    undo(this.#view)
  }

  focus(): void {
    this.#view.focus()
  }

  /** Looks again after its place was hidden. */
  measure(): void {
    this.#view.requestMeasure()
  }

  destroy(): void {
    this.#view.destroy()
  }
}

/** What every text of ours has, also one that is only read. */
export function baseExtensions(label: string) {
  return [
    // Also where a file has CR LF in some lines: they stay as they are.
    EditorState.lineSeparator.of('\n'),
    indentUnit.of('  '),
    yaml(),
    lineNumbers(),
    highlightSpecialChars(),
    hangingIndent,
    editorLook,
    EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
  ]
}

export function shadowOf(host: HTMLElement): ShadowRoot {
  return host.shadowRoot ?? host.attachShadow({ mode: 'open' })
}

/** From a problem's place to the end of its word. */
function rangeAt(doc: Text, line: number, column: number): { from: number; to: number } {
  const target = doc.line(Math.min(Math.max(line, 1), doc.lines))
  const from = Math.min(target.from + column - 1, target.to)
  const word = /^(?:[\w.$/-]+|\S)/.exec(target.text.slice(from - target.from))?.[0].length ?? 0
  if (word > 0) return { from, to: from + word }
  // At the end of a line there is nothing to underline but what stands before.
  return { from: Math.max(target.from, from - 1), to: from }
}
