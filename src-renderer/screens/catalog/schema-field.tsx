import { Field, Input, TextArea } from '../../components/field.tsx'
import { Select } from '../../components/select.tsx'
import type { SchemaNode } from '../../editor/schema-node.ts'
import { useEntryForm } from './entry-context.ts'
import { fieldPatch, valueAt } from './entry-patch.ts'
import { fieldProblem, labelOf, linesOf, textMapOf } from './field-rules.ts'
import { InheritField } from './inherit-field.tsx'
import { MapField } from './map-field.tsx'
import { Prose } from './prose.tsx'
import { RuntimeFields } from './runtime-fields.tsx'
import { SwitchField } from './switch-field.tsx'
import { useDraft } from './use-draft.ts'

export interface SchemaFieldProps {
  path: readonly string[]
  node: SchemaNode
  required?: boolean
}

/** One field of the form, by what the schema says of it. */
export function SchemaField({ path, node, required = false }: SchemaFieldProps) {
  const { entry } = useEntryForm()
  const value = valueAt(entry, path)
  if (node.kind === 'boolean') return <SwitchField path={path} node={node} />
  if (node.kind === 'choice') {
    if (node.variants.some(({ kind }) => kind === 'boolean'))
      return <InheritField path={path} node={node} />
    return <RuntimeFields path={path} node={node} />
  }
  if (node.kind === 'list' && node.items?.kind === 'string' && linesOf(value) !== undefined)
    return <ListField path={path} node={node} />
  if (node.kind === 'map' && node.additional !== undefined && textMapOf(value) !== undefined)
    return <MapField path={path} node={node} />
  if (node.kind === 'map' && node.properties.size > 0)
    return [...node.properties].map(([name, child]) => (
      <SchemaField
        key={name}
        path={[...path, name]}
        node={child}
        required={node.required.has(name)}
      />
    ))
  if (node.kind === 'string' && node.values.length > 0)
    return <ValueField path={path} node={node} />
  const isText = ['string', 'number', 'undefined'].includes(typeof value)
  if ((node.kind === 'string' || node.kind === 'number') && isText)
    return <TextField path={path} node={node} required={required} />
  return <ByHand path={path} node={node} />
}

function nameAt(path: readonly string[]): string {
  return path.at(-1) ?? ''
}

const codeFields = new Set(['command', 'url', 'image', 'working_dir', 'env_file', 'id', 'path'])

function TextField({ path, node, required = false }: SchemaFieldProps) {
  const { entry, saved, otherIds, locked, patch } = useEntryForm()
  const name = nameAt(path)
  const given = valueAt(entry, path)
  const isId = path.length === 1 && name === 'id'
  const draft = useDraft(
    typeof given === 'string' || typeof given === 'number' ? String(given) : '',
    (text) => fieldProblem(node, text, { required, ...(isId ? { taken: otherIds } : {}) }),
    (text) => {
      const value = node.kind === 'number' ? Number(text) : text
      const next = text === '' ? undefined : value
      return patch(fieldPatch(path, next, { defaultValue: node.default, saved }))
    },
  )
  return (
    <Field
      label={labelOf(name, node)}
      hint={node.description === undefined ? undefined : <Prose text={node.description} />}
      error={draft.error}
      required={required}
    >
      {(ids) => (
        <Input
          {...ids}
          value={draft.text}
          disabled={locked}
          inputMode={node.kind === 'number' ? 'numeric' : undefined}
          placeholder={isId ? undefined : placeholderFor(name, node)}
          spellCheck={false}
          className={
            node.kind === 'number'
              ? 'num max-w-32'
              : codeFields.has(name)
                ? 'font-mono text-sm'
                : ''
          }
          onChange={(event) => draft.onChange(event.target.value)}
          onBlur={draft.onBlur}
          onKeyDown={(event) => {
            if (event.key === 'Enter') draft.commit()
          }}
        />
      )}
    </Field>
  )
}

function placeholderFor(name: string, node: SchemaNode): string | undefined {
  if (node.kind === 'number') return 'Default'
  return name === 'url' ? 'https://' : undefined
}

/** A choice among few values. */
function ValueField({ path, node }: SchemaFieldProps) {
  const { entry, saved, locked, patch } = useEntryForm()
  const given = valueAt(entry, path) ?? node.default
  const isKnown = node.values.some((value) => value === given)
  return (
    <Field
      label={labelOf(nameAt(path), node)}
      hint={node.description === undefined ? undefined : <Prose text={node.description} />}
      error={isKnown ? undefined : 'This is none of the values that are allowed.'}
    >
      {(ids) => (
        <Select
          {...ids}
          className="max-w-48"
          disabled={locked}
          value={isKnown ? String(given) : ''}
          onChange={(event) => {
            const value = node.values.find((one) => String(one) === event.target.value)
            void patch(fieldPatch(path, value, { defaultValue: node.default, saved })).catch(
              () => {},
            )
          }}
        >
          {!isKnown && <option value="">?</option>}
          {node.values.map((value) => (
            <option key={String(value)} value={String(value)}>
              {String(value)}
              {value === node.default ? ' (default)' : ''}
            </option>
          ))}
        </Select>
      )}
    </Field>
  )
}

/** A list of texts: one a line; tags side by side. */
export function ListField({
  path,
  node,
  label = labelOf(nameAt(path), node),
}: SchemaFieldProps & { label?: string }) {
  const { entry, saved, locked, patch } = useEntryForm()
  const name = nameAt(path)
  const isTags = name === 'tags'
  const lines = linesOf(valueAt(entry, path)) ?? []
  const separator = isTags ? ', ' : '\n'
  const draft = useDraft(
    lines.join(separator),
    () => undefined,
    (text) => {
      const parts = text.split(isTags ? ',' : '\n')
      const items = parts.map((part) => (isTags ? part.trim() : part.replace(/\r$/, '')))
      const value = items.filter((part) => part.trim() !== '')
      const next = value.length === 0 ? undefined : value
      return patch(fieldPatch(path, next, { defaultValue: node.default, saved }))
    },
  )
  const shared = {
    value: draft.text,
    disabled: locked,
    spellCheck: false,
    onBlur: draft.onBlur,
  }
  return (
    <Field
      label={label}
      hint={node.description === undefined ? undefined : <Prose text={node.description} />}
      error={draft.error}
    >
      {(ids) =>
        isTags ? (
          <Input {...ids} {...shared} onChange={(event) => draft.onChange(event.target.value)} />
        ) : (
          <TextArea
            {...ids}
            {...shared}
            rows={Math.min(Math.max(draft.text.split('\n').length, 2), 8)}
            wrap="off"
            className="min-h-0 font-mono text-sm"
            placeholder="One a line"
            onChange={(event) => draft.onChange(event.target.value)}
          />
        )
      }
    </Field>
  )
}

/** What the form cannot show is left to the text. */
function ByHand({ path, node }: SchemaFieldProps) {
  return (
    <div className="flex flex-col gap-0.5">
      <span className="text-base font-medium">{labelOf(nameAt(path), node)}</span>
      <p className="text-sm text-muted">This value has a form of its own. Edit it in the YAML.</p>
    </div>
  )
}
