import { cx } from '../../components/class-names.ts'

/** A path in one line: where it does not fit its beginning goes, since its end says more. */
export function PathText({ path, className }: { path: string; className?: string }) {
  return (
    <span
      title={path}
      className={cx(
        'block truncate text-left font-mono text-sm leading-5 [direction:rtl]',
        className,
      )}
    >
      <bdi>{path}</bdi>
    </span>
  )
}
