import { Check } from 'lucide-react'
import { type ReactNode, useId } from 'react'
import type { SaveState } from './use-settings.ts'

interface SettingRowProps {
  label: string
  /** One sentence; what is set without a person's doing. */
  help: ReactNode
  standard?: string
  state?: SaveState
  /** What is to be known before it is saved. */
  warning?: string | undefined
  /** What is wrong with what was typed. */
  error?: string | undefined
  /** It is written, but the running gateway does not use it yet. */
  waits?: boolean
  children: (ids: {
    id: string
    'aria-describedby': string
    'aria-invalid': true | undefined
  }) => ReactNode
}

/** One setting: its name and what it does at the left, its control at the right, how it went beneath. */
export function SettingRow({
  label,
  help,
  standard,
  state = { kind: 'idle' },
  warning,
  error,
  waits = false,
  children,
}: SettingRowProps) {
  const id = useId()
  const wrong = error ?? (state.kind === 'failed' ? state.error : undefined)
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_minmax(0,320px)] gap-x-8 border-b border-line py-3 last:border-b-0">
      <div className="min-w-0">
        <label htmlFor={id} className="text-prose font-medium">
          {label}
        </label>
        <p id={`${id}-help`} className="text-muted">
          {help}
          {standard !== undefined && <> Default: {standard}.</>}
          {warning !== undefined && <span className="block text-warn">{warning}</span>}
        </p>
      </div>
      <div className="flex min-w-0 flex-col items-end gap-1">
        <div className="flex min-h-8 w-full items-center justify-end gap-2">
          {children({
            id,
            'aria-describedby': `${id}-help ${id}-state`,
            'aria-invalid': wrong === undefined ? undefined : true,
          })}
        </div>
        <p
          id={`${id}-state`}
          role="status"
          className={`text-right text-sm wrap-anywhere ${wrong === undefined ? 'text-muted' : 'text-bad'}`}
        >
          {wrong ?? <Word state={state} waits={waits} />}
        </p>
      </div>
    </div>
  )
}

function Word({ state, waits }: { state: SaveState; waits: boolean }) {
  if (waits) return 'Saved; applies at the next start'
  if (state.kind !== 'saved') return null
  return (
    <span className="inline-flex animate-appear items-center gap-1">
      <Check size={12} aria-hidden className="text-ok" />
      Saved
    </span>
  )
}

/** Settings that belong together, under their name. */
export function SettingGroup({ title, children }: { title: string; children: ReactNode }) {
  const id = useId()
  return (
    <section aria-labelledby={id} className="mb-8">
      <h2 id={id} className="border-b border-line pb-1.5 text-lead font-semibold">
        {title}
      </h2>
      {children}
    </section>
  )
}
