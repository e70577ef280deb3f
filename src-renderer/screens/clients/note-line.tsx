import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { cx } from '../../components/class-names.ts'

const looks = {
  info: { icon: Info, ground: 'bg-hover', ink: 'text-muted' },
  ok: { icon: CircleCheck, ground: 'bg-ok-soft', ink: 'text-ok' },
  warn: { icon: TriangleAlert, ground: 'bg-warn-soft', ink: 'text-warn' },
  bad: { icon: CircleAlert, ground: 'bg-bad-soft', ink: 'text-bad' },
}

/** What is to be known before or after, in a whole sentence. */
export function NoteLine({
  kind = 'info',
  children,
}: {
  kind?: keyof typeof looks
  children: ReactNode
}) {
  const { icon: Icon, ground, ink } = looks[kind]
  return (
    <div
      role={kind === 'bad' ? 'alert' : undefined}
      className={cx('flex gap-2.5 rounded px-3 py-2 wrap-anywhere', ground)}
    >
      <Icon size={16} aria-hidden className={cx('mt-0.5 shrink-0', ink)} />
      <div className="min-w-0 flex-1">{children}</div>
    </div>
  )
}
