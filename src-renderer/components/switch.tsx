import { Switch as Radix } from 'radix-ui'
import type { ComponentProps } from 'react'

/** On or off, applied at once. Give it a label: `id` with a <label>, or `aria-label`. */
export function Switch(props: ComponentProps<typeof Radix.Root>) {
  return (
    <Radix.Root
      className="relative h-[18px] w-8 shrink-0 rounded-full bg-control transition-colors duration-[120ms] disabled:opacity-45 data-[state=checked]:bg-accent"
      {...props}
    >
      <Radix.Thumb className="block size-3.5 translate-x-0.5 rounded-full bg-panel transition-transform duration-[120ms] data-[state=checked]:translate-x-4" />
    </Radix.Root>
  )
}
