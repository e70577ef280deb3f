import { TriangleAlert } from 'lucide-react'
import { Button } from '../../components/button.tsx'
import { useKeepSecret } from '../secrets/use-secrets.ts'
import type { NamedSecret } from './secret-hint.ts'

interface SecretNoteProps {
  secret: NamedSecret
  disabled: boolean
  /** Takes what to write instead. */
  onUse: (text: string) => void
}

/** A secret that stands in the catalog as it is, and two better places for it. */
export function SecretNote({ secret, disabled, onUse }: SecretNoteProps) {
  const { scheme, name, value } = secret
  const { keep, isPending } = useKeepSecret()
  const run = async (): Promise<void> => {
    const kept = await keep(name, value)
    if (kept !== undefined) onUse(scheme + kept)
  }
  return (
    <div className="mb-1 flex flex-wrap items-start gap-1.5 text-sm text-warn">
      <TriangleAlert size={13} aria-hidden className="mt-0.5 shrink-0" />
      <p className="min-w-0 flex-1 basis-[calc(100%-24px)]">
        This looks like a secret, and stands in the file as it is.
      </p>
      <Button size="small" disabled={disabled} busy={isPending} onClick={() => void run()}>
        Keep as a secret
      </Button>
      <Button
        size="small"
        disabled={disabled}
        title={`Set ${name} in your environment`}
        onClick={() => onUse(`${scheme}\${${name}}`)}
      >
        Use the variable
      </Button>
    </div>
  )
}
