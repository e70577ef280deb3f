import { KeyRound } from 'lucide-react'
import { useId } from 'react'
import type {
  ImportOrigin,
  ImportPreview,
  ImportServer,
} from '../../../../src-shared/client-import.ts'
import { Input } from '../../../components/field.tsx'
import { launchOf } from '../../catalog/server-words.ts'
import { canPick, idOf, idProblem, type ImportDraft } from './import-draft.ts'

interface FoundServerProps {
  server: ImportServer
  preview: ImportPreview
  draft: ImportDraft
  taken: ReadonlySet<string>
  onChange: (draft: ImportDraft) => void
}

/** One server that was found: whether it is imported, under which id, and what there is to know. */
export function FoundServer({ server, preview, draft, taken, onChange }: FoundServerProps) {
  const { key, entry, secrets, notes, duplicate_of: duplicate, problem } = server
  const errorId = useId()
  const isPicked = canPick(server) && draft.picked.has(key)
  const id = idOf(server, draft)
  // As it was found, whatever it is going to be called.
  const name = duplicate ?? (server.id === '' ? (server.origins[0]?.name ?? '') : server.id)
  const wrong = isPicked ? idProblem(server, preview, draft, taken) : undefined
  const pick = (on: boolean) => {
    const picked = new Set(draft.picked)
    if (on) picked.add(key)
    else picked.delete(key)
    onChange({ ...draft, picked })
  }
  return (
    <li className="grid grid-cols-[16px_minmax(0,1fr)] gap-x-3 border-t border-line py-2.5 first:border-t-0">
      <input
        type="checkbox"
        aria-label={`Import ${name}`}
        checked={isPicked}
        disabled={!canPick(server)}
        className="mt-2 size-4 accent-accent"
        onChange={({ target }) => pick(target.checked)}
      />
      <div className="flex min-w-0 flex-col gap-1">
        <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
          {duplicate === null && problem === null ? (
            <Input
              aria-label={`ID of ${server.id}`}
              aria-invalid={wrong === undefined ? undefined : true}
              aria-describedby={wrong === undefined ? undefined : errorId}
              value={id}
              spellCheck={false}
              disabled={!isPicked}
              className="max-w-60 font-mono text-sm"
              onChange={({ target }) =>
                onChange({ ...draft, ids: new Map(draft.ids).set(key, target.value) })
              }
            />
          ) : (
            <span className="flex h-8 items-center font-medium">{name}</span>
          )}
          <span className="min-w-0 flex-1 truncate text-muted">
            {originsInWords(server.origins)}
          </span>
        </div>
        {wrong !== undefined && (
          <p id={errorId} className="text-sm text-bad">
            {wrong}
          </p>
        )}
        {entry !== null && (
          <p className="font-mono text-sm wrap-anywhere text-muted">{launchOf(entry)}</p>
        )}
        {duplicate !== null && (
          <p className="text-sm">
            In the catalog already, as <code className="font-mono">{duplicate}</code>: nothing is
            added. Choose it to replace its entries in clients.
          </p>
        )}
        {problem !== null && <p className="text-sm wrap-anywhere text-bad">{problem}</p>}
        {secrets.length > 0 && duplicate === null && (
          <ul aria-label="Secrets" className="flex flex-wrap gap-x-4 text-sm text-warn">
            {secrets.map((secret) => (
              <li key={`${secret.place} ${secret.where}`} className="flex items-center gap-1.5">
                <KeyRound size={13} aria-hidden className="shrink-0" />
                <span>
                  {placeWords[secret.place]} <code className="font-mono">{secret.where}</code>
                  {draft.secrets === 'keychain' && (
                    <span className="text-muted">
                      {' → '}
                      <code className="font-mono">{`\${secret:${secret.name}}`}</code>
                      {secret.is_kept && ', kept already'}
                    </span>
                  )}
                </span>
              </li>
            ))}
          </ul>
        )}
        {notes.map((note) => (
          <p key={note} className="text-sm wrap-anywhere text-muted">
            {note}
          </p>
        ))}
      </div>
    </li>
  )
}

const placeWords = {
  variable: 'Variable',
  header: 'Header',
  argument: 'Argument',
  url: 'In the address:',
}

/** "Cursor, Claude Desktop (there: gh)": the name where it is another. */
function originsInWords(origins: readonly ImportOrigin[]): string {
  return origins.map(({ title, name }) => (name === '' ? title : `${name} in ${title}`)).join(', ')
}
