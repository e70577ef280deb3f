import { Field } from '../../components/field.tsx'
import { Select } from '../../components/select.tsx'
import { nameAt, useEntryForm, type SchemaFieldProps } from './entry-context.ts'
import { fieldPatch, valueAt } from './entry-patch.ts'
import { labelOf } from './field-rules.ts'
import { Prose } from './prose.tsx'

/** A choice among few values. */
export function ValueField({ path, node }: SchemaFieldProps) {
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
