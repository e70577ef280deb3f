import { Plus, Trash2 } from 'lucide-react'
import { useId, useState } from 'react'
import { Button, IconButton } from '../../components/button.tsx'
import { Input } from '../../components/field.tsx'
import { useEntryForm, type SchemaFieldProps } from './entry-context.ts'
import { fieldPatch, mapPatch, valueAt } from './entry-patch.ts'
import { labelOf, textMapOf } from './field-rules.ts'
import { Prose } from './prose.tsx'
import { looksSecret, secretIn } from './secret-hint.ts'
import { SecretNote } from './secret-note.tsx'
import { useDraft } from './use-draft.ts'

/** Names and values: variables, headers. Values that look like secrets get a hint. */
export function MapField({ path, node }: SchemaFieldProps) {
  const { id: serverId, entry, saved, locked, patch } = useEntryForm()
  const id = useId()
  const [adding, setAdding] = useState(false)
  const now = textMapOf(valueAt(entry, path)) ?? {}
  const label = labelOf(path.at(-1) ?? '', node)
  const change = (after: Record<string, string>): Promise<void> => {
    const inner = mapPatch(now, after)
    if (Object.keys(after).length === 0)
      return patch(fieldPatch(path, undefined, { defaultValue: node.default, saved }))
    const value: unknown = path.reduceRight<unknown>((part, key) => ({ [key]: part }), inner)
    return patch({ ...Object(value) })
  }
  const badName = (name: string, own = ''): string | undefined => {
    if (name === '') return 'A name is required.'
    if (name !== own && Object.hasOwn(now, name)) return `There is a ${name} already.`
    if (node.keyPattern !== undefined && !new RegExp(node.keyPattern).test(name))
      return 'Use letters, digits and "_", not beginning with a digit.'
    return undefined
  }
  return (
    <div role="group" aria-labelledby={`${id}-label`} className="flex min-w-0 flex-col gap-1">
      <span id={`${id}-label`} className="text-base font-medium">
        {label}
      </span>
      {Object.entries(now).map(([name, value]) => (
        <MapRow
          key={name}
          name={name}
          value={value}
          serverId={serverId}
          locked={locked}
          badName={(next) => badName(next, name)}
          onName={(next) =>
            change(
              Object.fromEntries(
                Object.entries(now).map(([key, one]) => [key === name ? next : key, one]),
              ),
            )
          }
          onValue={(next) => change({ ...now, [name]: next })}
          onRemove={() => {
            const { [name]: _, ...rest } = now
            void change(rest).catch(() => {})
          }}
        />
      ))}
      {adding ? (
        <NewRow
          badName={badName}
          onAdd={(name, value) => {
            setAdding(false)
            void change({ ...now, [name]: value }).catch(() => {})
          }}
          onCancel={() => setAdding(false)}
        />
      ) : (
        <Button
          kind="quiet"
          size="small"
          icon={Plus}
          disabled={locked}
          className="self-start"
          aria-label={`Add to ${label.toLowerCase()}`}
          onClick={() => setAdding(true)}
        >
          Add
        </Button>
      )}
      {node.description !== undefined && (
        <p className="text-sm text-muted">
          <Prose text={node.description} />
        </p>
      )}
    </div>
  )
}

interface MapRowProps {
  name: string
  value: string
  serverId: string
  locked: boolean
  badName: (name: string) => string | undefined
  onName: (name: string) => Promise<void>
  onValue: (value: string) => Promise<void>
  onRemove: () => void
}

function MapRow(props: MapRowProps) {
  const { name, value, serverId, locked, badName, onName, onValue, onRemove } = props
  const id = useId()
  const nameDraft = useDraft(name, badName, onName)
  const valueDraft = useDraft(value, () => undefined, onValue)
  const error = nameDraft.error ?? valueDraft.error
  const isSecret = looksSecret(name, value)
  return (
    <div className="flex flex-col gap-1">
      <div className="flex items-center gap-1.5">
        <Input
          aria-label={`Name of ${name}`}
          aria-invalid={error === undefined ? undefined : true}
          aria-describedby={`${id}-note`}
          value={nameDraft.text}
          disabled={locked}
          spellCheck={false}
          className="basis-2/5 font-mono text-sm"
          onChange={(event) => nameDraft.onChange(event.target.value)}
          onBlur={nameDraft.onBlur}
        />
        <Input
          aria-label={`Value of ${name}`}
          aria-describedby={`${id}-note`}
          value={valueDraft.text}
          disabled={locked}
          spellCheck={false}
          className="flex-1 font-mono text-sm"
          onChange={(event) => valueDraft.onChange(event.target.value)}
          onBlur={valueDraft.onBlur}
        />
        <IconButton
          icon={Trash2}
          label={`Remove ${name}`}
          size="small"
          disabled={locked}
          onClick={onRemove}
        />
      </div>
      <div id={`${id}-note`}>
        {error !== undefined && <p className="text-sm text-bad">{error}</p>}
        {isSecret && (
          <SecretNote
            secret={secretIn(name, value, serverId)}
            disabled={locked}
            onUse={(text) => void onValue(text).catch(() => {})}
          />
        )}
      </div>
    </div>
  )
}

interface NewRowProps {
  badName: (name: string) => string | undefined
  onAdd: (name: string, value: string) => void
  onCancel: () => void
}

function NewRow({ badName, onAdd, onCancel }: NewRowProps) {
  const id = useId()
  const [name, setName] = useState('')
  const [value, setValue] = useState('')
  const error = name === '' ? undefined : badName(name)
  const isReady = badName(name) === undefined
  return (
    <div
      className="flex flex-col gap-1"
      onKeyDown={(event) => {
        if (event.key === 'Enter' && isReady) onAdd(name, value)
        else if (event.key === 'Escape') onCancel()
        else return
        event.preventDefault()
        event.stopPropagation()
      }}
    >
      <div className="flex items-center gap-1.5">
        <Input
          autoFocus
          aria-label="New name"
          aria-invalid={error === undefined ? undefined : true}
          aria-describedby={`${id}-error`}
          placeholder="NAME"
          value={name}
          spellCheck={false}
          className="basis-2/5 font-mono text-sm"
          onChange={(event) => setName(event.target.value)}
        />
        <Input
          aria-label="New value"
          placeholder="${NAME} or a value"
          value={value}
          spellCheck={false}
          className="flex-1 font-mono text-sm"
          onChange={(event) => setValue(event.target.value)}
        />
        <Button size="small" disabled={!isReady} onClick={() => onAdd(name, value)}>
          Add
        </Button>
      </div>
      <p id={`${id}-error`} className="text-sm text-bad">
        {error}
      </p>
    </div>
  )
}
