import { useState } from 'react'
import type { ClientRow } from '../../../../src-shared/api-clients.ts'
import type { ImportSource } from '../../../../src-shared/client-import.ts'
import { Button } from '../../../components/button.tsx'
import { Dialog } from '../../../components/dialog.tsx'
import { Field, Input, TextArea } from '../../../components/field.tsx'
import { Select } from '../../../components/select.tsx'
import { SkeletonText } from '../../../components/states.tsx'
import { TabPanel, Tabs } from '../../../components/tabs.tsx'
import { useRead } from '../../../queries.ts'
import { PathText } from '../path-text.tsx'

/** Where to look, as far as it was said. */
export interface SourceDraft {
  tab: 'clients' | 'file' | 'text'
  /** Clients that are not looked at. */
  without: ReadonlySet<string>
  file: string
  /** Whose file it is; empty: it is recognised. */
  client: string
  text: string
}

interface SourceStepProps {
  draft: SourceDraft
  onChange: (draft: SourceDraft) => void
  onLook: (source: ImportSource) => void
  onClose: () => void
}

const tabs = [
  { value: 'clients', label: 'Clients on this machine' },
  { value: 'file', label: 'A file' },
  { value: 'text', label: 'Paste' },
] as const

/** Where the servers are that are to be imported. */
export function SourceStep({ draft, onChange, onLook, onClose }: SourceStepProps) {
  const rows = useRead('clients.list', {})
  const [isTried, setTried] = useState(false)
  const change = (part: Partial<SourceDraft>) => onChange({ ...draft, ...part })
  const found = (rows.data ?? []).filter((row) => row.found && row.file_exists)
  const source = sourceOf(draft, found)
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title="Import servers"
      description="Servers that your AI clients have already move into the catalog, once for all of them."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            kind="primary"
            disabled={draft.tab === 'clients' && rows.data === undefined}
            onClick={() => {
              setTried(true)
              if (source !== undefined) onLook(source)
            }}
          >
            Look for servers
          </Button>
        </>
      }
    >
      <div className="-mx-5">
        <Tabs
          label="Where from"
          value={draft.tab}
          onChange={(next) => {
            const tab = tabs.find(({ value }) => value === next)?.value
            setTried(false)
            if (tab !== undefined) change({ tab })
          }}
          items={tabs}
        >
          <TabPanel value="clients">
            <div className="px-5 pt-3">
              {rows.data === undefined ? (
                <SkeletonText lines={3} />
              ) : (
                <FoundClients
                  rows={found}
                  without={draft.without}
                  problem={isTried && source === undefined ? 'Choose at least one.' : undefined}
                  onChange={(without) => change({ without })}
                />
              )}
            </div>
          </TabPanel>
          <TabPanel value="file">
            <div className="flex flex-col gap-3.5 px-5 pt-3">
              <Field
                label="File"
                required
                hint="Its absolute path on the gateway’s machine: a project’s .mcp.json, any client’s settings, an .mcpb bundle."
                error={isTried && source === undefined ? 'Give the path of a file.' : undefined}
              >
                {(ids) => (
                  <Input
                    {...ids}
                    autoFocus
                    value={draft.file}
                    spellCheck={false}
                    placeholder="/home/ada/projects/shop/.mcp.json"
                    className="font-mono text-sm"
                    onChange={({ target }) => change({ file: target.value })}
                  />
                )}
              </Field>
              <Field
                label="Written for"
                hint="Needed only where the file does not say it by its name or its keys."
              >
                {(ids) => (
                  <Select
                    {...ids}
                    value={draft.client}
                    className="max-w-72"
                    onChange={({ target }) => change({ client: target.value })}
                  >
                    <option value="">Whatever it looks like</option>
                    {(rows.data ?? []).map(({ id, name }) => (
                      <option key={id} value={id}>
                        {name}
                      </option>
                    ))}
                  </Select>
                )}
              </Field>
            </div>
          </TabPanel>
          <TabPanel value="text">
            <div className="px-5 pt-3">
              <Field
                label="Text"
                required
                hint="The mcpServers JSON of a client or a README, a command line, or a URL."
                error={isTried && source === undefined ? 'Paste a text first.' : undefined}
              >
                {(ids) => (
                  <TextArea
                    {...ids}
                    autoFocus
                    rows={9}
                    value={draft.text}
                    className="font-mono text-sm"
                    onChange={({ target }) => change({ text: target.value })}
                  />
                )}
              </Field>
            </div>
          </TabPanel>
        </Tabs>
      </div>
    </Dialog>
  )
}

/** Undefined: something is still to be said. */
function sourceOf(draft: SourceDraft, found: readonly ClientRow[]): ImportSource | undefined {
  if (draft.tab === 'clients') {
    const ids = found.flatMap(({ id }) => (draft.without.has(id) ? [] : [id]))
    return ids.length === 0 ? undefined : { from: 'clients', ids }
  }
  if (draft.tab === 'file') {
    const file = draft.file.trim()
    if (file === '') return undefined
    return draft.client === ''
      ? { from: 'file', file }
      : { from: 'client-file', id: draft.client, file }
  }
  return draft.text.trim() === '' ? undefined : { from: 'text', text: draft.text }
}

interface FoundClientsProps {
  rows: readonly ClientRow[]
  without: ReadonlySet<string>
  problem: string | undefined
  onChange: (without: ReadonlySet<string>) => void
}

function FoundClients({ rows, without, problem, onChange }: FoundClientsProps) {
  if (rows.length === 0)
    return (
      <p className="py-4 text-muted">
        No client of this machine has a file with servers. Take a file, or paste what you have.
      </p>
    )
  return (
    <fieldset>
      <legend className="mb-1 text-muted">
        Their files are read, and nothing is written until you have seen what was found.
      </legend>
      {rows.map(({ id, name, file }) => (
        <label
          key={id}
          className="grid grid-cols-[16px_minmax(0,160px)_minmax(0,1fr)] items-center gap-3 border-b border-line py-1.5 last:border-b-0"
        >
          <input
            type="checkbox"
            checked={!without.has(id)}
            className="size-4 accent-accent"
            onChange={({ target }) => {
              const next = new Set(without)
              if (target.checked) next.delete(id)
              else next.add(id)
              onChange(next)
            }}
          />
          <span className="truncate font-medium">{name}</span>
          {file !== null && <PathText path={file} className="text-muted" />}
        </label>
      ))}
      {problem !== undefined && (
        <p role="alert" className="pt-1 text-bad">
          {problem}
        </p>
      )}
    </fieldset>
  )
}
