import { isRecord } from '../../../src-shared/json-record.ts'
import { nameAt, useEntryForm, type SchemaFieldProps } from './entry-context.ts'
import { valueAt } from './entry-patch.ts'
import { FieldGroup } from './field-group.tsx'
import { labelOf, linesOf, textMapOf } from './field-rules.ts'
import { InheritField } from './inherit-field.tsx'
import { ListField } from './list-field.tsx'
import { MapField } from './map-field.tsx'
import { RuntimeFields } from './runtime-fields.tsx'
import { SwitchField } from './switch-field.tsx'
import { TextField } from './text-field.tsx'
import { ValueField } from './value-field.tsx'

/** One field of the form, by what the schema says of it. */
export function SchemaField({ path, node, required = false }: SchemaFieldProps) {
  const { entry } = useEntryForm()
  const value = valueAt(entry, path)
  if (node.kind === 'boolean') return <SwitchField path={path} node={node} />
  if (node.kind === 'choice') {
    if (node.variants.some(({ kind }) => kind === 'boolean'))
      return <InheritField path={path} node={node} />
    return <RuntimeFields path={path} node={node} renderField={SchemaField} />
  }
  if (node.kind === 'list' && node.items?.kind === 'string' && linesOf(value) !== undefined)
    return <ListField path={path} node={node} />
  if (node.kind === 'map' && node.additional !== undefined && textMapOf(value) !== undefined)
    return <MapField path={path} node={node} />
  if (node.kind === 'map' && node.properties.size > 0) {
    const fields = [...node.properties].map(([name, child]) => (
      <SchemaField
        key={name}
        path={[...path, name]}
        node={child}
        required={node.required.has(name)}
      />
    ))
    // A section of its own needs no second title.
    if (path.length === 1) return fields
    return (
      <FieldGroup
        title={labelOf(nameAt(path), node)}
        description={node.description}
        set={isRecord(value) ? Object.keys(value).length : 0}
      >
        {fields}
      </FieldGroup>
    )
  }
  if (node.kind === 'string' && node.values.length > 0)
    return <ValueField path={path} node={node} />
  const isText = ['string', 'number', 'undefined'].includes(typeof value)
  if ((node.kind === 'string' || node.kind === 'number') && isText)
    return <TextField path={path} node={node} required={required} />
  return <ByHand path={path} node={node} />
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
