import { ChevronRight } from 'lucide-react'
import { useId, useState, type ReactNode } from 'react'
import { cx } from '../../components/class-names.ts'
import { Prose } from './prose.tsx'

interface FieldGroupProps {
  title: string
  description?: string | undefined
  /** So many of its fields are set: then it is open at first. */
  set: number
  children: ReactNode
}

/** Fields that belong together and are seldom needed, inside of a section. */
export function FieldGroup({ title, description, set, children }: FieldGroupProps) {
  const [open, setOpen] = useState(set > 0)
  const id = useId()
  return (
    <div role="group" aria-labelledby={id} className="flex min-w-0 flex-col gap-3">
      <div className="flex flex-col gap-0.5">
        <button
          type="button"
          id={id}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          className="-mx-1 flex items-center gap-1 self-start rounded-sm px-1 text-base font-medium"
        >
          <ChevronRight
            size={14}
            aria-hidden
            className={cx('text-muted transition-transform duration-[120ms]', open && 'rotate-90')}
          />
          {title}
          {!open && (
            <span className="num font-normal text-muted">
              {set === 0 ? '· defaults' : `· ${set} set`}
            </span>
          )}
        </button>
        {open && description !== undefined && (
          <p className="text-sm text-muted">
            <Prose text={description} />
          </p>
        )}
      </div>
      {open && (
        <div className="flex min-w-0 flex-col gap-3.5 border-l border-line pl-3">{children}</div>
      )}
    </div>
  )
}
