import { Plus, X } from 'lucide-react'
import { useState } from 'react'
import { Button, IconButton } from '../../../components/button.tsx'
import { Input } from '../../../components/field.tsx'
import { FieldShell } from './field-shell.tsx'
import { SchemaField, useFormRoot, type KindProps } from './form-context.tsx'
import { initialValue } from './initial-value.ts'
import {
  extraOf,
  isRecord,
  propertiesOf,
  textOf,
  type PropertyField,
  type Schema,
} from './schema.ts'
import { join } from './validate.ts'

/** An object of its own: left out until it is added, where it may be left out. */
export function ObjectField(props: KindProps) {
  const { field, name, path, required, value, onChange, actions } = props
  const root = useFormRoot()
  const label = textOf(field.schema, 'title') ?? name
  const present = isRecord(value)
  return (
    <FieldShell
      {...props}
      group
      actions={
        <>
          {!present && value !== null && (
            <Button
              size="small"
              icon={Plus}
              aria-label={`Add ${label}`}
              onClick={() => onChange(initialValue(field.schema, root) ?? {})}
            >
              Add
            </Button>
          )}
          {present && !required && (
            <IconButton
              icon={X}
              size="small"
              label={`Leave out ${label}`}
              onClick={() => onChange(undefined)}
            />
          )}
          {actions}
        </>
      }
    >
      {() =>
        present && (
          <div className="border-l border-line pl-4">
            <ObjectBody schema={field.schema} path={path} value={value} onChange={onChange} />
          </div>
        )
      }
    </FieldShell>
  )
}

interface ObjectBodyProps {
  schema: Schema
  path: string
  value: Record<string, unknown>
  onChange: (value: Record<string, unknown>) => void
}

/** The properties of an object, and, where others are allowed, those as well. */
export function ObjectBody({ schema, path, value, onChange }: ObjectBodyProps) {
  const properties = propertiesOf(schema)
  const named = new Set(properties.map(({ name }) => name))
  const extra = extraOf(schema)
  const others = Object.keys(value).filter((name) => !named.has(name))
  const set = (name: string, next: unknown) => {
    const { [name]: _before, ...rest } = value
    onChange(next === undefined ? rest : { ...value, [name]: next })
  }
  return (
    <div className="flex flex-col gap-4">
      {properties.filter(isAsked).map((property) => (
        <SchemaField
          key={property.name}
          schema={property.schema}
          name={property.name}
          path={join(path, property.name)}
          required={property.required}
          value={value[property.name]}
          onChange={(next) => set(property.name, next)}
        />
      ))}
      {others.map((name) => (
        <SchemaField
          key={name}
          schema={extra ?? {}}
          name={name}
          path={join(path, name)}
          required={false}
          value={value[name]}
          onChange={(next) => set(name, next)}
          actions={
            <IconButton
              icon={X}
              size="small"
              label={`Remove ${name}`}
              onClick={() => set(name, undefined)}
            />
          }
        />
      ))}
      {extra !== undefined && (
        <NewProperty
          taken={(name) => named.has(name) || name in value}
          onAdd={(name) => set(name, initialExtra(extra))}
        />
      )}
    </div>
  )
}

/** A constant that must be there is no question: it is filled in. */
function isAsked({ schema, required }: PropertyField): boolean {
  return !(required && isRecord(schema) && 'const' in schema)
}

/** Something that is there, even where the schema does not say what it is. */
function initialExtra(schema: unknown): unknown {
  return (
    initialValue(schema, schema) ??
    (isRecord(schema) && schema['type'] !== undefined ? emptyOf(schema['type']) : '')
  )
}

function emptyOf(type: unknown): unknown {
  return type === 'number' || type === 'integer' ? 0 : ''
}

interface NewPropertyProps {
  taken: (name: string) => boolean
  onAdd: (name: string) => void
}

function NewProperty({ taken, onAdd }: NewPropertyProps) {
  const [name, setName] = useState('')
  const usable = name !== '' && !taken(name)
  const add = () => {
    if (!usable) return
    onAdd(name)
    setName('')
  }
  return (
    <div className="flex items-center gap-2">
      <Input
        aria-label="Name of another property"
        placeholder="Name of another property"
        className="max-w-60"
        value={name}
        onChange={(event) => setName(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return
          event.preventDefault()
          add()
        }}
      />
      <Button icon={Plus} disabled={!usable} onClick={add}>
        Add
      </Button>
    </div>
  )
}
