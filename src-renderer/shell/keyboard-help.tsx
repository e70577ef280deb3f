import { Dialog } from '../components/dialog.tsx'

const groups = [
  {
    title: 'Everywhere',
    keys: [
      ['Ctrl K', 'Search servers, screens and actions (⌘ K on a Mac)'],
      ['/', 'Filter this list'],
      ['?', 'Show these keys'],
      ['Esc', 'Close, or empty the filter'],
    ],
  },
  {
    title: 'In lists',
    keys: [
      ['↑ ↓', 'Move between rows'],
      ['Home End', 'First and last row'],
      ['A–Z', 'Go to the row that begins with what you type'],
      ['Enter', 'Open'],
      ['Space', 'Start or stop a server, pause a log'],
      ['Shift R', 'Restart a server'],
    ],
  },
  {
    title: 'In the catalog',
    keys: [
      ['Ctrl S', 'Look at the difference and save (⌘ S on a Mac)'],
      ['Ctrl Space', 'What can stand here'],
      ['Ctrl F', 'Search in the text (⌘ F on a Mac)'],
      ['F8', 'Go to the next problem'],
      ['Esc Tab', 'Leave the text: Tab alone indents'],
    ],
  },
] as const

/** `?` shows the keys. */
export function KeyboardHelp({
  open,
  onOpenChange,
}: {
  open: boolean
  onOpenChange: (open: boolean) => void
}) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Keys" wide>
      {/* Focusable, so that it can be scrolled by keys where it does not fit. */}
      <div tabIndex={0} role="group" aria-label="Keys" className="columns-2 gap-8">
        {groups.map((group) => (
          <section key={group.title} className="mb-4 break-inside-avoid last:mb-0">
            <h3 className="mb-1 text-sm font-medium text-muted">{group.title}</h3>
            <dl>
              {group.keys.map(([key, what]) => (
                <div
                  key={key}
                  className="flex items-baseline gap-4 border-b border-line py-1.5 last:border-0"
                >
                  <dt className="w-24 shrink-0">
                    <kbd className="font-sans text-base font-medium">{key}</kbd>
                  </dt>
                  <dd className="text-base">{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
