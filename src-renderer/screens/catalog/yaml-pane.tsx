import { ChevronUp, CircleCheck } from 'lucide-react'
import { useEffect, useEffectEvent, useRef, useState } from 'react'
import type { CatalogProblemView } from '../../../src-shared/api.ts'
import { announce } from '../../components/announcer.tsx'
import { cx } from '../../components/class-names.ts'
import type { SchemaNode } from '../../editor/schema-node.ts'
import { TextEditor } from '../../editor/text-editor.ts'
import { counted } from '../../words.ts'
import type { CatalogDocument, CatalogSnapshot } from './catalog-document.ts'

interface YamlPaneProps {
  document: CatalogDocument
  now: CatalogSnapshot
  schema: SchemaNode
  /** Lines of the chosen server, as `3-9`; empty for none. */
  chosenLines: string
  onLine: (line: number) => void
  onSave: () => void
  /** The editor, once it stands; undefined when it goes. */
  onEditor: (editor: TextEditor | undefined) => void
}

/** The text, and what is wrong with it as a list below. */
export function YamlPane(props: YamlPaneProps) {
  const { document, now, schema, chosenLines, onLine, onSave, onEditor } = props
  const host = useRef<HTMLDivElement>(null)
  const [editor, setEditor] = useState<TextEditor>()
  const latestSchema = useRef(schema)
  useEffect(() => {
    latestSchema.current = schema
  }, [schema])

  const lineMoved = useEffectEvent(onLine)
  const saveAsked = useEffectEvent(onSave)
  const editorStands = useEffectEvent(onEditor)
  useEffect(() => {
    if (host.current === null) return
    const made = new TextEditor({
      host: host.current,
      doc: document.snapshot().doc,
      label: 'catalog.yaml',
      schema: () => latestSchema.current,
      onChange: (doc) => document.edited(doc),
      onLine: (line) => lineMoved(line),
      onSave: () => saveAsked(),
    })
    document.attach(made)
    setEditor(made)
    editorStands(made)
    return () => {
      document.attach(undefined)
      setEditor(undefined)
      editorStands(undefined)
      made.destroy()
    }
  }, [document])

  useEffect(() => {
    if (now.fresh) editor?.setProblems(now.problems)
  }, [editor, now.problems, now.fresh])

  useEffect(() => {
    const [from = 0, to = 0] = chosenLines.split('-').map(Number)
    editor?.markLines(from > 0 ? { fromLine: from, toLine: to } : null)
  }, [editor, chosenLines])

  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div ref={host} className="min-h-0 min-w-0 flex-1 overflow-hidden" />
      <ProblemList now={now} onGo={(line, column) => editor?.goTo(line, column, { focus: true })} />
    </div>
  )
}

interface ProblemListProps {
  now: CatalogSnapshot
  onGo: (line: number, column: number) => void
}

/**
 * The problems by line; Enter or a click goes there. One line high until it is opened, so that the text above does not
 * move while it is typed.
 */
function ProblemList({ now, onGo }: ProblemListProps) {
  const [open, setOpen] = useState(false)
  const { problems } = now
  const isOpen = open && problems.length > 1
  const said = useRef(0)
  useEffect(() => {
    if (!now.fresh || said.current === problems.length) return
    said.current = problems.length
    announce(problems.length === 0 ? 'No problems' : counted(problems.length, 'problem'))
  }, [now.fresh, problems])
  if (problems.length === 0) {
    return (
      <p className="flex h-8 shrink-0 items-center gap-1.5 border-t border-line px-3 text-sm text-muted">
        <CircleCheck size={14} aria-hidden className="text-ok" />
        No problems
      </p>
    )
  }
  const [first] = problems
  return (
    <section aria-label="Problems" className="shrink-0 border-t border-line">
      <div className="flex h-8 items-center gap-1 pr-2 pl-1">
        <button
          type="button"
          aria-expanded={open}
          disabled={problems.length === 1}
          onClick={() => setOpen(!open)}
          className="flex h-6 shrink-0 items-center gap-1.5 rounded px-2 text-sm font-medium enabled:hover:bg-hover"
        >
          <span aria-hidden className="text-xs text-bad">
            ▲
          </span>
          <span className="num">{counted(problems.length, 'problem')}</span>
          {problems.length > 1 && (
            <ChevronUp
              size={14}
              aria-hidden
              className={cx(
                'text-muted transition-transform duration-[120ms]',
                isOpen && 'rotate-180',
              )}
            />
          )}
        </button>
        {!isOpen && first !== undefined && <ProblemButton problem={first} onGo={onGo} oneLine />}
      </div>
      {isOpen && (
        <ul className="relative max-h-36 overflow-auto pb-1.5">
          {problems.map((problem, index) => (
            <li key={index} className="flex px-1">
              <ProblemButton problem={problem} onGo={onGo} />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

interface ProblemButtonProps {
  problem: CatalogProblemView
  onGo: (line: number, column: number) => void
  oneLine?: boolean
}

function ProblemButton({ problem, onGo, oneLine = false }: ProblemButtonProps) {
  const { message, line, column } = problem
  return (
    <button
      type="button"
      title={oneLine ? message : undefined}
      onClick={() => onGo(line, column)}
      className="flex min-w-0 flex-1 items-baseline gap-2 rounded px-2 py-0.5 text-left text-sm hover:bg-hover"
    >
      <span className="num min-w-10 shrink-0 text-muted">
        <span className="sr-only">Line </span>
        {line}:{column}
      </span>
      <span className={oneLine ? 'truncate' : 'min-w-0 wrap-anywhere'}>{message}</span>
    </button>
  )
}
