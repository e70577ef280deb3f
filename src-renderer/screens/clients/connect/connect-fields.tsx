import { useId } from 'react'
import type { ClientRow, EntryKind } from '../../../../src-shared/api-clients.ts'
import { Field, Input } from '../../../components/field.tsx'
import { Select } from '../../../components/select.tsx'
import { useRead } from '../../../queries.ts'
import { ServerChecks } from '../server-checks.tsx'
import { nameProblem, type ConnectDraft } from './connect-draft.ts'

interface ConnectFieldsProps {
  row: ClientRow
  draft: ConnectDraft
  onChange: (draft: ConnectDraft) => void
}

/** How the client is pointed at the gateway: the kind of entry, its name, and the file it goes into. */
export function ConnectFields({ row, draft, onChange }: ConnectFieldsProps) {
  const change = (part: Partial<ConnectDraft>) => onChange({ ...draft, ...part })
  const servers = useRead('servers.list', {})
  const enabled = (servers.data ?? []).filter((one) => one.enabled)
  const isPerServer = draft.kind === 'shim-per-server'
  return (
    <div className="flex flex-col gap-3.5">
      <Kinds row={row} draft={draft} onChange={change} />
      <div className="grid grid-cols-2 items-start gap-4">
        <Field
          label={isPerServer ? 'Before each name' : 'Name'}
          error={nameProblem(draft.name)}
          hint={
            isPerServer
              ? 'Stands before each server’s ID; empty: the ID alone.'
              : `What ${row.name} calls it.`
          }
        >
          {(ids) => (
            <Input
              {...ids}
              value={draft.name}
              spellCheck={false}
              placeholder={isPerServer ? '' : 'gateway'}
              className="font-mono text-sm"
              onChange={({ target }) => change({ name: target.value })}
            />
          )}
        </Field>
        <Place row={row} draft={draft} onChange={change} />
      </div>
      {isPerServer && enabled.length > 0 && (
        <ServerChecks
          legend="Servers"
          servers={enabled}
          chosen={draft.servers ?? new Set(enabled.map(({ id }) => id))}
          onChange={(chosen) => change({ servers: chosen.size === enabled.length ? null : chosen })}
        />
      )}
    </div>
  )
}

interface PartProps {
  row: ClientRow
  draft: ConnectDraft
  onChange: (part: Partial<ConnectDraft>) => void
}

const kindTexts: Record<EntryKind, { label: string; info: string }> = {
  'shim-all': {
    label: 'One entry for all servers',
    info: 'Servers that you add later are in it. Starts the gateway where none runs.',
  },
  'shim-per-server': {
    label: 'One entry per server',
    info: 'Each server shows by itself, and can be switched off there.',
  },
  http: {
    label: 'HTTP address and token',
    info: 'Starts no program. The token is its own, and opens MCP alone.',
  },
}

function Kinds({ row, draft, onChange }: PartProps) {
  const name = useId()
  return (
    <fieldset className="grid grid-cols-3 gap-1.5 max-wide:grid-cols-1">
      <legend className="mb-1 text-base font-medium">Entry</legend>
      {row.kinds.map((kind) => (
        <label
          key={kind}
          className="flex items-start gap-2 rounded border border-line px-2.5 py-2 hover:bg-hover has-checked:border-accent has-checked:bg-selected"
        >
          <input
            type="radio"
            name={name}
            checked={kind === draft.kind}
            autoFocus={kind === draft.kind}
            className="mt-0.5 accent-accent"
            onChange={() =>
              onChange({
                kind,
                // What one name means to one kind, it does not to the other.
                name: '',
                // A token never goes into a project's file.
                ...(kind === 'http' ? { place: 'user' as const } : {}),
              })
            }
          />
          <span className="min-w-0">
            <span className="block font-medium">{kindTexts[kind].label}</span>
            <span className="block text-sm text-muted">{kindTexts[kind].info}</span>
          </span>
        </label>
      ))}
    </fieldset>
  )
}

function Place({ row, draft, onChange }: PartProps) {
  const canProject = row.has_project_file && draft.kind !== 'http'
  const hasChoices = row.file === null && row.choices.length > 0
  return (
    <div className="flex min-w-0 flex-col gap-2">
      {canProject && (
        <Field label="For">
          {(ids) => (
            <Select
              {...ids}
              value={draft.place}
              onChange={({ target }) =>
                onChange({ place: target.value === 'project' ? 'project' : 'user' })
              }
            >
              <option value="user">All your projects</option>
              <option value="project">One project’s folder</option>
            </Select>
          )}
        </Field>
      )}
      {canProject && draft.place === 'project' ? (
        <Field label="Project’s folder" hint="Its absolute path on the gateway’s machine.">
          {(ids) => (
            <Input
              {...ids}
              value={draft.project}
              spellCheck={false}
              className="font-mono text-sm"
              onChange={({ target }) => onChange({ project: target.value })}
            />
          )}
        </Field>
      ) : hasChoices ? (
        <Field label="File" hint={`Only you can say which one ${row.name} reads.`} required>
          {(ids) => (
            <Select
              {...ids}
              value={draft.file}
              onChange={({ target }) => onChange({ file: target.value })}
            >
              <option value="">Choose a file</option>
              {row.choices.map((file) => (
                <option key={file} value={file}>
                  {file}
                </option>
              ))}
            </Select>
          )}
        </Field>
      ) : null}
    </div>
  )
}
