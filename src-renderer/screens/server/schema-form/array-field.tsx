import { ArrowDown, ArrowUp, Plus, X } from 'lucide-react'
import { useRef } from 'react'
import { Button, IconButton } from '../../../components/button.tsx'
import { FieldShell } from './field-shell.tsx'
import { SchemaField, useFormRoot, type KindProps } from './form-context.tsx'
import { initialValue } from './initial-value.ts'
import { fieldOf, numberOf, textOf } from './schema.ts'
import { join } from './validate.ts'

/** A list whose items can be added, moved and removed. */
export function ArrayField(props: KindProps) {
  const { field, name, path, required, value, onChange, actions } = props
  const root = useFormRoot()
  const items: readonly unknown[] = Array.isArray(value) ? value : []
  const keys = useKeys(items.length)
  const itemSchema = field.schema['items'] ?? {}
  const label = textOf(field.schema, 'title') ?? name
  const most = numberOf(field.schema, 'maxItems') ?? Infinity

  const change = (next: readonly unknown[]) =>
    // An empty list that may be left out is.
    onChange(next.length === 0 && !required ? undefined : next)
  const move = (from: number, to: number) => {
    keys.move(from, to)
    change(moved(items, from, to))
  }

  return (
    <FieldShell {...props} group actions={actions}>
      {() => (
        <div className="flex flex-col items-start gap-3">
          {items.length > 0 && (
            <ol className="flex w-full flex-col gap-3 border-l border-line pl-4">
              {items.map((item, index) => {
                const place = `${label} ${index + 1}`
                return (
                  <li key={keys.at(index)}>
                    <SchemaField
                      schema={itemSchema}
                      name={String(index + 1)}
                      path={join(path, String(index))}
                      required
                      value={item}
                      onChange={(next) => change(items.with(index, next ?? null))}
                      actions={
                        <>
                          <IconButton
                            icon={ArrowUp}
                            size="small"
                            label={`Move ${place} up`}
                            disabled={index === 0}
                            onClick={() => move(index, index - 1)}
                          />
                          <IconButton
                            icon={ArrowDown}
                            size="small"
                            label={`Move ${place} down`}
                            disabled={index === items.length - 1}
                            onClick={() => move(index, index + 1)}
                          />
                          <IconButton
                            icon={X}
                            size="small"
                            label={`Remove ${place}`}
                            onClick={() => {
                              keys.remove(index)
                              change(items.toSpliced(index, 1))
                            }}
                          />
                        </>
                      }
                    />
                  </li>
                )
              })}
            </ol>
          )}
          <Button
            size="small"
            icon={Plus}
            aria-label={`Add to ${label}`}
            disabled={items.length >= most}
            onClick={() =>
              change([...items, initialValue(itemSchema, root) ?? blank(itemSchema, root)])
            }
          >
            Add item
          </Button>
        </div>
      )}
    </FieldShell>
  )
}

/** A list has no holes: what has no value yet is the emptiest of its kind. */
function blank(schema: unknown, root: unknown): unknown {
  const { kind, schema: own } = fieldOf(schema, root)
  if (kind === 'string') return ''
  if (kind === 'number' || kind === 'integer') return numberOf(own, 'minimum') ?? 0
  if (kind === 'union' && Array.isArray(own['oneOf'])) return blank(own['oneOf'][0], root)
  if (kind === 'enum' && Array.isArray(own['enum'])) return own['enum'][0] ?? null
  return null
}

function moved(items: readonly unknown[], from: number, to: number): unknown[] {
  const next = items.toSpliced(from, 1)
  next.splice(to, 0, items[from])
  return next
}

/** Items have no identity of their own; theirs moves with them, so that what is half typed stays with its item. */
function useKeys(length: number) {
  const state = useRef({ keys: [] as number[], next: 0 })
  const { keys } = state.current
  while (keys.length < length) keys.push(state.current.next++)
  keys.length = length
  return {
    at: (index: number) => keys[index] ?? index,
    move: (from: number, to: number) => {
      const [key] = keys.splice(from, 1)
      if (key !== undefined) keys.splice(to, 0, key)
    },
    remove: (index: number) => {
      keys.splice(index, 1)
    },
  }
}
