import { Search, X } from 'lucide-react'
import { cx } from './class-names.ts'
import { controlStyle } from './field.tsx'

interface SearchFieldProps {
  label: string
  value: string
  onChange: (value: string) => void
  className?: string
}

/** A filter as you type. `/` focuses it from anywhere on the screen, Escape empties it. */
export function SearchField({ label, value, onChange, className }: SearchFieldProps) {
  return (
    <span className={cx('relative inline-flex min-w-0', className)}>
      <Search
        size={14}
        aria-hidden
        className="pointer-events-none absolute top-1/2 left-2.5 -translate-y-1/2 text-muted"
      />
      <input
        type="text"
        role="searchbox"
        data-search
        aria-label={label}
        placeholder={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape' || value === '') return
          event.stopPropagation()
          onChange('')
        }}
        spellCheck={false}
        autoComplete="off"
        className={cx(controlStyle, 'h-8 pr-7 pl-8')}
      />
      {value !== '' && (
        <button
          type="button"
          aria-label="Clear"
          onClick={() => onChange('')}
          className="absolute top-1/2 right-1 -translate-y-1/2 rounded-sm p-1 text-muted hover:text-text"
        >
          <X size={14} aria-hidden />
        </button>
      )}
    </span>
  )
}
