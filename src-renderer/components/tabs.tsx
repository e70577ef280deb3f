import { Tabs as Radix } from 'radix-ui'
import type { ReactNode } from 'react'

export interface TabItem {
  value: string
  label: string
  /** Shown behind the label. */
  count?: number | undefined
}

interface TabsProps {
  label: string
  items: readonly TabItem[]
  value: string
  onChange: (value: string) => void
  /** <TabPanel>s. */
  children: ReactNode
}

/** The tabs above, the chosen panel fills what is left. */
export function Tabs({ label, items, value, onChange, children }: TabsProps) {
  return (
    <Radix.Root
      value={value}
      onValueChange={onChange}
      activationMode="manual"
      className="flex min-h-0 flex-1 flex-col"
    >
      <Radix.List
        aria-label={label}
        className="flex shrink-0 gap-4 overflow-x-auto border-b border-line px-5"
      >
        {items.map((item) => (
          <Radix.Trigger
            key={item.value}
            value={item.value}
            className="-mb-px flex h-9 shrink-0 items-center gap-1.5 border-b-2 border-transparent text-muted outline-offset-[-3px] transition-colors duration-[120ms] hover:text-text data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-text"
          >
            {item.label}
            {item.count !== undefined && (
              <span className="num text-xs font-normal text-muted">{item.count}</span>
            )}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {children}
    </Radix.Root>
  )
}

export function TabPanel({ value, children }: { value: string; children: ReactNode }) {
  return (
    <Radix.Content
      value={value}
      className="flex min-h-0 flex-1 flex-col outline-offset-[-2px] data-[state=inactive]:hidden"
    >
      {children}
    </Radix.Content>
  )
}
