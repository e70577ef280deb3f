import { cx } from './class-names.ts'

interface ProgressBarProps {
  /** What goes on, for readers. */
  label: string
  /** Whole percent; undefined: nobody knows how much there is. */
  percent: number | undefined
  className?: string
}

/** A thin line that fills up. */
export function ProgressBar({ label, percent, className }: ProgressBarProps) {
  return (
    <span
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      className={cx('block h-1 overflow-hidden rounded-sm bg-line', className)}
    >
      {percent === undefined ? (
        <span className="skeleton block h-full w-full bg-accent!" />
      ) : (
        <span className="block h-full bg-accent" style={{ width: `${percent}%` }} />
      )}
    </span>
  )
}
