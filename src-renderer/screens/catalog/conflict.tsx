import { useState } from 'react'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { notify } from '../../components/toast.tsx'
import type { CatalogDocument, CatalogSnapshot, FileVersion } from './catalog-document.ts'
import { DiffPane } from './diff-pane.tsx'

interface ConflictProps {
  document: CatalogDocument
  now: CatalogSnapshot
  theirs: FileVersion
}

/** Somebody else has written the file while there are changes here: shown, and decided by the person. */
export function Conflict({ document, now, theirs }: ConflictProps) {
  const [shown, setShown] = useState<'difference' | 'clash'>()
  const take = (): void => {
    document.takeTheirs()
    notify({
      title: 'The file’s text is taken',
      description: 'Undo in the editor brings yours back.',
    })
  }
  const keep = (): void => {
    const merged = document.merged()
    if (merged === undefined) return setShown('clash')
    document.keepMine(merged)
    notify({
      title: 'Your changes stand on the file’s text',
      description: 'They are not saved yet. Look at the difference when you save.',
    })
  }
  const act = (then: () => void) => () => {
    setShown(undefined)
    then()
  }
  return (
    <>
      <Banner
        kind="warn"
        className="border-b border-line"
        actions={
          <>
            <Button size="small" onClick={() => setShown('difference')}>
              Show difference
            </Button>
            <Button size="small" onClick={take}>
              Take theirs
            </Button>
            <Button size="small" onClick={keep}>
              Keep mine
            </Button>
          </>
        }
      >
        catalog.yaml was changed by another program. Your changes are not saved; choose before you
        do.
      </Banner>
      {shown !== undefined && (
        <Dialog
          open
          wide
          onOpenChange={(open) => {
            if (!open) setShown(undefined)
          }}
          title={
            shown === 'clash' ? 'Both have changed the same lines' : 'The file’s text and yours'
          }
          description={
            shown === 'clash'
              ? 'The two cannot be put together without you. With your text, what the other program wrote in these lines is undone when you save.'
              : 'Nothing is written until you save.'
          }
          footer={
            <>
              <Button autoFocus onClick={() => setShown(undefined)}>
                Close
              </Button>
              <Button onClick={act(take)}>Take theirs</Button>
              {shown === 'clash' ? (
                <Button kind="danger" onClick={act(() => document.keepMine())}>
                  Use my text
                </Button>
              ) : (
                <Button
                  onClick={() => {
                    setShown(undefined)
                    keep()
                  }}
                >
                  Keep mine
                </Button>
              )}
            </>
          }
        >
          <DiffPane
            before={{ label: 'In the file now', text: theirs.doc.toString() }}
            after={{ label: 'Yours', text: now.doc.toString() }}
          />
        </Dialog>
      )}
    </>
  )
}
