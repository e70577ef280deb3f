import type { LucideIcon } from 'lucide-react'
import type { ComponentProps } from 'react'
import { cx } from './class-names.ts'
import { Tooltip } from './tooltip.tsx'

export type ButtonKind = 'primary' | 'plain' | 'quiet' | 'danger'

const kinds: Record<ButtonKind, string> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-hover',
  plain: 'border border-control/60 bg-raised text-text hover:bg-hover',
  quiet: 'text-muted hover:bg-hover hover:text-text',
  danger: 'border border-bad/60 bg-raised text-bad hover:bg-bad-soft',
}

const base =
  'inline-flex shrink-0 items-center justify-center gap-1.5 rounded font-medium whitespace-nowrap transition-colors duration-[120ms] select-none disabled:opacity-45 disabled:pointer-events-none aria-disabled:opacity-45'

interface ButtonProps extends ComponentProps<'button'> {
  kind?: ButtonKind
  icon?: LucideIcon
  size?: 'small' | 'normal'
  /** Work is going on: the button waits, and says so to readers. */
  busy?: boolean
}

export function Button({
  kind = 'plain',
  icon: Icon,
  size = 'normal',
  busy = false,
  className,
  children,
  disabled,
  ...props
}: ButtonProps) {
  return (
    <button
      type="button"
      aria-busy={busy || undefined}
      disabled={disabled === true || busy}
      className={cx(
        base,
        kinds[kind],
        size === 'small' ? 'h-6 px-2 text-sm' : 'h-8 px-3 text-base',
        className,
      )}
      {...props}
    >
      {Icon !== undefined && <Icon size={14} aria-hidden />}
      {children}
    </button>
  )
}

interface IconButtonProps extends Omit<ComponentProps<'button'>, 'aria-label' | 'children'> {
  icon: LucideIcon
  /** Its name for readers and in the tooltip. */
  label: string
  size?: 'small' | 'normal'
  kind?: ButtonKind
  /** In rows of long lists: the browser's own tooltip, which costs nothing until it is shown. */
  light?: boolean
}

export function IconButton({
  icon: Icon,
  label,
  size = 'normal',
  kind = 'quiet',
  light = false,
  className,
  ...props
}: IconButtonProps) {
  const button = (
    <button
      type="button"
      aria-label={label}
      title={light ? label : undefined}
      className={cx(base, kinds[kind], size === 'small' ? 'size-6' : 'size-8', className)}
      {...props}
    >
      <Icon size={size === 'small' ? 14 : 16} aria-hidden />
    </button>
  )
  return light ? button : <Tooltip text={label}>{button}</Tooltip>
}
