import { ArrowLeft } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { cx } from './class-names.ts'

interface SplitViewProps {
  list: ReactNode
  /** null: nothing is chosen. */
  detail: ReactNode
  /** Shown in the detail's place while nothing is chosen. */
  hint: string
  /** Back to the list, where there is room for one of them only. */
  back: { label: string; onBack: () => void }
}

/** A list and what is chosen in it: beside each other, or in a narrow place one after the other. */
export function SplitView({ list, detail, hint, back }: SplitViewProps) {
  const chosen = detail !== null
  return (
    <div className="@container flex min-h-0 flex-1">
      <div
        className={cx(
          'flex min-h-0 flex-col @[560px]:w-[220px] @[560px]:shrink-0 @[560px]:border-r @[560px]:border-line @3xl:w-[260px]',
          chosen ? 'hidden @[560px]:flex' : 'flex-1 @[560px]:flex-none',
        )}
      >
        {list}
      </div>
      <div
        className={cx(
          'min-h-0 min-w-0 flex-1 flex-col overflow-auto',
          chosen ? 'flex' : 'hidden @[560px]:flex',
        )}
      >
        {chosen ? (
          <>
            <div className="px-3 pt-2 @[560px]:hidden">
              <Button kind="quiet" size="small" icon={ArrowLeft} onClick={back.onBack}>
                {back.label}
              </Button>
            </div>
            {detail}
          </>
        ) : (
          <p className="m-auto px-8 text-muted">{hint}</p>
        )}
      </div>
    </div>
  )
}
