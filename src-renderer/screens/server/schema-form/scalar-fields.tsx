import { useState } from 'react'
import { Input, TextArea } from '../../../components/field.tsx'
import { Select } from '../../../components/select.tsx'
import { FieldShell } from './field-shell.tsx'
import { textOf, type Schema } from './schema.ts'
import type { KindProps } from './form-context.tsx'

/** Text that grows with its lines; dates and passwords have the browser's own field. */
export function StringField(props: KindProps) {
  const { field, value, onChange } = props
  const text = typeof value === 'string' ? value : ''
  const type = { date: 'date', password: 'password' }[textOf(field.schema, 'format') ?? '']
  const set = (next: string) => onChange(next === '' ? undefined : next)
  return (
    <FieldShell {...props}>
      {(ids) =>
        type === undefined ? (
          <TextArea
            {...ids}
            rows={1}
            className="max-h-60 min-h-8 resize-none [field-sizing:content]"
            placeholder={exampleOf(field.schema)}
            value={text}
            onChange={(event) => set(event.target.value)}
          />
        ) : (
          <Input {...ids} type={type} value={text} onChange={(event) => set(event.target.value)} />
        )
      }
    </FieldShell>
  )
}

/** What is typed stays as it is typed ("1e", "-"); the value follows when it is a number. */
export function NumberField(props: KindProps) {
  const { field, value, onChange } = props
  const [typed, setTyped] = useState<string>()
  const shown = typed !== undefined && numberIn(typed) === value ? typed : textOfNumber(value)
  return (
    <FieldShell {...props}>
      {(ids) => (
        <Input
          {...ids}
          inputMode={field.kind === 'integer' ? 'numeric' : 'decimal'}
          className="num max-w-52"
          placeholder={exampleOf(field.schema)}
          value={shown}
          onChange={(event) => {
            setTyped(event.target.value)
            onChange(numberIn(event.target.value))
          }}
        />
      )}
    </FieldShell>
  )
}

/** What is no number is kept as text, so that the check can say so. */
function numberIn(text: string): unknown {
  if (text.trim() === '') return undefined
  const number = Number(text)
  return Number.isFinite(number) ? number : text
}

function textOfNumber(value: unknown): string {
  return typeof value === 'number' || typeof value === 'string' ? String(value) : ''
}

export function BooleanField(props: KindProps) {
  const { required, value, onChange } = props
  return (
    <FieldShell {...props}>
      {(ids) => (
        <Select
          {...ids}
          className="w-fit"
          value={typeof value === 'boolean' ? String(value) : ''}
          onChange={(event) => onChange({ true: true, false: false }[event.target.value])}
        >
          {(!required || typeof value !== 'boolean') && (
            <option value="">{required ? 'Choose' : 'Not set'}</option>
          )}
          <option value="true">true</option>
          <option value="false">false</option>
        </Select>
      )}
    </FieldShell>
  )
}

export function EnumField(props: KindProps) {
  const { field, required, value, onChange } = props
  const values: unknown[] = Array.isArray(field.schema['enum']) ? field.schema['enum'] : []
  const titles = field.schema['enumTitles']
  const chosen = values.findIndex((one) => JSON.stringify(one) === JSON.stringify(value))
  return (
    <FieldShell {...props}>
      {(ids) => (
        <Select
          {...ids}
          className="w-fit max-w-full"
          value={chosen}
          onChange={(event) => onChange(values[Number(event.target.value)])}
        >
          {(!required || chosen < 0) && (
            <option value={-1}>{required ? 'Choose' : 'Not set'}</option>
          )}
          {values.map((one, index) => (
            <option key={index} value={index}>
              {titleAt(titles, index) ?? (typeof one === 'string' ? one : JSON.stringify(one))}
            </option>
          ))}
        </Select>
      )}
    </FieldShell>
  )
}

function titleAt(titles: unknown, index: number): string | undefined {
  const title: unknown = Array.isArray(titles) ? titles[index] : undefined
  return typeof title === 'string' ? title : undefined
}

/** There is nothing to choose, at most whether it is there. */
export function ConstField(props: KindProps) {
  const { field, required, value, onChange } = props
  const constant = field.schema['const']
  return (
    <FieldShell {...props}>
      {(ids) => (
        <label className="flex h-8 items-center gap-2">
          <input
            {...ids}
            type="checkbox"
            className="accent-accent"
            disabled={required && value !== undefined}
            checked={value !== undefined}
            onChange={(event) => onChange(event.target.checked ? constant : undefined)}
          />
          <code className="font-mono text-sm">{JSON.stringify(constant)}</code>
        </label>
      )}
    </FieldShell>
  )
}

function exampleOf(schema: Schema): string | undefined {
  const { examples } = schema
  const example: unknown = Array.isArray(examples) ? examples[0] : undefined
  return typeof example === 'string' || typeof example === 'number' ? String(example) : undefined
}
