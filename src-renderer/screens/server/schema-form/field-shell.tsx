import { useId, type ReactNode } from 'react'
import { RequiredMark } from '../../../components/field.tsx'
import { useProblem } from './form-context.tsx'
import { numberOf, textOf, type Field } from './schema.ts'

export interface ControlIds {
  id: string
  'aria-describedby': string | undefined
  'aria-invalid': true | undefined
  'aria-required': true | undefined
}

interface FieldShellProps {
  field: Field
  /** The property's name, or the item's number. */
  name: string
  path: string
  required: boolean
  value: unknown
  onChange: (value: unknown) => void
  /** Buttons at the right end of the label. */
  actions?: ReactNode
  /** For several controls under one label: a group instead of a label. */
  group?: boolean
  children: (ids: ControlIds) => ReactNode
}

/** Name, what is expected, the control, its description and what is wrong: the same for every kind of field. */
export function FieldShell(props: FieldShellProps) {
  const { field, name, path, required, value, onChange, actions, group = false, children } = props
  const id = useId()
  const problem = useProblem(path)
  const description = textOf(field.schema, 'description')
  const described = [
    description !== undefined && `${id}-hint`,
    problem !== undefined && `${id}-problem`,
  ]
  const label = (
    <>
      {textOf(field.schema, 'title') ?? name}
      {required && <RequiredMark />}
    </>
  )
  return (
    <div
      className="flex min-w-0 flex-col gap-1"
      {...(group ? { role: 'group', 'aria-labelledby': `${id}-label` } : {})}
    >
      <div className="flex min-h-6 items-center gap-2">
        {group ? (
          <span id={`${id}-label`} className="font-medium">
            {label}
          </span>
        ) : (
          <label htmlFor={id} className="font-medium">
            {label}
          </label>
        )}
        <span className="truncate text-sm text-muted">{expectation(field)}</span>
        <span className="ml-auto flex shrink-0 items-center gap-1">
          {field.nullable && (
            <label className="flex items-center gap-1.5 text-sm text-muted">
              <input
                type="checkbox"
                className="accent-accent"
                checked={value === null}
                onChange={(event) => onChange(event.target.checked ? null : undefined)}
              />
              null
            </label>
          )}
          {actions}
        </span>
      </div>
      {description !== undefined && (
        <p id={`${id}-hint`} className="text-sm text-muted">
          {description}
        </p>
      )}
      {!(value === null && field.nullable) &&
        children({
          id,
          'aria-describedby': described.filter(Boolean).join(' ') || undefined,
          'aria-invalid': problem === undefined ? undefined : true,
          'aria-required': required || undefined,
        })}
      {problem !== undefined && (
        <p id={`${id}-problem`} className="text-sm text-bad">
          {problem}
        </p>
      )}
    </div>
  )
}

/** "whole number, 1 to 1000", "email", "list". */
function expectation({ kind, schema }: Field): string {
  const words = {
    string: textOf(schema, 'format') ?? 'text',
    number: 'number',
    integer: 'whole number',
    boolean: '',
    enum: '',
    const: '',
    object: '',
    array: 'list',
    union: '',
    json: 'JSON',
  }[kind]
  const above = numberOf(schema, 'exclusiveMinimum')
  const from = numberOf(schema, 'minimum')
  const to = numberOf(schema, 'maximum') ?? numberOf(schema, 'exclusiveMaximum')
  if (above !== undefined && from === undefined) return `${words}, above ${above}`
  if (from !== undefined && to !== undefined) return `${words}, ${from} to ${to}`
  if (from !== undefined) return `${words}, from ${from}`
  if (to !== undefined) return `${words}, up to ${to}`
  return words
}
