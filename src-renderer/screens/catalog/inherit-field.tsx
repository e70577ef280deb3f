import { useId } from 'react'
import { Select } from '../../components/select.tsx'
import { useEntryForm, type SchemaFieldProps } from './entry-context.ts'
import { fieldPatch, valueAt } from './entry-patch.ts'
import { labelOf } from './field-rules.ts'
import { Prose } from './prose.tsx'
import { ListField } from './list-field.tsx'

/** Yes, no, or a list: all variables, none, or those named. */
export function InheritField({ path, node }: SchemaFieldProps) {
  const { entry, saved, locked, patch } = useEntryForm()
  const id = useId()
  const value = valueAt(entry, path) ?? node.default
  const mode = Array.isArray(value) ? 'some' : value === true ? 'all' : 'none'
  const listNode = node.variants.find(({ kind }) => kind === 'list')
  const choose = (next: string): void => {
    const values: Record<string, unknown> = { none: false, all: true, some: ['LANG'] }
    void patch(fieldPatch(path, values[next], { defaultValue: node.default, saved })).catch(
      () => {},
    )
  }
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-col gap-1">
        <label htmlFor={id} className="text-base font-medium">
          {labelOf(path.at(-1) ?? '', node)}
        </label>
        <Select
          id={id}
          className="max-w-60"
          aria-describedby={`${id}-hint`}
          disabled={locked}
          value={mode}
          onChange={(event) => choose(event.target.value)}
        >
          <option value="none">The safe basics alone</option>
          <option value="all">All of the gateway’s</option>
          {listNode !== undefined && <option value="some">Those named</option>}
        </Select>
        {node.description !== undefined && (
          <p id={`${id}-hint`} className="text-sm text-muted">
            <Prose text={node.description} />
          </p>
        )}
      </div>
      {mode === 'some' && listNode !== undefined && (
        <ListField path={path} node={listNode} label="Names of variables" />
      )}
    </div>
  )
}
