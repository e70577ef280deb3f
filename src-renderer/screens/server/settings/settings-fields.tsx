import { useId, type ReactNode } from 'react'
import { Field, Input, TextArea } from '../../../components/field.tsx'
import { Select } from '../../../components/select.tsx'
import { Switch } from '../../../components/switch.tsx'
import { useRead } from '../../../queries.ts'
import type { Draft } from './draft.ts'
import { EnvFields } from './env-fields.tsx'

interface SettingsFieldsProps {
  id: string
  draft: Draft
  problems: Partial<Record<keyof Draft, string>>
  onChange: (draft: Draft) => void
}

export function SettingsFields({ id, draft, problems, onChange }: SettingsFieldsProps) {
  const settings = useRead('settings.get', {}).data
  const set = (part: Partial<Draft>) => onChange({ ...draft, ...part })
  const seconds = (
    field: 'idleTimeout' | 'requestTimeout' | 'startTimeout',
    label: string,
    fallback: number | undefined,
    hint: string,
  ) => (
    <Field label={label} hint={hint} error={problems[field]}>
      {(ids) => (
        <Input
          {...ids}
          inputMode="numeric"
          className="num"
          placeholder={fallback === undefined ? '' : `${fallback}`}
          value={draft[field]}
          onChange={(event) => set({ [field]: event.target.value })}
        />
      )}
    </Field>
  )
  return (
    <div className="@container flex max-w-[680px] flex-col gap-8">
      <Group title="About">
        <Field label="Display name">
          {(ids) => (
            <Input
              {...ids}
              placeholder={id}
              value={draft.displayName}
              onChange={(event) => set({ displayName: event.target.value })}
            />
          )}
        </Field>
        <Field label="Description">
          {(ids) => (
            <Input
              {...ids}
              value={draft.description}
              onChange={(event) => set({ description: event.target.value })}
            />
          )}
        </Field>
        <Field label="Tags" hint="With commas between them">
          {(ids) => (
            <Input
              {...ids}
              value={draft.tags}
              onChange={(event) => set({ tags: event.target.value })}
            />
          )}
        </Field>
      </Group>
      <Group title="Running">
        <Toggle
          label="Enabled"
          hint="Off: listed, never started."
          checked={draft.enabled}
          onChange={(enabled) => set({ enabled })}
        />
        <Toggle
          label="Always on"
          hint="Started with the gateway and never stopped for being idle."
          checked={draft.alwaysOn}
          onChange={(alwaysOn) => set({ alwaysOn })}
        />
        <Toggle
          label="Overlap on change"
          hint="Off: the old instance stops before its successor starts, for servers that own a port or a lock."
          checked={draft.overlap}
          onChange={(overlap) => set({ overlap })}
        />
        <Field
          label="Instances"
          hint="A server that asks its client questions may need one for each client."
        >
          {(ids) => (
            <Select
              {...ids}
              className="w-fit"
              value={draft.isolation}
              onChange={(event) => {
                const { value } = event.target
                if (value === 'auto' || value === 'shared' || value === 'session')
                  set({ isolation: value })
              }}
            >
              <option value="auto">Shared, alone where it is needed</option>
              <option value="shared">Shared by all clients</option>
              <option value="session">One for each client</option>
            </Select>
          )}
        </Field>
        <div className="grid gap-4 @md:grid-cols-3">
          {seconds(
            'idleTimeout',
            'Stop when idle',
            settings?.idle_timeout_seconds,
            'Seconds; 0: never',
          )}
          {seconds(
            'requestTimeout',
            'Request limit',
            settings?.request_timeout_seconds,
            'Seconds without progress',
          )}
          {seconds('startTimeout', 'Start limit', 60, 'Seconds')}
        </div>
      </Group>
      <Group title="Environment">
        <EnvFields rows={draft.env} problem={problems.env} onChange={(env) => set({ env })} />
        <Field
          label="Inherit from the gateway"
          hint="The basics are HOME, PATH, LANG and the like."
        >
          {(ids) => (
            <Select
              {...ids}
              className="w-fit"
              value={draft.inheritEnv}
              onChange={(event) => {
                const { value } = event.target
                if (value === 'basics' || value === 'all' || value === 'names')
                  set({ inheritEnv: value })
              }}
            >
              <option value="basics">Only the safe basics</option>
              <option value="names">The basics and these variables</option>
              <option value="all">Everything</option>
            </Select>
          )}
        </Field>
        {draft.inheritEnv === 'names' && (
          <Field label="Names of variables" hint="With commas between them">
            {(ids) => (
              <Input
                {...ids}
                className="font-mono text-sm"
                value={draft.inheritNames}
                onChange={(event) => set({ inheritNames: event.target.value })}
              />
            )}
          </Field>
        )}
      </Group>
      <Group title="Tools">
        <div className="grid gap-4 @md:grid-cols-2">
          <Field label="Allow" hint="One pattern a line, * and ? match. Empty: all">
            {(ids) => (
              <TextArea
                {...ids}
                className="min-h-16 font-mono text-sm [field-sizing:content]"
                placeholder="*"
                value={draft.allow}
                onChange={(event) => set({ allow: event.target.value })}
              />
            )}
          </Field>
          <Field label="Deny" hint="Stronger than allow">
            {(ids) => (
              <TextArea
                {...ids}
                className="min-h-16 font-mono text-sm [field-sizing:content]"
                value={draft.deny}
                onChange={(event) => set({ deny: event.target.value })}
              />
            )}
          </Field>
        </div>
      </Group>
    </div>
  )
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="flex flex-col gap-4">
      <h3 className="border-b border-line pb-1.5 text-lead font-semibold">{title}</h3>
      {children}
    </section>
  )
}

interface ToggleProps {
  label: string
  hint: string
  checked: boolean
  onChange: (checked: boolean) => void
}

function Toggle({ label, hint, checked, onChange }: ToggleProps) {
  const id = useId()
  return (
    <div className="flex items-start gap-4">
      <div className="min-w-0 flex-1">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        <p id={`${id}-hint`} className="text-sm text-muted">
          {hint}
        </p>
      </div>
      <Switch
        id={id}
        aria-describedby={`${id}-hint`}
        checked={checked}
        onCheckedChange={onChange}
      />
    </div>
  )
}
