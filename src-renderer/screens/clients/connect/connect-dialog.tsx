import { useState } from 'react'
import type { ClientPreview, ClientRow } from '../../../../src-shared/api-clients.ts'
import { ApiError, messageOf } from '../../../api-error.ts'
import { Button } from '../../../components/button.tsx'
import { Dialog } from '../../../components/dialog.tsx'
import { takeFocus } from '../../../components/take-focus.ts'
import { SkeletonText } from '../../../components/states.tsx'
import { useAct } from '../../../queries.ts'
import { NoteLine } from '../note-line.tsx'
import { useClientsChanged } from '../use-clients.ts'
import { ConnectFields } from './connect-fields.tsx'
import { connectInput, firstDraft } from './connect-draft.ts'
import { ConnectedStep, type Connected } from './connected-step.tsx'
import { PreviewPart } from './preview-part.tsx'
import { usePreview } from './use-preview.ts'

/** Points a client at the gateway: the choices, what would be written, and after it what to do next. */
export function ConnectDialog({ row, onClose }: { row: ClientRow; onClose: () => void }) {
  const [draft, setDraft] = useState(() => firstDraft(row))
  const [failure, setFailure] = useState<unknown>()
  const [done, setDone] = useState<Connected>()
  const connect = useAct('clients.connect')
  const changed = useClientsChanged()
  const wanted = connectInput(row, draft)
  const input = 'input' in wanted ? wanted.input : undefined
  const { query, isCurrent } = usePreview(input)
  const preview = query.data

  const run = async (via: 'file' | 'cli'): Promise<void> => {
    if (input === undefined || preview === undefined || !isCurrent) return
    setFailure(undefined)
    try {
      const { message, backup, client } = await connect.mutateAsync({
        ...input,
        before: preview.before,
        via,
      })
      const made = client.connections.find(({ file }) => file === preview.file)
      setDone({ message, backup, kind: draft.kind, since: made?.connected_at })
      await changed()
    } catch (thrown) {
      setFailure(thrown)
      // What was looked at is no longer so; the new difference is what comes next.
      void query.refetch()
    }
  }

  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title={
        done !== undefined
          ? `${row.name} is connected`
          : row.connections.length > 0
            ? `Change how ${row.name} is connected`
            : `Connect ${row.name}`
      }
      footer={
        done === undefined ? (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button
              kind="primary"
              disabled={!isCurrent || query.isFetching || isDone(row, preview)}
              busy={connect.isPending}
              onClick={() => void run('file')}
            >
              Connect
            </Button>
          </>
        ) : (
          <Button kind="primary" ref={takeFocus} onClick={onClose}>
            Done
          </Button>
        )
      }
    >
      {done !== undefined ? (
        <ConnectedStep row={row} done={done} />
      ) : (
        <div className="flex flex-col gap-4">
          <ConnectFields
            row={row}
            draft={draft}
            onChange={(next) => {
              setFailure(undefined)
              setDraft(next)
            }}
          />
          {failure !== undefined && (
            <NoteLine kind="bad">
              {failure instanceof ApiError && failure.code === 'precondition_failed'
                ? `${row.name}’s file was changed meanwhile, so that nothing was written. Below is what would be written now.`
                : `${row.name} was not connected. ${messageOf(failure)}`}
            </NoteLine>
          )}
          {'missing' in wanted ? (
            <p className="text-muted">{wanted.missing}</p>
          ) : query.isError ? (
            <NoteLine kind="bad">{messageOf(query.error)}</NoteLine>
          ) : preview === undefined ? (
            <SkeletonText lines={5} />
          ) : (
            <PreviewPart
              row={row}
              preview={preview}
              isCurrent={isCurrent}
              isRunning={connect.isPending}
              onRunCommand={() => void run('cli')}
            />
          )}
        </div>
      )}
    </Dialog>
  )
}

/** What would be written is there, and known. An entry by hand is still to be taken over. */
function isDone(row: ClientRow, preview: ClientPreview | undefined): boolean {
  return preview?.diff === '' && row.connections.some(({ file }) => file === preview.file)
}
