import type { ReactNode } from 'react'

interface PageHeaderProps {
  title: string
  /** Beside the title: a count or a state. */
  aside?: ReactNode
  /** The one primary action, and at most two plain ones before it. */
  actions?: ReactNode
  /** A second row: search and filters. */
  children?: ReactNode
}

export function PageHeader({ title, aside, actions, children }: PageHeaderProps) {
  return (
    <header className="flex shrink-0 flex-col gap-3 border-b border-line px-5 pt-4 pb-3">
      <div className="flex min-h-8 items-center gap-3">
        <h1 className="text-title font-semibold tracking-[-0.01em]">{title}</h1>
        {aside !== undefined && <span className="num text-base text-muted">{aside}</span>}
        <div className="ml-auto flex items-center gap-2">{actions}</div>
      </div>
      {children !== undefined && (
        <div className="flex flex-wrap items-center gap-2">{children}</div>
      )}
    </header>
  )
}
