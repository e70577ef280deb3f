import { useState } from 'react'
import { Select } from '../../../components/select.tsx'
import { FieldShell } from './field-shell.tsx'
import { SchemaField, useFormRoot, type KindProps } from './form-context.tsx'
import { switchedTo } from './initial-value.ts'
import { fieldOf, isRecord, propertiesOf, textOf } from './schema.ts'
import { ObjectBody } from './object-field.tsx'
import { validate } from './validate.ts'

/** One of several shapes: which one is chosen above, and filled in below. */
export function UnionField(props: KindProps) {
  const { field, name, path, required, value, onChange } = props
  const root = useFormRoot()
  const [picked, setPicked] = useState<number>()
  const variants: unknown[] = Array.isArray(field.schema['oneOf']) ? field.schema['oneOf'] : []
  const chosen = value === undefined ? -1 : (picked ?? bestVariant(value, variants, root))
  const variant = variants[chosen]
  return (
    <FieldShell {...props}>
      {(ids) => (
        <div className="flex flex-col gap-3">
          <Select
            {...ids}
            className="w-fit max-w-full"
            value={chosen}
            onChange={(event) => {
              const next = Number(event.target.value)
              setPicked(next < 0 ? undefined : next)
              onChange(next < 0 ? undefined : (switchedTo(variants[next], root, value) ?? ''))
            }}
          >
            {(!required || chosen < 0) && (
              <option value={-1}>{required ? 'Choose' : 'Not set'}</option>
            )}
            {variants.map((one, index) => (
              <option key={index} value={index}>
                {variantName(one, root, index)}
              </option>
            ))}
          </Select>
          {variant !== undefined && (
            <Variant
              key={chosen}
              schema={variant}
              name={name}
              path={path}
              value={value}
              onChange={onChange}
            />
          )}
        </div>
      )}
    </FieldShell>
  )
}

interface VariantProps {
  schema: unknown
  name: string
  path: string
  value: unknown
  onChange: (value: unknown) => void
}

/** An object shows its properties under the choice; anything else is one more field. */
function Variant({ schema, name, path, value, onChange }: VariantProps) {
  const field = fieldOf(schema, useFormRoot())
  if (field.kind === 'object')
    return (
      <div className="border-l border-line pl-4">
        <ObjectBody
          schema={field.schema}
          path={path}
          value={isRecord(value) ? value : {}}
          onChange={onChange}
        />
      </div>
    )
  return (
    <SchemaField
      schema={field.schema}
      name={name}
      path={path}
      required
      value={value}
      onChange={(next) => onChange(next ?? '')}
    />
  )
}

/** The first that the value fits, else the one with the fewest problems. */
function bestVariant(value: unknown, variants: readonly unknown[], root: unknown): number {
  const problems = variants.map((variant) => validate(value, variant, root).length)
  return problems.indexOf(Math.min(...problems))
}

/** Its title, the constant that marks it, or its type. */
function variantName(variant: unknown, root: unknown, index: number): string {
  const { schema, kind } = fieldOf(variant, root)
  const title = textOf(schema, 'title')
  if (title !== undefined) return title
  for (const property of propertiesOf(schema)) {
    const { schema: inner } = fieldOf(property.schema, root)
    if (typeof inner['const'] === 'string') return inner['const']
  }
  const type = textOf(schema, 'type') ?? (kind === 'json' ? undefined : kind)
  return type ?? `Choice ${index + 1}`
}
