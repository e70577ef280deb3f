import { CircleAlert, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { cx } from './class-names.ts'

type BannerKind = 'info' | 'warn' | 'bad'

const looks = {
  info: { icon: Info, ground: 'bg-hover', ink: 'text-muted' },
  warn: { icon: TriangleAlert, ground: 'bg-warn-soft', ink: 'text-warn' },
  bad: { icon: CircleAlert, ground: 'bg-bad-soft', ink: 'text-bad' },
}

interface BannerProps {
  kind?: BannerKind
  children: ReactNode
  /** One or two small buttons. */
  actions?: ReactNode
  className?: string
}

/** One calm line above what it is about. */
export function Banner({ kind = 'info', children, actions, className }: BannerProps) {
  const { icon: Icon, ground, ink } = looks[kind]
  return (
    <div
      role={kind === 'bad' ? 'alert' : 'status'}
      className={cx('flex animate-appear items-start gap-2.5 px-5 py-2', ground, className)}
    >
      <Icon size={16} aria-hidden className={cx('mt-0.5 shrink-0', ink)} />
      <div className="min-w-0 flex-1 wrap-anywhere">{children}</div>
      {actions !== undefined && <div className="flex shrink-0 gap-2">{actions}</div>}
    </div>
  )
}
