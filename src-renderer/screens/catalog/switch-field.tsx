import { useId } from 'react'
import { Switch } from '../../components/switch.tsx'
import { useEntryForm, type SchemaFieldProps } from './entry-context.ts'
import { fieldPatch, valueAt } from './entry-patch.ts'
import { labelOf } from './field-rules.ts'
import { Prose } from './prose.tsx'

export function SwitchField({ path, node }: SchemaFieldProps) {
  const { entry, saved, locked, patch } = useEntryForm()
  const id = useId()
  const value = valueAt(entry, path) ?? node.default
  return (
    <div className="flex items-start gap-3">
      <div className="min-w-0 flex-1">
        <label htmlFor={id} className="text-base font-medium">
          {labelOf(path.at(-1) ?? '', node)}
        </label>
        {node.description !== undefined && (
          <p id={`${id}-hint`} className="text-sm text-muted">
            <Prose text={node.description} />
          </p>
        )}
      </div>
      <Switch
        id={id}
        aria-describedby={`${id}-hint`}
        checked={value === true}
        disabled={locked}
        onCheckedChange={(on) =>
          void patch(fieldPatch(path, on, { defaultValue: node.default, saved })).catch(() => {})
        }
      />
    </div>
  )
}
