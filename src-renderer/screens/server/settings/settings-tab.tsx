import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { ServerDetailView } from '../../../../src-shared/api-servers.ts'
import { Button } from '../../../components/button.tsx'
import { EmptyState, ErrorState, SkeletonText } from '../../../components/states.tsx'
import { useRead } from '../../../queries.ts'
import { draftOf, patchOf, problemsOf } from './draft.ts'
import { ReviewDialog } from './review-dialog.tsx'
import { SettingsFields } from './settings-fields.tsx'

/** The server's entry in the catalog as a form; what it does not have a field for is edited as YAML. */
export function SettingsTab({ server }: { server: ServerDetailView }) {
  const catalog = useRead('catalog.read', {})
  const [saves, setSaves] = useState(0)
  const found = catalog.data?.entries.find(({ id }) => id === server.id)
  if (catalog.isError && catalog.data === undefined)
    return (
      <ErrorState
        title="The catalog could not be read."
        error={catalog.error}
        onRetry={() => void catalog.refetch()}
      />
    )
  if (catalog.data === undefined)
    return (
      <div className="p-5">
        <SkeletonText lines={8} />
      </div>
    )
  if (found === undefined)
    return (
      <EmptyState
        title="The catalog on disk does not have this server."
        action={
          <Link to="/catalog" className="font-medium text-accent hover:underline">
            Edit catalog
          </Link>
        }
      >
        It runs by the catalog that is in force. The text may not be valid at the moment, or the
        server is about to go.
      </EmptyState>
    )
  return (
    <SettingsForm
      key={saves}
      server={server}
      entry={found.entry}
      line={found.from_line}
      onSaved={() => setSaves(saves + 1)}
    />
  )
}

interface SettingsFormProps {
  server: ServerDetailView
  entry: Readonly<Record<string, unknown>>
  line: number
  /** The entry that comes next is what was saved. */
  onSaved: () => void
}

function SettingsForm({ server, entry, line, onSaved }: SettingsFormProps) {
  // What the draft was made from: what somebody else changes meanwhile is not touched by the patch.
  const [base, setBase] = useState(entry)
  const [draft, setDraft] = useState(() => draftOf(entry))
  const [reviewing, setReviewing] = useState(false)
  const patch = patchOf(base, draft)
  const problems = problemsOf(draft)
  const changes = Object.keys(patch).length
  const begin = () => {
    setBase(entry)
    setDraft(draftOf(entry))
  }
  if (changes === 0 && JSON.stringify(base) !== JSON.stringify(entry)) begin()

  return (
    <form
      className="flex min-h-0 flex-1 flex-col"
      onSubmit={(event) => {
        event.preventDefault()
        setReviewing(true)
      }}
    >
      <div className="min-h-0 flex-1 overflow-auto px-5 py-4">
        <SettingsFields draft={draft} problems={problems} onChange={setDraft} id={server.id} />
      </div>
      <footer className="flex items-center gap-2 border-t border-line px-5 py-3">
        <Link
          to="/catalog"
          search={{ server: server.id, line: String(line) }}
          className="text-accent hover:underline"
        >
          Edit YAML
        </Link>
        <span className="ml-auto text-muted" role="status">
          {changes > 0 && 'Not saved yet'}
        </span>
        <Button disabled={changes === 0} onClick={begin}>
          Discard
        </Button>
        <Button
          kind="primary"
          type="submit"
          disabled={changes === 0 || Object.keys(problems).length > 0}
        >
          Review and save
        </Button>
      </footer>
      {reviewing && (
        <ReviewDialog
          server={server}
          patch={patch}
          onClose={() => setReviewing(false)}
          onSaved={onSaved}
        />
      )}
    </form>
  )
}
