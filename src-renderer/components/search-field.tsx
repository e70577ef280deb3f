import { Search, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
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
  const [text, setText] = useOwnText(value)
  const change = (next: string) => {
    setText(next)
    onChange(next)
  }
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
        value={text}
        onChange={(event) => change(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape' || text === '') return
          event.stopPropagation()
          change('')
        }}
        spellCheck={false}
        autoComplete="off"
        className={cx(controlStyle, 'h-8 pr-7 pl-8')}
      />
      {text !== '' && (
        <button
          type="button"
          aria-label="Clear"
          onClick={() => change('')}
          className="absolute top-1/2 right-1 -translate-y-1/2 rounded-sm p-1 text-muted hover:text-text"
        >
          <X size={14} aria-hidden />
        </button>
      )}
    </span>
  )
}

/**
 * The text as it is typed. The value lives in the address and comes back late: what was said already is no news, and
 * only another value (a link, Clear filters) replaces what is typed.
 */
function useOwnText(value: string) {
  const [text, setText] = useState(value)
  const said = useRef<string[]>([])
  useEffect(() => {
    const at = said.current.indexOf(value)
    if (at >= 0) said.current.splice(0, at + 1)
    else {
      said.current = []
      setText(value)
    }
  }, [value])
  const type = (next: string) => {
    said.current.push(next)
    setText(next)
  }
  return [text, type] as const
}
