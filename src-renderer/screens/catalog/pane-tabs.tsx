import { cx } from '../../components/class-names.ts'

export type Pane = 'form' | 'yaml'

const panes: readonly { value: Pane; label: string }[] = [
  { value: 'form', label: 'Form' },
  { value: 'yaml', label: 'YAML' },
]

interface PaneTabsProps {
  value: Pane
  onChange: (pane: Pane) => void
  /** Shown behind "YAML". */
  problems: number
}

/**
 * Form or YAML, where there is no room for both. Both stay in the page, so that the editor keeps its undo history; a
 * pane is `catalog-form` or `catalog-yaml`.
 */
export function PaneTabs({ value, onChange, problems }: PaneTabsProps) {
  return (
    <div
      role="tablist"
      aria-label="Form or YAML"
      className="flex shrink-0 gap-4 border-b border-line px-5"
      onKeyDown={(event) => {
        if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return
        event.preventDefault()
        onChange(value === 'form' ? 'yaml' : 'form')
        const other = event.currentTarget.querySelector<HTMLElement>('[aria-selected=false]')
        other?.focus()
      }}
    >
      {panes.map((pane) => (
        <button
          key={pane.value}
          type="button"
          role="tab"
          id={`catalog-${pane.value}-tab`}
          aria-selected={pane.value === value}
          aria-controls={`catalog-${pane.value}`}
          tabIndex={pane.value === value ? 0 : -1}
          onClick={() => onChange(pane.value)}
          className={cx(
            '-mb-px flex h-9 items-center gap-1.5 border-b-2 outline-offset-[-3px] transition-colors duration-[120ms]',
            pane.value === value
              ? 'border-accent font-medium'
              : 'border-transparent text-muted hover:text-text',
          )}
        >
          {pane.label}
          {pane.value === 'yaml' && problems > 0 && (
            <span className="num text-xs font-normal text-bad">
              <span aria-hidden>▲ </span>
              {problems}
              <span className="sr-only"> problems</span>
            </span>
          )}
        </button>
      ))}
    </div>
  )
}
