import { ArrowLeft, X } from 'lucide-react'
import { useEffect, useRef, type ReactNode } from 'react'
import { IconButton } from './button.tsx'

interface DetailHeaderProps {
  name: string
  /** What it is one of: where the way back leads. */
  all: string
  onBack: () => void
  acts: ReactNode
  /** Its state, in a line. */
  children: ReactNode
}

/** The head of what was opened from a list: beside the list, or over it. */
export function DetailHeader({ name, all, onBack, acts, children }: DetailHeaderProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    // It covers the list that had the focus.
    if (!window.matchMedia('(min-width: 960px)').matches) heading.current?.focus()
  }, [])
  return (
    <header className="flex shrink-0 flex-col gap-1 px-5 pt-4 pb-2">
      <div className="flex min-h-8 items-center gap-2.5">
        <IconButton icon={ArrowLeft} label={all} className="-ml-2 wide:hidden" onClick={onBack} />
        <h2
          ref={heading}
          tabIndex={-1}
          className="min-w-0 truncate text-title font-semibold tracking-[-0.01em] outline-none"
        >
          {name}
        </h2>
        <span className="ml-auto flex shrink-0 items-center gap-1.5">
          {acts}
          <IconButton icon={X} label="Close" className="max-wide:hidden" onClick={onBack} />
        </span>
      </div>
      <p className="flex min-w-0 items-center gap-2 text-muted">{children}</p>
    </header>
  )
}
