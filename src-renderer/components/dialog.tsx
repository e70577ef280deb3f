import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { IconButton } from './button.tsx'
import { cx } from './class-names.ts'

interface DialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  /** One sentence under the title. */
  description?: string
  /** Buttons, right-aligned at the foot. */
  footer?: ReactNode
  wide?: boolean
  children: ReactNode
}

/** A modal dialog: focus stays inside, Escape closes it. */
export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  footer,
  wide = false,
  children,
}: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-appear bg-scrim" />
        <Radix.Content
          {...(description === undefined ? { 'aria-describedby': undefined } : {})}
          onOpenAutoFocus={(event) => {
            // Where nothing asks for the focus the dialog itself has it, and its title is read; not the way out.
            event.preventDefault()
            if (event.target instanceof HTMLElement) event.target.focus()
          }}
          className={cx(
            'fixed top-[12%] left-1/2 z-40 flex max-h-[76%] w-[calc(100%-48px)] -translate-x-1/2 animate-appear flex-col rounded-lg bg-raised shadow-pop outline-none',
            wide ? 'max-w-[880px]' : 'max-w-[520px]',
          )}
        >
          <header className="flex items-start gap-3 px-5 pt-4 pb-3">
            <div className="min-w-0 flex-1">
              <Radix.Title className="text-lead font-semibold">{title}</Radix.Title>
              {description !== undefined && (
                <Radix.Description className="text-base text-muted">
                  {description}
                </Radix.Description>
              )}
            </div>
            <IconButton icon={X} label="Close" onClick={() => onOpenChange(false)} />
          </header>
          <div className="min-h-0 flex-1 overflow-auto px-5 pb-4">{children}</div>
          {footer !== undefined && (
            <footer className="flex justify-end gap-2 border-t border-line px-5 py-3">
              {footer}
            </footer>
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
