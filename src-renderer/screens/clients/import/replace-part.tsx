import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { ClientPreview, ClientRow } from '../../../../src-shared/api-clients.ts'
import type { ProcedureInput } from '../../../../src-shared/api.ts'
import { messageOf, type ApiError } from '../../../api-error.ts'
import { SkeletonText } from '../../../components/states.tsx'
import { UnifiedDiff } from '../../../components/unified-diff.tsx'
import { useGateway, useRead } from '../../../queries.ts'
import { counted } from '../../../words.ts'
import { NoteLine } from '../note-line.tsx'
import { PathText } from '../path-text.tsx'
import { replaceInput, type ImportDraft, type Replacement } from './import-draft.ts'

interface ReplacePartProps {
  offered: readonly Replacement[]
  draft: ImportDraft
  onChange: (draft: ImportDraft) => void
}

/** For each client: the gateway's entry instead of those that were imported, with the difference. */
export function ReplacePart({ offered, draft, onChange }: ReplacePartProps) {
  const rows = useRead('clients.list', {})
  return (
    <section aria-label="Replace entries" className="flex flex-col gap-1 border-t border-line pt-3">
      <h3 className="font-medium">Then let the gateway take their place</h3>
      <p className="text-muted">
        Otherwise a client that is connected has these servers twice. One step for each client,
        which Undo takes back.
      </p>
      <ul aria-label="Clients to change">
        {offered.map((one) => (
          <ReplaceItem
            key={one.id}
            replacement={one}
            row={rows.data?.find(({ id }) => id === one.id)}
            isOn={draft.replace.has(one.id)}
            onChange={(on) => {
              const replace = new Set(draft.replace)
              if (on) replace.add(one.id)
              else replace.delete(one.id)
              onChange({ ...draft, replace })
            }}
          />
        ))}
      </ul>
    </section>
  )
}

interface ReplaceItemProps {
  replacement: Replacement
  row: ClientRow | undefined
  isOn: boolean
  onChange: (on: boolean) => void
}

function ReplaceItem({ replacement, row, isOn, onChange }: ReplaceItemProps) {
  const [isOpen, setOpen] = useState(false)
  const region = useId()
  const { id, title, places } = replacement
  const names = places.flatMap((place) => place.names)
  return (
    <li className="border-t border-line py-2 first:border-t-0">
      <div className="flex items-center gap-3">
        <label className="flex min-w-0 flex-1 items-start gap-3">
          <input
            type="checkbox"
            checked={isOn}
            className="mt-0.5 size-4 shrink-0 accent-accent"
            onChange={({ target }) => onChange(target.checked)}
          />
          <span className="min-w-0">
            Replace {counted(names.length, 'entry', 'entries')} of{' '}
            <span className="font-medium">{title}</span>
            <span className="text-muted">: {names.join(', ')}</span>
          </span>
        </label>
        <button
          type="button"
          aria-expanded={isOpen}
          aria-controls={region}
          onClick={() => setOpen(!isOpen)}
          className="shrink-0 rounded-sm text-accent hover:underline"
        >
          {isOpen ? 'Hide the change' : `Show the change`}
          <span className="sr-only"> in {title}</span>
        </button>
      </div>
      <div id={region} className={isOpen ? 'flex flex-col gap-1.5 pt-2 pl-7' : undefined}>
        {isOpen &&
          places.map((place) => (
            <PlaceChange key={place.file ?? ''} id={id} place={place} row={row} />
          ))}
      </div>
    </li>
  )
}

interface PlaceChangeProps {
  id: string
  place: Replacement['places'][number]
  row: ClientRow | undefined
}

function PlaceChange({ id, place, row }: PlaceChangeProps) {
  const input = replaceInput(id, place, row)
  return (
    <>
      {place.file !== null && <PathText path={place.file} className="text-muted" />}
      {input === undefined ? (
        <p className="text-muted">
          One entry of the gateway comes in the place of {place.names.join(', ')}.
        </p>
      ) : (
        <ReplaceDiff input={input} />
      )}
    </>
  )
}

function ReplaceDiff({ input }: { input: ProcedureInput<'clients.preview'> }) {
  const gateway = useGateway()
  const preview = useQuery<ClientPreview, ApiError>({
    queryKey: ['preview of a connection', JSON.stringify(input)],
    queryFn: () => gateway.call('clients.preview', input),
    retry: false,
    staleTime: 0,
    gcTime: 0,
  })
  if (preview.isError) return <NoteLine kind="bad">{messageOf(preview.error)}</NoteLine>
  if (preview.data === undefined) return <SkeletonText lines={3} />
  return (
    <>
      {preview.data.diff === '' ? (
        <p className="text-muted">Nothing would change.</p>
      ) : (
        <UnifiedDiff label={`Changes in ${preview.data.file}`} diff={preview.data.diff} />
      )}
      {preview.data.restart !== null && (
        <p className="text-sm text-muted">Afterwards: {preview.data.restart}</p>
      )}
    </>
  )
}
