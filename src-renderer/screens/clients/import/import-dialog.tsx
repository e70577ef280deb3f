import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type {
  ImportPreview,
  ImportResult,
  ImportSource,
} from '../../../../src-shared/client-import.ts'
import { ApiError, messageOf } from '../../../api-error.ts'
import { Button } from '../../../components/button.tsx'
import { Dialog } from '../../../components/dialog.tsx'
import { ErrorState, SkeletonRows } from '../../../components/states.tsx'
import { useAct, useGateway, useRead } from '../../../queries.ts'
import { counted } from '../../../words.ts'
import { NoteLine } from '../note-line.tsx'
import { useClientsChanged } from '../use-clients.ts'
import {
  draftOn,
  firstDraft,
  idProblem,
  importInput,
  pickedServers,
  type ImportDraft,
} from './import-draft.ts'
import { ResultStep } from './result-step.tsx'
import { ServersStep } from './servers-step.tsx'
import { SourceStep, type SourceDraft } from './source-step.tsx'

/** Servers that clients and files have already become the catalog's: where from, which ones, and what was done. */
export function ImportDialog({ onClose }: { onClose: () => void }) {
  const [sourceDraft, setSourceDraft] = useState<SourceDraft>({
    tab: 'clients',
    without: new Set(),
    file: '',
    client: '',
    text: '',
  })
  const [source, setSource] = useState<ImportSource>()
  const [result, setResult] = useState<ImportResult>()
  if (result !== undefined) return <ResultStep result={result} onClose={onClose} />
  if (source === undefined)
    return (
      <SourceStep
        draft={sourceDraft}
        onChange={setSourceDraft}
        onLook={setSource}
        onClose={onClose}
      />
    )
  return (
    <FoundStep
      source={source}
      onBack={() => setSource(undefined)}
      onClose={onClose}
      onDone={setResult}
    />
  )
}

interface FoundStepProps {
  source: ImportSource
  onBack: () => void
  onClose: () => void
  onDone: (result: ImportResult) => void
}

/** What was found, and the choice of it. */
function FoundStep({ source, onBack, onClose, onDone }: FoundStepProps) {
  const gateway = useGateway()
  const catalog = useRead('catalog.read', {})
  const run = useAct('clients.import')
  const changed = useClientsChanged()
  const [chosen, setChosen] = useState<ImportDraft>()
  const [failure, setFailure] = useState<unknown>()
  const found = useQuery<ImportPreview, ApiError>({
    queryKey: ['preview of an import', source],
    queryFn: () => gateway.call('clients.import_preview', { source }),
    retry: false,
    staleTime: Infinity,
    gcTime: 0,
  })
  const preview = found.data
  const draft =
    preview === undefined
      ? undefined
      : chosen === undefined
        ? firstDraft(preview)
        : draftOn(preview, chosen)
  const taken = new Set((catalog.data?.entries ?? []).map(({ id }) => id))
  const picked = preview === undefined || draft === undefined ? [] : pickedServers(preview, draft)
  const isReady =
    picked.length > 0 &&
    preview !== undefined &&
    draft !== undefined &&
    picked.every((server) => idProblem(server, preview, draft, taken) === undefined)

  const start = async (): Promise<void> => {
    if (preview === undefined || draft === undefined) return
    setFailure(undefined)
    try {
      const result = await run.mutateAsync(importInput(source, preview, draft))
      await changed()
      onDone(result)
    } catch (thrown) {
      setFailure(thrown)
      if (thrown instanceof ApiError && thrown.code === 'precondition_failed') {
        setChosen(draft)
        void catalog.refetch()
        void found.refetch()
      }
    }
  }

  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title="Import servers"
      {...(preview === undefined ? {} : { description: summary(preview) })}
      footer={
        <>
          <Button className="mr-auto" onClick={onBack}>
            Back
          </Button>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            kind="primary"
            disabled={!isReady || found.isFetching}
            busy={run.isPending}
            onClick={() => void start()}
          >
            {picked.length === 0 ? 'Import' : `Import ${counted(picked.length, 'server')}`}
          </Button>
        </>
      }
    >
      {found.isError ? (
        <ErrorState
          title="Nothing could be read there."
          error={found.error}
          onRetry={() => void found.refetch()}
        />
      ) : preview === undefined || draft === undefined ? (
        <SkeletonRows rows={5} />
      ) : (
        <div className="flex flex-col gap-4">
          {failure !== undefined && (
            <NoteLine kind="bad">
              {failure instanceof ApiError && failure.code === 'precondition_failed'
                ? 'The catalog or a file was changed meanwhile, so that nothing was imported. Below is what is there now.'
                : `Nothing was imported. ${messageOf(failure)}`}
            </NoteLine>
          )}
          <ServersStep
            preview={preview}
            draft={draft}
            taken={taken}
            onChange={(next) => setChosen(next)}
          />
        </div>
      )}
    </Dialog>
  )
}

function summary({ servers }: ImportPreview): string {
  const fresh = servers.filter((one) => one.problem === null && one.duplicate_of === null).length
  const known = servers.filter(({ duplicate_of }) => duplicate_of !== null).length
  return [
    `${counted(fresh, 'new server')}`,
    ...(known > 0 ? [`${known} in the catalog already`] : []),
  ].join(', ')
}
