import { Check, ChevronDown, type LucideIcon } from 'lucide-react'
import { DropdownMenu as Radix } from 'radix-ui'
import { Button } from './button.tsx'

export interface CheckGroup<V extends string = string> {
  title: string
  items: readonly { value: V; label: string }[]
  chosen: ReadonlySet<V>
  onChange: (chosen: ReadonlySet<V>) => void
}

interface CheckMenuProps {
  /** On the button: what is chosen, in a word. */
  label: string
  icon?: LucideIcon
  /** Its name for readers, if the label alone does not say it. */
  name: string
  groups: readonly CheckGroup[]
}

/** A button whose menu has things to tick; it stays open while they are ticked. */
export function CheckMenu({ label, icon, name, groups }: CheckMenuProps) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>
        <Button aria-label={`${name}: ${label}`} {...(icon === undefined ? {} : { icon })}>
          {label}
          <ChevronDown size={14} aria-hidden className="text-muted" />
        </Button>
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align="start"
          sideOffset={4}
          collisionPadding={8}
          className="z-40 min-w-44 animate-appear rounded bg-raised p-1 shadow-pop"
        >
          {groups.map((group) => (
            <Radix.Group key={group.title} aria-label={group.title}>
              <Radix.Label className="px-2 pt-1.5 pb-0.5 text-xs text-muted">
                {group.title}
              </Radix.Label>
              {group.items.map(({ value, label: text }) => (
                <Radix.CheckboxItem
                  key={value}
                  checked={group.chosen.has(value)}
                  onCheckedChange={(on) => group.onChange(toggled(group.chosen, value, on))}
                  onSelect={(event) => event.preventDefault()}
                  className="flex h-7 items-center gap-2 rounded-sm px-2 text-base outline-none data-[highlighted]:bg-hover"
                >
                  <span className="flex size-3.5 items-center">
                    <Radix.ItemIndicator>
                      <Check size={14} aria-hidden className="text-accent" />
                    </Radix.ItemIndicator>
                  </span>
                  {text}
                </Radix.CheckboxItem>
              ))}
            </Radix.Group>
          ))}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

function toggled(chosen: ReadonlySet<string>, value: string, on: boolean): ReadonlySet<string> {
  const next = new Set(chosen)
  if (on) next.add(value)
  else next.delete(value)
  return next
}
