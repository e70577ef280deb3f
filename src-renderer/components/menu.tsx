import type { LucideIcon } from 'lucide-react'
import { DropdownMenu as Radix } from 'radix-ui'
import type { ReactElement } from 'react'
import { cx } from './class-names.ts'

export interface MenuItem {
  label: string
  icon?: LucideIcon
  danger?: boolean
  disabled?: boolean
  onSelect: () => void
}

/** A menu under its trigger (a Button or IconButton). `null` draws a line between items. */
export function Menu({
  trigger,
  items,
}: {
  trigger: ReactElement
  items: readonly (MenuItem | null)[]
}) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align="end"
          sideOffset={4}
          collisionPadding={8}
          className="z-40 min-w-44 animate-appear rounded bg-raised p-1 shadow-pop"
        >
          {items.map((item, index) =>
            item === null ? (
              <Radix.Separator key={index} className="my-1 h-px bg-line" />
            ) : (
              <Radix.Item
                key={item.label}
                disabled={item.disabled === true}
                onSelect={item.onSelect}
                className={cx(
                  'flex h-7 items-center gap-2 rounded-sm px-2 text-base outline-none data-[disabled]:opacity-45 data-[highlighted]:bg-hover',
                  item.danger === true && 'text-bad',
                )}
              >
                {item.icon !== undefined && <item.icon size={14} aria-hidden />}
                {item.label}
              </Radix.Item>
            ),
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
