import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ServerDetailView } from '../../../../src-shared/api-servers.ts'
import { Button } from '../../../components/button.tsx'
import { Dialog } from '../../../components/dialog.tsx'
import { ErrorState, SkeletonText } from '../../../components/states.tsx'
import { TextDiff } from '../../../components/text-diff.tsx'
import { notify, notifyFailure } from '../../../components/toast.tsx'
import { keyOf, useGateway } from '../../../queries.ts'
import { putBack } from '../remove-server.ts'

interface ReviewDialogProps {
  server: Pick<ServerDetailView, 'id' | 'display_name'>
  patch: Record<string, unknown>
  onClose: () => void
  onSaved: () => void
}

/** What the catalog's text becomes, before it is written. */
export function ReviewDialog({ server, patch, onClose, onSaved }: ReviewDialogProps) {
  const gateway = useGateway()
  const cache = useQueryClient()
  const [saving, setSaving] = useState(false)
  const edited = useQuery({
    queryKey: ['review', server.id, patch],
    // Always from the text as it is now.
    staleTime: 0,
    gcTime: 0,
    queryFn: async () => {
      const before = await gateway.call('catalog.read', {})
      const edits = [{ op: 'patch' as const, id: server.id, patch }]
      return { before, after: await gateway.call('catalog.edit', { text: before.text, edits }) }
    },
  })
  const problem = edited.data?.after.problems[0]

  const save = async () => {
    if (edited.data === undefined) return
    const { before, after } = edited.data
    setSaving(true)
    try {
      const { etag } = await gateway.call('catalog.save', { text: after.text, etag: before.etag })
      await cache.invalidateQueries({ queryKey: keyOf('catalog.read') })
      onSaved()
      notify({
        title: `${server.display_name} saved`,
        action: {
          label: 'Undo',
          run: () => void putBack(gateway, server.display_name, before.text, etag),
        },
      })
    } catch (thrown) {
      notifyFailure(`${server.display_name} was not saved.`, thrown)
      void edited.refetch()
    } finally {
      setSaving(false)
    }
  }

  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title="Save these changes?"
      description={edited.data?.before.path ?? 'The catalog'}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            kind="primary"
            busy={saving}
            disabled={edited.data === undefined || problem !== undefined}
            onClick={() => void save()}
          >
            Save
          </Button>
        </>
      }
    >
      {edited.isError ? (
        <ErrorState
          title="The change does not fit the catalog."
          error={edited.error}
          onRetry={() => void edited.refetch()}
        />
      ) : edited.data === undefined ? (
        <SkeletonText lines={5} />
      ) : (
        <div className="flex flex-col gap-3">
          {problem !== undefined && (
            <p role="alert" className="text-bad">
              Line {problem.line}: {problem.message}
            </p>
          )}
          <TextDiff
            label="Changes to the catalog"
            before={edited.data.before.text}
            after={edited.data.after.text}
          />
        </div>
      )}
    </Dialog>
  )
}
