import { Plus } from 'lucide-react'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useEffectEvent, useState, type DragEvent } from 'react'
import { flushSync } from 'react-dom'
import { actionWords } from '../../../src-shared/action-words.ts'
import { Button } from '../../components/button.tsx'
import { cx } from '../../components/class-names.ts'
import { PageHeader } from '../../components/page-header.tsx'
import { notify } from '../../components/toast.tsx'
import type { SchemaNode } from '../../editor/schema-node.ts'
import type { TextEditor } from '../../editor/text-editor.ts'
import { AddDialog } from './add-dialog.tsx'
import type { CatalogDocument, CatalogSnapshot } from './catalog-document.ts'
import { Conflict } from './conflict.tsx'
import { useIsWide } from './diff-pane.tsx'
import { FormPane } from './form-pane.tsx'
import { LeaveDialog } from './leave-dialog.tsx'
import { PaneTabs, type Pane } from './pane-tabs.tsx'
import { SaveDialog } from './save-dialog.tsx'
import { saveAndTell, saveObstacle } from './saving.ts'
import { useChosenServer } from './use-chosen-server.ts'
import { YamlPane } from './yaml-pane.tsx'

interface WorkbenchProps {
  document: CatalogDocument
  now: CatalogSnapshot
  schema: SchemaNode
}

/** Form and text beside each other, and what is done with them as a whole. */
export function CatalogWorkbench({ document, now, schema }: WorkbenchProps) {
  const [editor, setEditor] = useState<TextEditor>()
  const [dialog, setDialog] = useState<'save' | 'add'>()
  const [dropped, setDropped] = useState('')
  const [pane, setPane] = useState<Pane>('form')
  const isWide = useIsWide()
  const { chosen, visit, lines, choose, followLine } = useChosenServer(now, editor)
  const obstacle = saveObstacle(now)

  const goTo = (line: number, column: number): void => {
    flushSync(() => setPane('yaml'))
    followLine(line)
    editor?.goTo(line, column, { focus: true })
  }

  const askToSave = async (): Promise<void> => {
    // What is still being typed into a field belongs to it.
    const focused = window.document.activeElement
    if (focused instanceof HTMLInputElement || focused instanceof HTMLTextAreaElement) {
      focused.blur()
      focused.focus()
    }
    await document.settled()
    const latest = document.snapshot()
    const why = saveObstacle(latest)
    if (why !== undefined) {
      return notify({ title: 'The catalog cannot be saved yet', description: why, failure: true })
    }
    if (latest.dirty) setDialog('save')
    else notify({ title: 'There is nothing to save' })
  }

  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 's') return
    if (event.defaultPrevented || event.shiftKey || event.altKey) return
    event.preventDefault()
    if (dialog === undefined) void askToSave()
  })
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => onKey(event)
    window.addEventListener('keydown', listener)
    return () => window.removeEventListener('keydown', listener)
  }, [])

  useDeepLink(editor, {
    onAdd: () => setDialog('add'),
    onLine: (line) => goTo(line, 1),
    onServer: (id) => {
      const index = now.entries.findIndex((one) => one.id === id)
      if (index === -1) notify({ title: `There is no server '${id}' in the catalog` })
      else choose(index)
    },
  })

  return (
    <div
      className="flex min-h-0 flex-1 flex-col"
      onDragOver={(event) => {
        if (isTextDrop(event)) event.preventDefault()
      }}
      onDrop={(event) => {
        if (!isTextDrop(event)) return
        event.preventDefault()
        setDropped(event.dataTransfer.getData('text/plain'))
        setDialog('add')
      }}
    >
      <PageHeader
        title="Catalog"
        aside={<Aside now={now} />}
        actions={
          <>
            {now.dirty && now.theirs === undefined && (
              <Button
                kind="quiet"
                onClick={() => {
                  document.revert()
                  notify({
                    title: 'Changes discarded',
                    action: { label: 'Undo', run: () => editor?.undo() },
                  })
                }}
              >
                Discard
              </Button>
            )}
            <Button icon={Plus} onClick={() => setDialog('add')}>
              {actionWords.addServer}
            </Button>
            <Button
              kind="primary"
              title={obstacle}
              disabled={!now.dirty || obstacle !== undefined}
              onClick={() => void askToSave()}
            >
              Save
            </Button>
          </>
        }
      />
      {now.theirs !== undefined && <Conflict document={document} now={now} theirs={now.theirs} />}
      {!isWide && <PaneTabs value={pane} onChange={setPane} problems={now.problems.length} />}
      <div className="flex min-h-0 min-w-0 flex-1">
        <div
          {...paneProps('form', isWide, pane)}
          className={paneLook(isWide || pane === 'form', 6)}
        >
          <FormPane
            document={document}
            now={now}
            schema={schema}
            chosen={chosen}
            visit={visit}
            onChoose={choose}
            onProblem={({ line, column }) => goTo(line, column)}
            onUndo={() => editor?.undo()}
            onAdd={() => setDialog('add')}
          />
        </div>
        <div
          {...paneProps('yaml', isWide, pane)}
          className={cx(paneLook(isWide || pane === 'yaml', 5), isWide && 'border-l border-line')}
        >
          <YamlPane
            document={document}
            now={now}
            schema={schema}
            chosenLines={lines}
            onLine={followLine}
            onSave={() => void askToSave()}
            onEditor={setEditor}
          />
        </div>
      </div>
      {dialog === 'save' && (
        <SaveDialog
          now={now}
          onClose={() => setDialog(undefined)}
          onSave={() => saveAndTell(document)}
        />
      )}
      {dialog === 'add' && (
        <AddDialog
          schema={schema.properties.get('servers')?.items ?? schema}
          takenIds={now.entries.map(({ id }) => id)}
          dropped={dropped}
          onClose={() => {
            setDialog(undefined)
            setDropped('')
          }}
          onAdd={async (entries) => {
            const first = document.snapshot().entries.length
            await document.edit(entries.map((entry) => ({ op: 'add', entry })))
            choose(first)
          }}
        />
      )}
      <LeaveDialog dirty={now.dirty} onSave={() => void askToSave()} />
    </div>
  )
}

function Aside({ now }: { now: CatalogSnapshot }) {
  return (
    <span className="flex items-baseline gap-2.5">
      <span className="inline-block max-w-[24vw] truncate text-sm" title={now.path}>
        {now.path}
      </span>
      {now.dirty && <span className="text-sm whitespace-nowrap text-accent">● Not saved</span>}
    </span>
  )
}

function paneProps(name: Pane, isWide: boolean, shown: Pane) {
  return {
    id: `catalog-${name}`,
    hidden: !isWide && shown !== name,
    ...(isWide
      ? { role: 'region', 'aria-label': name === 'form' ? 'Form' : 'YAML' }
      : { role: 'tabpanel', 'aria-labelledby': `catalog-${name}-tab` }),
  }
}

function paneLook(isShown: boolean, share: 5 | 6): string {
  return cx(
    'min-h-0 min-w-0 flex-col basis-0',
    isShown ? 'flex' : 'hidden',
    share === 6 ? 'grow-6' : 'grow-5',
  )
}

/** Text that is dropped anywhere but into the editor, which takes it itself. */
function isTextDrop(event: DragEvent): boolean {
  const isEditor = event.target instanceof Element && event.target.shadowRoot !== null
  return !isEditor && event.dataTransfer.types.includes('text/plain')
}

interface LinkActs {
  onAdd: () => void
  onLine: (line: number) => void
  onServer: (id: string) => void
}

/** `?add=1`, `?line=9`, `?server=id`: done once, and gone from the address. */
function useDeepLink(editor: TextEditor | undefined, acts: LinkActs): void {
  const { add, line, server } = useSearch({ from: '/catalog' })
  const navigate = useNavigate()
  const follow = useEffectEvent(() => {
    if (add !== undefined) acts.onAdd()
    if (server !== undefined) acts.onServer(server)
    if (line !== undefined) acts.onLine(Number(line) || 1)
  })
  useEffect(() => {
    if (editor === undefined || (add ?? line ?? server) === undefined) return
    follow()
    void navigate({ to: '/catalog', search: {}, replace: true })
  }, [editor, add, line, server, navigate])
}
