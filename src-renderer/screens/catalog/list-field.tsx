import { Field, Input, TextArea } from '../../components/field.tsx'
import { nameAt, useEntryForm, type SchemaFieldProps } from './entry-context.ts'
import { fieldPatch, valueAt } from './entry-patch.ts'
import { labelOf, linesOf } from './field-rules.ts'
import { Prose } from './prose.tsx'
import { useDraft } from './use-draft.ts'

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
