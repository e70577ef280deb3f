import { useMemo, type ReactNode } from 'react'
import { ArrayField } from './array-field.tsx'
import {
  FormContext,
  SchemaField,
  useFormRoot,
  type KindProps,
  type SchemaFieldProps,
} from './form-context.tsx'
import { JsonField } from './json-field.tsx'
import { ObjectBody, ObjectField } from './object-field.tsx'
import { BooleanField, ConstField, EnumField, NumberField, StringField } from './scalar-fields.tsx'
import { fieldOf, isRecord, type Field } from './schema.ts'
import { UnionField } from './union-field.tsx'
import type { Problem } from './validate.ts'

interface SchemaFormProps {
  schema: unknown
  value: unknown
  onChange: (value: unknown) => void
  /** Shown at their fields. */
  problems: readonly Problem[]
}

/** A form for a value of a JSON Schema. What the schema does not tell is written as JSON. */
export function SchemaForm({ schema, value, onChange, problems }: SchemaFormProps) {
  const surroundings = useMemo(
    () => ({
      root: schema,
      problems: new Map(problems.map(({ path, message }) => [path, message])),
      Draw: DrawnField,
    }),
    [schema, problems],
  )
  const field = fieldOf(schema, schema)
  return (
    <FormContext value={surroundings}>
      {field.kind === 'object' && !field.nullable ? (
        <ObjectBody
          schema={field.schema}
          path=""
          value={isRecord(value) ? value : {}}
          onChange={onChange}
        />
      ) : (
        <SchemaField
          schema={schema}
          name="Value"
          path=""
          required
          value={value}
          onChange={onChange}
        />
      )}
    </FormContext>
  )
}

const kinds: Record<Field['kind'], (props: KindProps) => ReactNode> = {
  string: StringField,
  number: NumberField,
  integer: NumberField,
  boolean: BooleanField,
  enum: EnumField,
  const: ConstField,
  object: ObjectField,
  array: ArrayField,
  union: UnionField,
  json: JsonField,
}

function DrawnField({ schema, ...props }: SchemaFieldProps) {
  const field = fieldOf(schema, useFormRoot())
  const Kind = kinds[field.kind]
  return <Kind {...props} field={field} />
}
