import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { count } from '../words.ts'
import { cx } from './class-names.ts'

interface JsonViewProps {
  value: unknown
  label: string
  /** So many levels are open at first. */
  openLevels?: number
}

/** A JSON value as a tree that opens and closes; long lists come in parts. */
export function JsonView({ value, label, openLevels = 2 }: JsonViewProps) {
  return (
    <div
      role="group"
      aria-label={label}
      className="overflow-auto rounded border border-line bg-code px-2 py-1.5 font-mono text-sm leading-[18px]"
    >
      <JsonNode name={undefined} value={value} level={0} openLevels={openLevels} />
    </div>
  )
}

interface NodeProps {
  name: string | undefined
  value: unknown
  level: number
  openLevels: number
}

const part = 100

function JsonNode({ name, value, level, openLevels }: NodeProps) {
  const [open, setOpen] = useState(level < openLevels)
  const [shown, setShown] = useState(part)
  if (typeof value !== 'object' || value === null)
    return (
      <div className="py-px pl-[18px] wrap-anywhere whitespace-pre-wrap">
        <Name name={name} />
        <Scalar value={value} />
      </div>
    )
  const isArray = Array.isArray(value)
  const entries = Object.entries(value)
  return (
    <div>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="flex w-full items-center gap-1 rounded-sm py-px text-left hover:bg-hover"
      >
        <ChevronRight
          size={14}
          aria-hidden
          className={cx(
            'shrink-0 text-muted transition-transform duration-[120ms]',
            open && 'rotate-90',
          )}
        />
        <span>
          <Name name={name} />
          <span className="text-muted">
            {isArray ? `[${entries.length}]` : `{${entries.length}}`}
          </span>
        </span>
      </button>
      {open && (
        <div className="ml-[6px] border-l border-line pl-2">
          {entries.slice(0, shown).map(([key, child]) => (
            <JsonNode
              key={key}
              name={key}
              value={child}
              level={level + 1}
              openLevels={openLevels}
            />
          ))}
          {entries.length > shown && (
            <button
              type="button"
              className="ml-[18px] text-accent hover:underline"
              onClick={() => setShown(shown + part)}
            >
              {entries.length - shown} more
            </button>
          )}
        </div>
      )}
    </div>
  )
}

function Name({ name }: { name: string | undefined }) {
  return name === undefined ? null : <span className="text-muted">{name}: </span>
}

function Scalar({ value }: { value: unknown }) {
  if (typeof value === 'string') return <Text value={value} />
  if (value === null) return <span className="text-idle">null</span>
  // A whole number that no double holds.
  if (typeof value === 'bigint') return <span className="text-accent">{value.toString()}</span>
  return <span className="text-accent">{JSON.stringify(value)}</span>
}

const shownText = 2000

/** A text of a megabyte would take a second to lay out: it is shown whole on demand. */
function Text({ value }: { value: string }) {
  const [isWhole, setWhole] = useState(value.length <= shownText)
  if (isWhole) return <span className="text-ok">{JSON.stringify(value)}</span>
  return (
    <>
      <span className="text-ok">{JSON.stringify(value.slice(0, shownText)).slice(0, -1)}…</span>{' '}
      <button
        type="button"
        className="font-sans text-accent hover:underline"
        onClick={() => setWhole(true)}
      >
        Show all {count(value.length)} characters
      </button>
    </>
  )
}
