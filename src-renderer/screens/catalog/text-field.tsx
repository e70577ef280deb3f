import { Field, Input } from '../../components/field.tsx'
import type { SchemaNode } from '../../editor/schema-node.ts'
import { nameAt, useEntryForm, type SchemaFieldProps } from './entry-context.ts'
import { fieldPatch, valueAt } from './entry-patch.ts'
import { fieldProblem, labelOf } from './field-rules.ts'
import { Prose } from './prose.tsx'
import { looksSecret, secretIn } from './secret-hint.ts'
import { SecretNote } from './secret-note.tsx'
import { useDraft } from './use-draft.ts'

const codeFields = new Set([
  'command',
  'url',
  'image',
  'working_dir',
  'env_file',
  'id',
  'path',
  'container_name',
  'network',
  'user',
  'memory',
  'client_id',
  'client_secret',
])
const secretFields = new Set(['client_secret'])

/** A text or a number. */
export function TextField({ path, node, required = false }: SchemaFieldProps) {
  const { id: serverId, entry, saved, otherIds, locked, patch } = useEntryForm()
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
  const isSecret = secretFields.has(name) && looksSecret(name, draft.text)
  const ownVariable = `${serverId}_${name}`.replaceAll(/\W+/g, '_').toUpperCase()
  return (
    <div className="min-w-0">
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
            inputMode={node.kind !== 'number' ? undefined : node.isInteger ? 'numeric' : 'decimal'}
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
      {isSecret && (
        <SecretNote
          secret={secretIn(ownVariable, draft.text, serverId)}
          disabled={locked}
          onUse={(text) => {
            draft.onChange(text)
            draft.commit()
          }}
        />
      )}
    </div>
  )
}

function placeholderFor(name: string, node: SchemaNode): string | undefined {
  if (node.kind === 'number') return 'Default'
  return name === 'url' ? 'https://' : undefined
}
