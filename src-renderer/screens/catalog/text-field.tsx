import { Field, Input } from '../../components/field.tsx'
import type { SchemaNode } from '../../editor/schema-node.ts'
import { nameAt, useEntryForm, type SchemaFieldProps } from './entry-context.ts'
import { fieldPatch, valueAt } from './entry-patch.ts'
import { fieldProblem, labelOf } from './field-rules.ts'
import { Prose } from './prose.tsx'
import { useDraft } from './use-draft.ts'

const codeFields = new Set(['command', 'url', 'image', 'working_dir', 'env_file', 'id', 'path'])

/** A text or a number. */
export function TextField({ path, node, required = false }: SchemaFieldProps) {
  const { entry, saved, otherIds, locked, patch } = useEntryForm()
  const name = nameAt(path)
  const given = valueAt(entry, path)
  const isId = path.length === 1 && name === 'id'
  const draft = useDraft(
    typeof given === 'string' || typeof given === 'number' ? String(given) : '',
    (text) => fieldProblem(node, text, { required, ...(isId ? { taken: otherIds } : {}) }),
    (text) => {
      const value = node.kind === 'number' ? Number(text) : text
      const next = text === '' ? undefined : value
      return patch(fieldPatch(path, next, { defaultValue: node.default, saved }))
    },
  )
  return (
    <Field
      label={labelOf(name, node)}
      hint={node.description === undefined ? undefined : <Prose text={node.description} />}
      error={draft.error}
      required={required}
    >
      {(ids) => (
        <Input
          {...ids}
          value={draft.text}
          disabled={locked}
          inputMode={node.kind === 'number' ? 'numeric' : undefined}
          placeholder={isId ? undefined : placeholderFor(name, node)}
          spellCheck={false}
          className={
            node.kind === 'number'
              ? 'num max-w-32'
              : codeFields.has(name)
                ? 'font-mono text-sm'
                : ''
          }
          onChange={(event) => draft.onChange(event.target.value)}
          onBlur={draft.onBlur}
          onKeyDown={(event) => {
            if (event.key === 'Enter') draft.commit()
          }}
        />
      )}
    </Field>
  )
}

function placeholderFor(name: string, node: SchemaNode): string | undefined {
  if (node.kind === 'number') return 'Default'
  return name === 'url' ? 'https://' : undefined
}
