import { useId, type ComponentType } from 'react'
import { isRecord } from '../../../src-shared/json-record.ts'
import { Select } from '../../components/select.tsx'
import { variantsFor, type SchemaNode } from '../../editor/schema-node.ts'
import { useEntryForm, type SchemaFieldProps } from './entry-context.ts'
import { mapPatch, valueAt } from './entry-patch.ts'
import { FieldGroup } from './field-group.tsx'
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

  const rare = rareFields[type] ?? { title: '', keys: [] }
  const fields = [...(variant?.properties.keys() ?? [])].filter(
    (name) => name !== 'type' && isOfUse(name, now),
  )
  const grouped = rare.keys.filter((name) => fields.includes(name))
  const draw = (name: string) => {
    const child = variant?.properties.get(name)
    return (
      child !== undefined && (
        <Part
          key={`${type}.${name}`}
          path={[...path, name]}
          node={child}
          required={variant?.required.has(name) === true || (name === 'port' && isHttp(now))}
        />
      )
    )
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
      {isKnown && fields.filter((name) => !rare.keys.includes(name)).map(draw)}
      {isKnown && grouped.length > 0 && (
        <FieldGroup
          key={type}
          title={rare.title}
          set={grouped.filter((name) => now[name] !== undefined).length}
        >
          {grouped.map(draw)}
        </FieldGroup>
      )}
    </>
  )
}

/** Of a type with many fields, those that few need. */
const rareFields: Readonly<Record<string, { title: string; keys: readonly string[] }>> = {
  docker: {
    title: 'Limits and rights',
    keys: ['memory', 'cpus', 'user', 'read_only', 'network', 'container_name'],
  },
}

function isHttp(runtime: Readonly<Record<string, unknown>>): boolean {
  return runtime['transport'] === 'http'
}

/** Port and path go with HTTP alone, the variables file beside the runtime; what is set is shown, to be taken away. */
function isOfUse(name: string, runtime: Readonly<Record<string, unknown>>): boolean {
  if (runtime[name] !== undefined) return true
  return name !== 'env_file' && ((name !== 'port' && name !== 'path') || isHttp(runtime))
}

function typesOf(variant: SchemaNode): { value: string; title: string }[] {
  const values = variant.properties.get('type')?.values ?? []
  return values.map((value) => ({
    value: String(value),
    title: values.length === 1 ? labelOf(String(value), variant) : String(value),
  }))
}
