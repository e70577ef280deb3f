import {
  autocompletion,
  pickedCompletion,
  startCompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete'
import type { Extension } from '@codemirror/state'
import { hoverTooltip, type EditorView } from '@codemirror/view'
import { briefly, catalogOptions, keyAt, type CatalogOption } from './catalog-completion.ts'
import type { SchemaNode } from './schema-node.ts'

/** Completion and hover help from the catalog's schema. */
export function schemaHelp(schema: () => SchemaNode): Extension {
  return [
    autocompletion({
      override: [(context) => complete(context, schema())],
      icons: false,
      activateOnCompletion: () => false,
    }),
    hoverTooltip(
      (view, place) => {
        const found = keyAt(view.state.doc, place, schema())
        if (found?.node.description === undefined) return null
        const { name, node, from, to } = found
        return { pos: from, end: to, above: true, create: () => ({ dom: helpFor(name, node) }) }
      },
      { hoverTime: 350 },
    ),
  ]
}

function complete(context: CompletionContext, schema: SchemaNode): CompletionResult | null {
  const { state, pos, explicit } = context
  const found = catalogOptions(state.doc, pos, schema)
  if (found === undefined) return null
  // Typing a space or a line break asks for nothing; typing a word does.
  const isWord = pos > found.from || state.sliceDoc(pos - 2, pos) === '${'
  if (!explicit && !isWord) return null
  return {
    from: found.from,
    options: found.options.map((option) => completionOf(option, found.to - pos)),
    validFor: /^[\w.$ {-]*$/,
  }
}

/** `behind`: so many characters behind the cursor belong to the word that is replaced. */
function completionOf(option: CatalogOption, behind: number): Completion {
  return {
    label: option.label,
    detail: option.detail,
    boost: option.boost,
    ...(option.info === '' ? {} : { info: () => proseOf(option.info) }),
    apply: (view: EditorView, completion, from, to) => {
      const mark = option.insert.indexOf('|')
      const insert = option.insert.replace('|', '')
      view.dispatch({
        changes: { from, to: to + behind, insert },
        selection: { anchor: from + (mark === -1 ? insert.length : mark) },
        userEvent: 'input.complete',
        annotations: pickedCompletion.of(completion),
        scrollIntoView: true,
      })
      // A key's values, or a map's keys, are what comes next.
      if (option.kind === 'key') startCompletion(view)
    },
  }
}

function helpFor(name: string, node: SchemaNode): HTMLElement {
  const box = document.createElement('div')
  box.className = 'cm-hover'
  const head = box.appendChild(document.createElement('div'))
  head.appendChild(document.createElement('strong')).textContent = name
  const kind = head.appendChild(document.createElement('span'))
  kind.className = 'cm-kind'
  kind.textContent = briefly(node)
  box.appendChild(proseOf(node.description ?? ''))
  return box
}

/** Text with `code` spans. */
function proseOf(text: string): HTMLElement {
  const prose = document.createElement('div')
  text.split('`').forEach((part, index) => {
    if (index % 2 === 0) prose.append(part)
    else prose.appendChild(document.createElement('code')).textContent = part
  })
  return prose
}
