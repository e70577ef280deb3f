import { CircleAlert, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { cx } from '../../components/class-names.ts'

interface NoteProps {
  kind: 'warn' | 'bad'
  /** A small button. */
  action?: ReactNode
  children: ReactNode
}

/** What is wrong, why, and what to do, beside the thing. */
export function Note({ kind, action, children }: NoteProps) {
  const Icon = kind === 'bad' ? CircleAlert : TriangleAlert
  return (
    <div
      className={cx(
        'flex items-start gap-2.5 rounded px-3 py-2.5 text-prose',
        kind === 'bad' ? 'bg-bad-soft' : 'bg-warn-soft',
      )}
    >
      <Icon
        size={16}
        aria-hidden
        className={cx('mt-0.5 shrink-0', kind === 'bad' ? 'text-bad' : 'text-warn')}
      />
      <p className="min-w-0 flex-1 wrap-anywhere">{children}</p>
      {action}
    </div>
  )
}
