import { CircleAlert, CircleCheck, X } from 'lucide-react'
import { Toast as Radix } from 'radix-ui'
import { useSyncExternalStore } from 'react'
import { Button, IconButton } from './button.tsx'

interface Notice {
  title: string
  description?: string
  /** Stays until it is closed, and readers are told at once. */
  failure?: boolean
  /** Such as Undo. */
  action?: { label: string; run: () => void }
}

interface ShownNotice extends Notice {
  key: number
  open: boolean
}

const shownMs = 8000
const most = 4

let notices: readonly ShownNotice[] = []
let lastKey = 0
const listeners = new Set<() => void>()

/** Shows a notice at the lower right. What happened first; a failure says why and what to do in `description`. */
export function notify(notice: Notice): void {
  lastKey += 1
  replace([...notices, { ...notice, key: lastKey, open: true }].slice(-most))
}

/** A failed act in the words of its error. */
export function notifyFailure(title: string, thrown: unknown): void {
  notify({
    title,
    description: thrown instanceof Error ? thrown.message : String(thrown),
    failure: true,
  })
}

function replace(next: readonly ShownNotice[]): void {
  notices = next
  for (const listener of listeners) listener()
}

function close(key: number): void {
  replace(notices.filter((one) => one.key !== key))
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => notices,
  )
  return (
    <Radix.Provider swipeDirection="right" duration={shownMs} label="Notice">
      {shown.map((notice) => (
        <Radix.Root
          key={notice.key}
          type={notice.failure === true ? 'foreground' : 'background'}
          duration={notice.failure === true ? 60_000 : shownMs}
          onOpenChange={(open) => {
            if (!open) close(notice.key)
          }}
          className="flex animate-appear items-start gap-2.5 rounded bg-raised py-2.5 pr-2 pl-3 shadow-pop"
        >
          {notice.failure === true ? (
            <CircleAlert size={16} aria-hidden className="mt-0.5 shrink-0 text-bad" />
          ) : (
            <CircleCheck size={16} aria-hidden className="mt-0.5 shrink-0 text-ok" />
          )}
          <div className="min-w-0 flex-1">
            <Radix.Title className="font-medium wrap-anywhere">{notice.title}</Radix.Title>
            {notice.description !== undefined && (
              <Radix.Description className="max-h-40 overflow-auto text-base wrap-anywhere text-muted">
                {notice.description}
              </Radix.Description>
            )}
          </div>
          {notice.action !== undefined && (
            <Radix.Action altText={notice.action.label} asChild>
              <Button size="small" onClick={notice.action.run}>
                {notice.action.label}
              </Button>
            </Radix.Action>
          )}
          <IconButton
            icon={X}
            label="Close notice"
            size="small"
            onClick={() => close(notice.key)}
          />
        </Radix.Root>
      ))}
      <Radix.Viewport
        label="Notices ({hotkey})"
        className="fixed right-4 bottom-4 z-50 flex w-[380px] max-w-[calc(100vw-32px)] flex-col gap-2 outline-none"
      />
    </Radix.Provider>
  )
}
