import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { KeyRound, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { SecretRow } from '../../../src-shared/secret.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { ErrorState, SkeletonRows } from '../../components/states.tsx'
import { notify, notifyFailure } from '../../components/toast.tsx'
import { keyOf, useAct, useRead } from '../../queries.ts'
import { SecretDialog } from './secret-dialog.tsx'
import { placeWords } from './use-secrets.ts'

/** Every secret that is kept, or that a server waits for; never a value. */
export function SecretsPart() {
  const secrets = useRead('secrets.list', {})
  const [edited, setEdited] = useState<SecretRow>()
  const [removed, setRemoved] = useState<SecretRow>()
  const [isNew, setNew] = useState(false)
  return (
    <>
      <div className="flex items-start gap-6 py-3">
        <p className="min-w-0 flex-1 text-muted">
          Values that the catalog does not hold: it has{' '}
          <code className="font-mono text-sm">{'${secret:NAME}'}</code> in their place. They are
          kept in the system’s keychain or, where there is none, in an encrypted file.
        </p>
        <Button icon={Plus} onClick={() => setNew(true)}>
          New secret
        </Button>
      </div>
      {secrets.data === undefined ? (
        secrets.isError ? (
          <ErrorState
            title="The secrets could not be listed."
            error={secrets.error}
            onRetry={() => void secrets.refetch()}
          />
        ) : (
          <SkeletonRows rows={2} />
        )
      ) : (
        <>
          {secrets.data.problem !== null && (
            <p role="status" className="pb-2 text-warn">
              {secrets.data.problem}
            </p>
          )}
          {secrets.data.secrets.length === 0 ? (
            <p className="pb-3 text-muted">There are none yet.</p>
          ) : (
            <ul aria-label="Secrets" className="flex flex-col">
              {secrets.data.secrets.map((row) => (
                <SecretLine
                  key={row.name}
                  row={row}
                  onSet={() => setEdited(row)}
                  onRemove={() => setRemoved(row)}
                />
              ))}
            </ul>
          )}
        </>
      )}
      {isNew && <SecretDialog isSet={false} usedBy={[]} onClose={() => setNew(false)} />}
      {edited !== undefined && (
        <SecretDialog
          name={edited.name}
          isSet={edited.store !== null}
          usedBy={edited.used_by}
          onClose={() => setEdited(undefined)}
        />
      )}
      {removed !== undefined && (
        <RemoveDialog row={removed} onClose={() => setRemoved(undefined)} />
      )}
    </>
  )
}

interface SecretLineProps {
  row: SecretRow
  onSet: () => void
  onRemove: () => void
}

function SecretLine({ row, onSet, onRemove }: SecretLineProps) {
  const { name, store, used_by: usedBy } = row
  return (
    <li className="flex items-center gap-3 border-t border-line py-2">
      <KeyRound
        size={14}
        aria-hidden
        className={store === null ? 'shrink-0 text-warn' : 'shrink-0 text-muted'}
      />
      <div className="min-w-0 flex-1">
        <p className="font-mono text-sm wrap-anywhere">{name}</p>
        <p className="text-sm text-muted">
          {store === null ? <span className="text-warn">Not set</span> : placeWords[store]}
          {usedBy.length === 0 ? ', used by no server' : ', used by '}
          {usedBy.map((id, at) => (
            <span key={id}>
              {at > 0 && ', '}
              <Link to="/servers/$id" params={{ id }} className="underline hover:text-text">
                {id}
              </Link>
            </span>
          ))}
        </p>
      </div>
      <Button
        size="small"
        aria-label={`${store === null ? 'Set' : 'Replace'} ${name}`}
        onClick={onSet}
      >
        {store === null ? 'Set' : 'Replace'}
      </Button>
      {store !== null && (
        <IconButton icon={Trash2} label={`Remove ${name}`} size="small" onClick={onRemove} />
      )}
    </li>
  )
}

/** It cannot be undone: nobody can read the value. */
function RemoveDialog({ row, onClose }: { row: SecretRow; onClose: () => void }) {
  const cache = useQueryClient()
  const remove = useAct('secrets.remove')
  const { name, used_by: usedBy } = row
  const run = () => {
    remove.mutateAsync({ name }).then(
      () => {
        void cache.invalidateQueries({ queryKey: keyOf('secrets.list') })
        onClose()
        notify({ title: `${name} removed` })
      },
      (thrown: unknown) => notifyFailure(`${name} was not removed.`, thrown),
    )
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title={`Remove the secret ${name}?`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="danger" busy={remove.isPending} onClick={run}>
            Remove secret
          </Button>
        </>
      }
    >
      <p className="text-prose">
        {usedBy.length === 0
          ? 'No server uses it. '
          : `${usedBy.join(', ')} ${usedBy.length === 1 ? 'uses' : 'use'} it, and will not start without it. `}
        Its value cannot be brought back.
      </p>
    </Dialog>
  )
}
