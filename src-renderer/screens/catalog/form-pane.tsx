import { LibraryBig, Plus } from 'lucide-react'
import { useMemo } from 'react'
import type { CatalogProblemView } from '../../../src-shared/api.ts'
import { canonicalJson } from '../../../src-shared/json-record.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { SplitView } from '../../components/split-view.tsx'
import { EmptyState } from '../../components/states.tsx'
import { notify, notifyFailure } from '../../components/toast.tsx'
import type { SchemaNode } from '../../editor/schema-node.ts'
import type { CatalogDocument, CatalogSnapshot } from './catalog-document.ts'
import { EntryFormView } from './entry-form.tsx'
import { EntryList, type ListedServer } from './entry-list.tsx'
import { freeId } from './new-id.ts'
import { useLate } from './use-late.ts'

interface FormPaneProps {
  document: CatalogDocument
  now: CatalogSnapshot
  schema: SchemaNode
  /** Index of the chosen server; undefined for none. */
  chosen: number | undefined
  /** Another for each choice: fields begin anew with it. */
  visit: number
  onChoose: (index: number | undefined) => void
  onProblem: (problem: CatalogProblemView) => void
  onUndo: () => void
  onAdd: () => void
}

/** The text's servers as a list, and the chosen one as a form. */
export function FormPane(props: FormPaneProps) {
  const { document, now, schema, chosen, visit, onChoose, onProblem, onUndo, onAdd } = props
  const { entries, problems, saved } = now
  // A key that is half typed makes a text unreadable for a moment: only what stays so is worth a word.
  const readable = !useLate(!now.readable)
  const listed = useMemo(
    () => listServers(entries, problems, saved.entries),
    [entries, problems, saved.entries],
  )
  const serverSchema = schema.properties.get('servers')?.items ?? schema
  const server = chosen === undefined ? undefined : entries[chosen]
  const index = server === undefined ? undefined : chosen

  if (entries.length === 0) {
    return (
      <div className="flex min-h-0 flex-1 flex-col">
        <EmptyState
          icon={LibraryBig}
          title="No servers yet. Paste an mcpServers snippet or pick a template."
          action={
            <Button icon={Plus} onClick={onAdd} disabled={!readable}>
              Add server
            </Button>
          }
        />
        {!readable && <Unreadable now={now} onProblem={onProblem} />}
      </div>
    )
  }

  const isFindable =
    server !== undefined &&
    server.id !== '' &&
    entries.filter(({ id }) => id === server.id).length === 1
  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      <SplitView
        hint="Choose a server to see it as a form."
        back={{ label: 'All servers', onBack: () => onChoose(undefined) }}
        list={<EntryList servers={listed} chosen={index ?? -1} onChoose={onChoose} />}
        detail={
          server === undefined ? null : (
            <EntryFormView
              key={visit}
              schema={serverSchema}
              server={server}
              note={readable && !isFindable ? notFindable(server.id) : undefined}
              problems={readable ? problemsOf(problems, server) : []}
              onProblem={onProblem}
              form={{
                id: server.id,
                entry: server.entry,
                saved: saved.entries.find(({ id }) => id === server.id)?.entry,
                otherIds: entries.flatMap(({ id }, at) => (at === index ? [] : [id])),
                locked: !readable || !isFindable,
                patch: (patch) => document.edit([{ op: 'patch', id: server.id, patch }]),
              }}
              onDuplicate={() => {
                const id = freeId(server.id, new Set(entries.map((one) => one.id)))
                document.edit([{ op: 'add', entry: { ...server.entry, id } }]).then(
                  () => onChoose(entries.length),
                  (thrown: unknown) => notifyFailure(`${server.id} was not duplicated.`, thrown),
                )
              }}
              onRemove={() => {
                document.edit([{ op: 'remove', id: server.id }]).then(
                  () => {
                    onChoose(undefined)
                    notify({
                      title: `${server.id} is taken out of the text`,
                      description: 'It runs until you save.',
                      action: { label: 'Undo', run: onUndo },
                    })
                  },
                  (thrown: unknown) => notifyFailure(`${server.id} was not removed.`, thrown),
                )
              }}
            />
          )
        }
      />
      {!readable && <Unreadable now={now} onProblem={onProblem} />}
    </div>
  )
}

function notFindable(id: string): string {
  const why = id === '' ? 'This server has no ID yet' : 'Another server has the same ID'
  return `${why}: change it in the YAML, then the form can be used.`
}

/** The form stays as it was, and says why. */
function Unreadable({
  now,
  onProblem,
}: {
  now: CatalogSnapshot
  onProblem: (problem: CatalogProblemView) => void
}) {
  const [problem] = now.problems
  return (
    <Banner
      kind="bad"
      className="border-t border-line shadow-pop"
      actions={
        problem !== undefined && (
          <Button size="small" onClick={() => onProblem(problem)}>
            Go to line {problem.line}
          </Button>
        )
      }
    >
      The YAML cannot be read now, so the form shows what it last knew and takes no changes.
    </Banner>
  )
}

function listServers(
  entries: CatalogSnapshot['entries'],
  problems: CatalogSnapshot['problems'],
  saved: CatalogSnapshot['entries'],
): ListedServer[] {
  const before = new Map(saved.map(({ id, entry }) => [id, canonicalJson(entry)]))
  return entries.map((server, index) => ({
    index,
    server,
    problems: problemsOf(problems, server).length,
    changed: before.get(server.id) !== canonicalJson(server.entry),
  }))
}

function problemsOf(
  problems: CatalogSnapshot['problems'],
  { from_line, to_line }: CatalogSnapshot['entries'][number],
): CatalogSnapshot['problems'] {
  return problems.filter(({ line }) => line >= from_line && line <= to_line)
}
