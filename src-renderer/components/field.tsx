import { useId, type ComponentProps, type ReactNode } from 'react'
import { cx } from './class-names.ts'

export const controlStyle =
  'w-full min-w-0 rounded border border-control bg-panel px-2 text-base text-text placeholder:text-muted disabled:opacity-50 aria-invalid:border-bad'

interface FieldProps {
  label: ReactNode
  /** One sentence under the label or control. */
  hint?: ReactNode
  /** What is wrong with the value. */
  error?: string | undefined
  required?: boolean
  /** Gets the ids to tie the control to its words. */
  children: (ids: {
    id: string
    'aria-describedby': string | undefined
    'aria-invalid': true | undefined
    'aria-required': true | undefined
  }) => ReactNode
}

/** A label, its control, a hint and an error, tied together for readers. */
export function Field({ label, hint, error, required = false, children }: FieldProps) {
  const id = useId()
  const described = [hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`]
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <label htmlFor={id} className="text-base font-medium">
        {label}
        {required && <RequiredMark />}
      </label>
      {children({
        id,
        'aria-describedby': described.filter(Boolean).join(' ') || undefined,
        'aria-invalid': error === undefined ? undefined : true,
        'aria-required': required || undefined,
      })}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="text-sm text-muted">
          {hint}
        </p>
      )}
      {error !== undefined && (
        <p id={`${id}-error`} className="text-sm text-bad">
          {error}
        </p>
      )}
    </div>
  )
}

export function RequiredMark() {
  return (
    <span className="ml-0.5 text-bad" aria-hidden>
      *
    </span>
  )
}

export function Input({ className, ...props }: ComponentProps<'input'>) {
  return <input autoComplete="off" className={cx(controlStyle, 'h-8', className)} {...props} />
}

export function TextArea({ className, ...props }: ComponentProps<'textarea'>) {
  return (
    <textarea
      spellCheck={false}
      className={cx(controlStyle, 'py-1.5 leading-[18px]', className)}
      {...props}
    />
  )
}
