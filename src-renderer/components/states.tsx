import { Copy, RotateCw, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { messageOf } from '../api-error.ts'
import { Button } from './button.tsx'
import { cx } from './class-names.ts'
import { copyText } from './copy.ts'

interface EmptyStateProps {
  icon?: LucideIcon
  /** One sentence. */
  title: string
  /** What it is good for, or why it is empty. */
  children?: ReactNode
  /** The one action. */
  action?: ReactNode
}

export function EmptyState({ icon: Icon, title, children, action }: EmptyStateProps) {
  return (
    <div className="flex flex-1 animate-appear flex-col items-center justify-center gap-3 px-8 py-12 text-center">
      {Icon !== undefined && (
        <Icon size={28} strokeWidth={1.25} aria-hidden className="text-idle" />
      )}
      <div className="max-w-[44ch]">
        <p className="text-prose font-medium">{title}</p>
        {children !== undefined && <p className="mt-1 text-prose text-muted">{children}</p>}
      </div>
      {action}
    </div>
  )
}

interface ErrorStateProps {
  /** What happened: "The servers could not be read." */
  title: string
  /** Why, and what to do: an Error's message has both. */
  error: unknown
  onRetry?: () => void
  className?: string
}

/** What, why, remedy; Retry and Copy details. */
export function ErrorState({ title, error, onRetry, className }: ErrorStateProps) {
  const why = messageOf(error)
  return (
    <div
      role="alert"
      className={cx('flex flex-1 flex-col items-center justify-center gap-3 px-8 py-12', className)}
    >
      <div className="max-w-[60ch] text-center">
        <p className="text-prose font-medium">{title}</p>
        <p className="mt-1 text-prose wrap-anywhere text-muted">{why}</p>
      </div>
      <div className="flex gap-2">
        {onRetry !== undefined && (
          <Button icon={RotateCw} onClick={onRetry}>
            Retry
          </Button>
        )}
        <Button
          kind="quiet"
          icon={Copy}
          onClick={() => copyText(detailsOf(title, error), 'Details')}
        >
          Copy details
        </Button>
      </div>
    </div>
  )
}

function detailsOf(title: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? `\nCode: ${String(error.code)}` : ''
  return `${title}\n${messageOf(error)}${code}\nAt: ${new Date().toISOString()}`
}

/** Grey lines in the place of rows to come. */
export function SkeletonRows({ rows = 8, height = 36 }: { rows?: number; height?: number }) {
  return (
    <div role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        <div
          key={index}
          className="flex items-center gap-4 border-b border-line px-5"
          style={{ height }}
        >
          <span className="skeleton size-2.5 rounded-full" />
          <span className="skeleton h-2.5" style={{ width: `${18 + ((index * 7) % 14)}%` }} />
          <span className="skeleton ml-auto h-2.5 w-16" />
        </div>
      ))}
    </div>
  )
}

/** Grey lines in the place of prose or a form. */
export function SkeletonText({ lines = 4 }: { lines?: number }) {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col gap-3">
      {Array.from({ length: lines }, (_, index) => (
        <span
          key={index}
          className="skeleton h-2.5"
          style={{ width: `${82 - ((index * 23) % 45)}%` }}
        />
      ))}
    </div>
  )
}
