import { useState } from 'react'
import { messageOf } from '../../api-error.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { useRead } from '../../queries.ts'
import type { CatalogSnapshot } from './catalog-document.ts'
import { catalogChanges, changesInWords } from './change-summary.ts'
import { DiffPane } from './diff-pane.tsx'

interface SaveDialogProps {
  now: CatalogSnapshot
  onClose: () => void
  /** Rejects with the reason if it could not be saved. */
  onSave: () => Promise<void>
}

/** What saving changes, as a difference and in words, before anything is written. */
export function SaveDialog({ now, onClose, onSave }: SaveDialogProps) {
  const [failure, setFailure] = useState<unknown>()
  const rows = useRead('servers.list', {})
  const running = new Set(
    (rows.data ?? [])
      .filter(({ status }) => status === 'running' || status === 'starting')
      .map(({ id }) => id),
  )
  const words = changesInWords(catalogChanges(now.saved.entries, now.entries), (id) =>
    running.has(id),
  )
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title="Save the catalog"
      description={now.path}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            kind="primary"
            busy={now.saving}
            autoFocus
            onClick={() => {
              setFailure(undefined)
              onSave().then(onClose, setFailure)
            }}
          >
            Save
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <ul aria-label="What will happen" className="flex flex-col gap-0.5">
          {words.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
        {failure !== undefined && (
          <Banner kind="bad" className="rounded">
            The catalog was not saved. {messageOf(failure)}
          </Banner>
        )}
        <DiffPane
          before={{ label: 'In the file', text: now.saved.doc.toString() }}
          after={{ label: 'After saving', text: now.doc.toString() }}
        />
      </div>
    </Dialog>
  )
}
