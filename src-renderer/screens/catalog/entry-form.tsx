import { ChevronRight, Copy, EllipsisVertical, Trash2 } from 'lucide-react'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import type { CatalogEntry, CatalogProblemView } from '../../../src-shared/api.ts'
import { IconButton } from '../../components/button.tsx'
import { cx } from '../../components/class-names.ts'
import { Menu } from '../../components/menu.tsx'
import type { SchemaNode } from '../../editor/schema-node.ts'
import { EntryFormContext, type EntryForm } from './entry-context.ts'
import { valueAt } from './entry-patch.ts'
import { SchemaField } from './schema-field.tsx'
import { nameOf } from './server-words.ts'
import { useLate } from './use-late.ts'

interface EntryFormProps {
  form: EntryForm
  server: CatalogEntry
  /** Why the form takes no changes. */
  note: string | undefined
  /** A server, by the catalog's schema. */
  schema: SchemaNode
  /** Those in this server's lines. */
  problems: readonly CatalogProblemView[]
  onProblem: (problem: CatalogProblemView) => void
  onDuplicate: () => void
  onRemove: () => void
}

interface Section {
  title: string
  keys: readonly string[]
  /** Closed at first, unless something in it is set. */
  rare?: boolean
}

const sections: readonly Section[] = [
  { title: 'Server', keys: ['id', 'display_name', 'description', 'tags', 'enabled'] },
  { title: 'Runtime', keys: ['runtime'] },
  { title: 'Environment', keys: ['env', 'env_file', 'inherit_env'] },
  {
    title: 'Starting and stopping',
    keys: [
      'always_on',
      'idle_timeout_seconds',
      'start_timeout_seconds',
      'request_timeout_seconds',
      'isolation',
      'overlap',
    ],
    rare: true,
  },
  { title: 'Tools', keys: ['tools'], rare: true },
]

/** What only a program on this machine gets. */
const ofPrograms = new Set(['env', 'env_file', 'inherit_env', 'overlap', 'start_timeout_seconds'])

/** One server as a form: every field that the schema knows, in a sensible order. */
export function EntryFormView(props: EntryFormProps) {
  const { form, server, note, schema, problems, onProblem, onDuplicate, onRemove } = props
  const placed = new Set(sections.flatMap(({ keys }) => keys))
  const others = [...schema.properties.keys()].filter((key) => !placed.has(key))
  const all = [...sections, { title: 'More', keys: others, rare: true }]
  const head = useRef<HTMLDivElement>(null)
  useEffect(() => {
    head.current?.scrollIntoView({ block: 'nearest' })
  }, [])
  const isRemote = String(valueAt(form.entry, ['runtime', 'type'])).startsWith('remote-')
  return (
    <EntryFormContext value={form}>
      <div ref={head} className="flex items-center gap-2 px-4 pt-3">
        <h2 className="min-w-0 flex-1 truncate text-lead font-semibold" title={nameOf(server)}>
          {nameOf(server)}
        </h2>
        <Menu
          trigger={<IconButton icon={EllipsisVertical} label={`More for ${nameOf(server)}`} />}
          items={[
            { label: 'Duplicate', icon: Copy, disabled: form.locked, onSelect: onDuplicate },
            {
              label: 'Remove',
              icon: Trash2,
              danger: true,
              disabled: form.locked,
              onSelect: onRemove,
            },
          ]}
        />
      </div>
      {note !== undefined && <p className="mx-4 mt-2 text-sm text-warn">{note}</p>}
      {useLate(problems.length > 0) && (
        <ul className="mx-4 mt-2 flex flex-col gap-1 rounded bg-bad-soft px-3 py-2">
          {problems.map((problem, index) => (
            <li key={index} className="text-sm">
              <button
                type="button"
                className="text-left wrap-anywhere hover:underline"
                onClick={() => onProblem(problem)}
              >
                <span className="num text-bad">Line {problem.line}:</span> {problem.message}
              </button>
            </li>
          ))}
        </ul>
      )}
      <div className="flex flex-col px-4 pb-6">
        {all.map(({ title, keys, rare = false }) => {
          const known = keys.flatMap((name) => {
            const node = schema.properties.get(name)
            const isHidden = isRemote && ofPrograms.has(name) && form.entry[name] === undefined
            return node === undefined || isHidden ? [] : [{ name, node }]
          })
          if (known.length === 0) return null
          const set = known.filter(({ name }) => form.entry[name] !== undefined).length
          return (
            <FormSection key={title} title={title} rare={rare} set={set}>
              {known.map(({ name, node }) => (
                <SchemaField
                  key={name}
                  path={[name]}
                  node={node}
                  required={schema.required.has(name)}
                />
              ))}
            </FormSection>
          )
        })}
      </div>
    </EntryFormContext>
  )
}

interface FormSectionProps {
  title: string
  rare: boolean
  /** So many of its fields are set. */
  set: number
  children: ReactNode
}

function FormSection({ title, rare, set, children }: FormSectionProps) {
  const [open, setOpen] = useState(!rare || set > 0)
  return (
    <section className="border-b border-line py-3 last:border-0" aria-label={title}>
      <h3>
        <button
          type="button"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          className="-mx-1 flex w-full items-center gap-1 rounded-sm px-1 text-sm font-medium text-muted hover:text-text"
        >
          <ChevronRight
            size={14}
            aria-hidden
            className={cx('transition-transform duration-[120ms]', open && 'rotate-90')}
          />
          {title}
          {!open && set === 0 && <span className="font-normal">· defaults</span>}
          {!open && set > 0 && <span className="num font-normal">· {set} set</span>}
        </button>
      </h3>
      {open && <div className="mt-3 flex min-w-0 flex-col gap-3.5">{children}</div>}
    </section>
  )
}
