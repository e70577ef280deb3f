import type { LucideIcon } from 'lucide-react'
import { cx } from './class-names.ts'
import { IconButton } from './button.tsx'

interface ToggleButtonProps {
  icon: LucideIcon
  label: string
  pressed: boolean
  onChange: (pressed: boolean) => void
  size?: 'small' | 'normal'
}

/** A way of looking at things that is on or off. */
export function ToggleButton({ pressed, onChange, ...props }: ToggleButtonProps) {
  return (
    <IconButton
      {...props}
      aria-pressed={pressed}
      onClick={() => onChange(!pressed)}
      className={cx(pressed && 'bg-selected !text-accent')}
    />
  )
}
