import { TriangleAlert } from 'lucide-react'
import { useId } from 'react'
import { Field, Input } from '../../components/field.tsx'
import type { FoundServer } from './found-servers.ts'
import { launchOf } from './server-words.ts'

interface FoundListProps {
  found: readonly FoundServer[]
  /** What is wrong with the ID of each; undefined: nothing. */
  idProblems: readonly (string | undefined)[]
  onChange: (found: FoundServer[]) => void
}

/** The servers to add: which, under which ID, and which of their secrets are kept outside of the catalog. */
export function FoundList({ found, idProblems, onChange }: FoundListProps) {
  return (
    <ul aria-label="Servers to add" className="flex flex-col">
      {found.map((server, index) => (
        <FoundItem
          key={index}
          server={server}
          isOnly={found.length === 1}
          idProblem={idProblems[index]}
          onChange={(next) => onChange(found.with(index, next))}
        />
      ))}
    </ul>
  )
}

interface FoundItemProps {
  server: FoundServer
  isOnly: boolean
  idProblem: string | undefined
  onChange: (server: FoundServer) => void
}

function FoundItem({ server, isOnly, idProblem, onChange }: FoundItemProps) {
  const check = useId()
  const { entry, notes, secrets, isIncluded, id, kept } = server
  return (
    <li className="flex gap-3 border-t border-line py-3 first:border-t-0">
      {!isOnly && (
        <input
          type="checkbox"
          id={check}
          aria-label={`Add ${id}`}
          checked={isIncluded}
          onChange={(event) => onChange({ ...server, isIncluded: event.target.checked })}
          className="mt-1.5 size-4 accent-accent"
        />
      )}
      <div className="flex min-w-0 flex-1 flex-col gap-2">
        <Field label="ID" error={isIncluded ? idProblem : undefined}>
          {(ids) => (
            <Input
              {...ids}
              value={id}
              spellCheck={false}
              disabled={!isIncluded}
              className="max-w-72 font-mono text-sm"
              onChange={(event) => onChange({ ...server, id: event.target.value })}
            />
          )}
        </Field>
        <p className="font-mono text-sm wrap-anywhere text-muted">{launchOf(entry)}</p>
        {notes.map((note) => (
          <p key={note} className="text-sm text-muted">
            {note}
          </p>
        ))}
        {secrets.map(({ name, secret }) => (
          <div key={name} className="flex items-start gap-1.5 text-sm text-warn">
            <TriangleAlert size={13} aria-hidden className="mt-0.5 shrink-0" />
            <div className="min-w-0">
              <p>
                <code className="font-mono wrap-anywhere">{name}</code> looks like a secret.
                {!kept.has(name) && ' It is going to stand in the file as it is.'}
              </p>
              <label className="mt-0.5 flex items-center gap-1.5 text-text">
                <input
                  type="checkbox"
                  checked={kept.has(name)}
                  disabled={!isIncluded}
                  className="size-3.5 accent-accent"
                  onChange={(event) => {
                    const next = new Set(kept)
                    if (event.target.checked) next.add(name)
                    else next.delete(name)
                    onChange({ ...server, kept: next })
                  }}
                />
                <span className="wrap-anywhere">
                  Keep it outside of the catalog, as the secret{' '}
                  <code className="font-mono">{secret.name}</code>
                </span>
              </label>
            </div>
          </div>
        ))}
      </div>
    </li>
  )
}
