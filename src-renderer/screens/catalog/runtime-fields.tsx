import { useId, type ComponentType } from 'react'
import { isRecord } from '../../../src-shared/json-record.ts'
import { Select } from '../../components/select.tsx'
import { variantsFor, type SchemaNode } from '../../editor/schema-node.ts'
import { useEntryForm, type SchemaFieldProps } from './entry-context.ts'
import { mapPatch, valueAt } from './entry-patch.ts'
import { labelOf } from './field-rules.ts'
import { Prose } from './prose.tsx'

interface RuntimeFieldsProps extends SchemaFieldProps {
  /** Draws a field of the chosen type. */
  renderField: ComponentType<SchemaFieldProps>
}

/** A choice among maps that a `type` tells apart: the type, then its own fields. */
export function RuntimeFields({ path, node, renderField: Part }: RuntimeFieldsProps) {
  const { entry, locked, patch } = useEntryForm()
  const id = useId()
  const given = valueAt(entry, path)
  const now = isRecord(given) ? given : {}
  const type = typeof now['type'] === 'string' ? now['type'] : ''
  const types = node.variants.flatMap((variant) => typesOf(variant))
  const variant = variantsFor(node, new Map([['type', type]]))[0]
  const isKnown = types.some((one) => one.value === type)

  const change = (next: string): void => {
    const [target] = variantsFor(node, new Map([['type', next]]))
    // What both types have stays: the URL of the one is the URL of the other.
    const kept = Object.entries(now).filter(([key]) => target?.properties.has(key) === true)
    const after = { ...Object.fromEntries(kept), type: next }
    const [name = ''] = path
    void patch({ [name]: mapPatch(now, after) }).catch(() => {})
  }

  return (
    <>
      <div className="flex flex-col gap-1">
        <label htmlFor={id} className="text-base font-medium">
          Type
        </label>
        <Select
          id={id}
          className="max-w-60"
          aria-describedby={`${id}-hint`}
          disabled={locked}
          value={isKnown ? type : ''}
          onChange={(event) => change(event.target.value)}
        >
          {!isKnown && <option value="">{type === '' ? 'Choose' : type}</option>}
          {types.map(({ value, title }) => (
            <option key={value} value={value}>
              {title}
            </option>
          ))}
        </Select>
        <p id={`${id}-hint`} className="text-sm text-muted">
          <Prose text={(isKnown ? variant?.description : node.description) ?? ''} />
        </p>
      </div>
      {isKnown &&
        [...(variant?.properties ?? [])]
          .filter(([name]) => name !== 'type')
          .map(([name, child]) => (
            <Part
              key={`${type}.${name}`}
              path={[...path, name]}
              node={child}
              required={variant?.required.has(name) === true}
            />
          ))}
    </>
  )
}

function typesOf(variant: SchemaNode): { value: string; title: string }[] {
  const values = variant.properties.get('type')?.values ?? []
  return values.map((value) => ({
    value: String(value),
    title: values.length === 1 ? labelOf(String(value), variant) : String(value),
  }))
}
