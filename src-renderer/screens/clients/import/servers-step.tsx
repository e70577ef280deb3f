import { useId } from 'react'
import type { ImportPreview } from '../../../../src-shared/client-import.ts'
import { counted } from '../../../words.ts'
import { NoteLine } from '../note-line.tsx'
import { FoundServer } from './found-server.tsx'
import { pickedServers, replacements, type ImportDraft } from './import-draft.ts'
import { ReplacePart } from './replace-part.tsx'

interface ServersStepProps {
  preview: ImportPreview
  draft: ImportDraft
  /** Ids of the catalog. */
  taken: ReadonlySet<string>
  onChange: (draft: ImportDraft) => void
}

/** Which servers, under which ids, what becomes of their secrets, and whose entries give way. */
export function ServersStep({ preview, draft, taken, onChange }: ServersStepProps) {
  const { servers, problems } = preview
  const secrets = pickedServers(preview, draft).flatMap((one) =>
    one.duplicate_of === null ? one.secrets : [],
  )
  const offered = replacements(preview, draft)
  return (
    <>
      {problems.map(({ client, file, message }) => (
        <NoteLine key={`${client ?? ''} ${file ?? ''} ${message}`} kind="warn">
          {message}
        </NoteLine>
      ))}
      {servers.length === 0 ? (
        <p className="py-4 text-muted">
          There are no servers there, or they are the gateway’s own.
        </p>
      ) : (
        <ul aria-label="Servers found" className="flex flex-col">
          {servers.map((server) => (
            <FoundServer
              key={server.key}
              server={server}
              preview={preview}
              draft={draft}
              taken={taken}
              onChange={onChange}
            />
          ))}
        </ul>
      )}
      {secrets.length > 0 && (
        <SecretChoice
          count={secrets.length}
          value={draft.secrets}
          onChange={(next) => onChange({ ...draft, secrets: next })}
        />
      )}
      {offered.length > 0 && <ReplacePart offered={offered} draft={draft} onChange={onChange} />}
    </>
  )
}

const choices = [
  {
    value: 'keychain',
    label: 'Into the keychain',
    info: 'The catalog has ${secret:NAME} in their place. Where there is no keychain, an encrypted file keeps them.',
  },
  {
    value: 'keep',
    label: 'Into the catalog, as they are',
    info: 'Whoever reads the file reads them, and every copy of it has them.',
  },
] as const

function SecretChoice({
  count,
  value,
  onChange,
}: {
  count: number
  value: ImportDraft['secrets']
  onChange: (value: ImportDraft['secrets']) => void
}) {
  const name = useId()
  return (
    <fieldset className="grid grid-cols-2 gap-1.5 border-t border-line pt-3">
      <legend className="float-left col-span-full mb-1 w-full font-medium">
        {count === 1 ? 'The secret goes' : `The ${counted(count, 'secret')} go`}
      </legend>
      {choices.map((choice) => (
        <label
          key={choice.value}
          className="flex items-start gap-2 rounded border border-line px-2.5 py-2 hover:bg-hover has-checked:border-accent has-checked:bg-selected"
        >
          <input
            type="radio"
            name={name}
            checked={value === choice.value}
            className="mt-0.5 accent-accent"
            onChange={() => onChange(choice.value)}
          />
          <span className="min-w-0">
            <span className="block font-medium">{choice.label}</span>
            <span className="block text-sm text-muted">{choice.info}</span>
          </span>
        </label>
      ))}
    </fieldset>
  )
}
