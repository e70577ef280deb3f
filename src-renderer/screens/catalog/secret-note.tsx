import { TriangleAlert } from 'lucide-react'
import { Button } from '../../components/button.tsx'

interface SecretNoteProps {
  /** What to write instead: `${NAME}`. */
  variable: string
  disabled: boolean
  onUse: () => void
}

/** A secret that stands in the catalog as it is. */
export function SecretNote({ variable, disabled, onUse }: SecretNoteProps) {
  return (
    <div className="mb-1 flex items-start gap-1.5 text-sm text-warn">
      <TriangleAlert size={13} aria-hidden className="mt-0.5 shrink-0" />
      <p className="min-w-0 flex-1">
        This looks like a secret, and stands in the file as it is. Set{' '}
        <code className="font-mono text-xs wrap-anywhere">{nameIn(variable)}</code> in your
        environment instead.
      </p>
      <Button size="small" disabled={disabled} onClick={onUse}>
        Use the variable
      </Button>
    </div>
  )
}

/** `TOKEN` of `Bearer ${TOKEN}`. */
export function nameIn(variable: string): string {
  return /\$\{(\w+)\}/.exec(variable)?.[1] ?? variable
}
