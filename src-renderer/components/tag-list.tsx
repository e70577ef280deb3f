import { cx } from './class-names.ts'

/** Tags in a row; with `onPick` they are buttons that filter. */
export function TagList({
  tags,
  onPick,
  tabIndex,
  className,
}: {
  tags: readonly string[]
  onPick?: (tag: string) => void
  tabIndex?: number
  className?: string
}) {
  if (tags.length === 0) return null
  const look = 'truncate rounded-sm bg-hover px-1.5 text-xs leading-[18px] text-muted'
  return (
    <span className={cx('flex min-w-0 items-center gap-1 overflow-hidden', className)}>
      {tags.map((tag) =>
        onPick === undefined ? (
          <span key={tag} className={look}>
            {tag}
          </span>
        ) : (
          <button
            key={tag}
            type="button"
            tabIndex={tabIndex}
            onClick={() => onPick(tag)}
            className={cx(look, 'hover:text-text')}
          >
            {tag}
          </button>
        ),
      )}
    </span>
  )
}
