import { Command } from 'cmdk'
import { Dialog } from 'radix-ui'
import { useMemo, useState } from 'react'
import { useActions, type Action } from '../actions/actions.ts'

const most = 60

/** Ctrl/Cmd+K: every server, screen and action. */
export function Palette({
  open,
  onOpenChange,
  onHelp,
}: {
  open: boolean
  onOpenChange: (open: boolean) => void
  onHelp: () => void
}) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-appear bg-scrim" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed top-[14%] left-1/2 z-40 w-[calc(100%-48px)] max-w-[560px] -translate-x-1/2 animate-appear overflow-hidden rounded-lg bg-raised shadow-pop outline-none"
        >
          <Dialog.Title className="sr-only">Search</Dialog.Title>
          <PaletteBody close={() => onOpenChange(false)} onHelp={onHelp} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function PaletteBody({ close, onHelp }: { close: () => void; onHelp: () => void }) {
  const actions = useActions(onHelp)
  const [search, setSearch] = useState('')
  const shown = useMemo(() => find(actions, search), [actions, search])
  const groups = Object.entries(Object.groupBy(shown, ({ group }) => group))
  return (
    <Command label="Search servers, screens and actions" shouldFilter={false} loop>
      <Command.Input
        autoFocus
        value={search}
        onValueChange={setSearch}
        placeholder="Search servers, screens and actions"
        className="h-12 w-full border-b border-line bg-transparent px-4 text-prose outline-none placeholder:text-muted"
      />
      <Command.List className="max-h-[360px] overflow-auto p-1.5">
        <Command.Empty className="px-3 py-6 text-center text-muted">
          Nothing is called “{search}”.
        </Command.Empty>
        {groups.map(([group, members]) => (
          <Command.Group
            key={group}
            heading={group}
            className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-muted"
          >
            {members.map((action) => (
              <Command.Item
                key={action.id}
                value={action.id}
                onSelect={() => {
                  close()
                  action.run()
                }}
                className="flex h-8 items-center gap-2.5 rounded px-2.5 data-[selected=true]:bg-selected"
              >
                <action.icon size={14} aria-hidden className="shrink-0 text-muted" />
                <span className="truncate">{action.label}</span>
              </Command.Item>
            ))}
          </Command.Group>
        ))}
      </Command.List>
    </Command>
  )
}

/** Every typed word is in the label or keywords; labels that begin with the first are first. Bounded: servers are many. */
function find(actions: readonly Action[], search: string): Action[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const first = words[0]
  if (first === undefined)
    return actions
      .filter(({ id }) => !/^(start|stop|restart|connect|client):/.test(id))
      .slice(0, most)
  const rank = ({ label }: Action) => {
    const low = label.toLowerCase()
    return low.startsWith(first) ? 0 : low.includes(first) ? 1 : 2
  }
  return actions
    .filter((action) => {
      const text = `${action.label} ${(action.keywords ?? []).join(' ')}`.toLowerCase()
      return words.every((word) => text.includes(word))
    })
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, most)
}
