import { useId, useState } from 'react'
import type { ClientLimits } from '../../../../src-shared/client-access.ts'
import { Button } from '../../../components/button.tsx'
import { Field, TextArea } from '../../../components/field.tsx'
import { notify, notifyFailure } from '../../../components/toast.tsx'
import { useAct, useRead } from '../../../queries.ts'
import type { ListedClient } from '../listed-client.ts'
import { ServerChecks } from '../server-checks.tsx'
import { useClientsChanged } from '../use-clients.ts'
import { draftOf, isSameDraft, limitsOf, type LimitsDraft } from './limits-draft.ts'
import { ToolPicker } from './tool-picker.tsx'

/** What this client may see: some servers, some tools, or everything. */
export function LimitsForm({
  client,
  limits,
}: {
  client: ListedClient
  limits: ClientLimits | null
}) {
  const saved = draftOf(limits)
  const [draft, setDraft] = useState<LimitsDraft>(saved)
  const servers = useRead('servers.list', {})
  const save = useAct('access.set_limits')
  const changed = useClientsChanged()
  const isDirty = !isSameDraft(draft, saved)
  const run = () => {
    save.mutateAsync({ id: client.id, limits: limitsOf(draft) }).then(
      async ({ limits: now }) => {
        await changed()
        notify({
          title:
            now === null ? `${client.name} may see everything` : `${client.name} has new limits`,
          description: 'It applies at once, also to what is open.',
        })
      },
      (thrown: unknown) => notifyFailure('The limits are as they were.', thrown),
    )
  }
  return (
    <section aria-label="Limits" className="flex flex-col gap-3.5">
      <div className="flex items-center gap-2">
        <h3 className="flex-1 font-medium">What {client.name} may see</h3>
        {isDirty && (
          <Button size="small" onClick={() => setDraft(saved)}>
            Discard
          </Button>
        )}
        <Button size="small" kind="primary" disabled={!isDirty} busy={save.isPending} onClick={run}>
          Save limits
        </Button>
      </div>
      <ServerLimits
        rows={servers.data ?? []}
        chosen={draft.servers}
        onChange={(next) => setDraft({ ...draft, servers: next })}
      />
      <ToolPicker
        servers={(servers.data ?? []).filter(
          ({ id }) => draft.servers === null || draft.servers.has(id),
        )}
        draft={draft}
        onChange={setDraft}
      />
      <Patterns draft={draft} onChange={setDraft} />
    </section>
  )
}

interface ServerLimitsProps {
  rows: readonly { id: string; display_name: string }[]
  chosen: ReadonlySet<string> | null
  onChange: (chosen: ReadonlySet<string> | null) => void
}

function ServerLimits({ rows, chosen, onChange }: ServerLimitsProps) {
  const name = useId()
  const known = new Set(rows.map(({ id }) => id))
  // Servers that the catalog has no more stay allowed, should they come back.
  const gone = [...(chosen ?? [])].filter((id) => !known.has(id))
  const all = [...rows, ...gone.map((id) => ({ id, display_name: `${id} (not in the catalog)` }))]
  return (
    <div className="flex flex-col gap-2">
      <div role="radiogroup" aria-label="Servers" className="flex flex-wrap gap-x-6 gap-y-1">
        <label className="flex items-center gap-2">
          <input
            type="radio"
            name={name}
            checked={chosen === null}
            className="accent-accent"
            onChange={() => onChange(null)}
          />
          All servers, also new ones
        </label>
        <label className="flex items-center gap-2">
          <input
            type="radio"
            name={name}
            checked={chosen !== null}
            className="accent-accent"
            onChange={() => onChange(new Set(known))}
          />
          These servers only
        </label>
      </div>
      {chosen !== null && (
        <ServerChecks legend="Servers" servers={all} chosen={chosen} onChange={onChange} />
      )}
      {chosen?.size === 0 && <p className="text-warn">Without a server it sees nothing at all.</p>}
    </div>
  )
}

function Patterns({
  draft,
  onChange,
}: {
  draft: LimitsDraft
  onChange: (draft: LimitsDraft) => void
}) {
  return (
    <div className="grid grid-cols-2 gap-4">
      <Field label="Hidden tools" hint="One pattern a line, on server__tool; * is anything.">
        {(ids) => (
          <TextArea
            {...ids}
            rows={3}
            wrap="off"
            value={draft.deny}
            placeholder="*__delete_*"
            className="font-mono text-sm"
            onChange={({ target }) => onChange({ ...draft, deny: target.value })}
          />
        )}
      </Field>
      <Field label="Only these tools" hint="Empty: all but the hidden ones.">
        {(ids) => (
          <TextArea
            {...ids}
            rows={3}
            wrap="off"
            value={draft.allow}
            placeholder="docs__*"
            className="font-mono text-sm"
            onChange={({ target }) => onChange({ ...draft, allow: target.value })}
          />
        )}
      </Field>
    </div>
  )
}
