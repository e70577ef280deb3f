import { Eye, EyeOff } from 'lucide-react'
import { type SubmitEvent, useId, useState } from 'react'
import { maxSecretLength, secretNamePattern } from '../../../src-shared/secret-notation.ts'
import { Button } from '../../components/button.tsx'
import { cx } from '../../components/class-names.ts'
import { Dialog } from '../../components/dialog.tsx'
import { Field, Input, TextArea } from '../../components/field.tsx'
import { useSetSecret } from './use-secrets.ts'

interface SecretDialogProps {
  /** Undefined: it is asked for. */
  name?: string
  isSet: boolean
  usedBy: readonly string[]
  onClose: () => void
}

/** Asks for the value of a secret, which nobody can read here again. */
export function SecretDialog({ name: given, isSet, usedBy, onClose }: SecretDialogProps) {
  const formId = useId()
  const [name, setName] = useState(given ?? '')
  const [value, setValue] = useState('')
  const [isShown, setShown] = useState(false)
  const { set, isPending } = useSetSecret()
  const wrongName =
    name === '' || secretNamePattern.test(name)
      ? undefined
      : 'Letters, digits, `_`, `.` and `-`, up to 128.'
  const tooLong = value.length > maxSecretLength ? 'It is longer than 16 KB.' : undefined
  const isReady = name !== '' && wrongName === undefined && value !== '' && tooLong === undefined
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (!isReady) return
    void set(name, value).then((isDone) => {
      if (isDone) onClose()
    })
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title={given === undefined ? 'New secret' : `${isSet ? 'Replace' : 'Set'} ${given}`}
      description={effectOf(usedBy)}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form={formId} disabled={!isReady} busy={isPending}>
            {isSet ? 'Replace secret' : 'Set secret'}
          </Button>
        </>
      }
    >
      <form id={formId} className="flex flex-col gap-4" onSubmit={submit}>
        {given === undefined && (
          <Field
            label="Name"
            hint="What stands in the catalog: ${secret:NAME}."
            error={wrongName}
            required
          >
            {(ids) => (
              <Input
                {...ids}
                autoFocus
                spellCheck={false}
                className="font-mono text-sm"
                value={name}
                onChange={({ target }) => setName(target.value)}
              />
            )}
          </Field>
        )}
        <Field label="Value" error={tooLong} required>
          {(ids) => (
            <TextArea
              {...ids}
              autoFocus={given !== undefined}
              autoComplete="off"
              rows={3}
              className={cx('font-mono text-sm', !isShown && '[-webkit-text-security:disc]')}
              value={value}
              onChange={({ target }) => setValue(target.value)}
            />
          )}
        </Field>
        <div>
          <Button
            size="small"
            icon={isShown ? EyeOff : Eye}
            aria-pressed={isShown}
            onClick={() => setShown(!isShown)}
          >
            {isShown ? 'Hide what is typed' : 'Show what is typed'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function effectOf(usedBy: readonly string[]): string {
  if (usedBy.length === 0)
    return 'It is kept outside of the catalog, and cannot be read here again.'
  return `${usedBy.join(', ')} ${usedBy.length === 1 ? 'takes' : 'take'} it at once. It cannot be read here again.`
}
