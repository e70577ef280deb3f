import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { messageOf } from '../../../api-error.ts'
import { Button } from '../../../components/button.tsx'
import { Dialog } from '../../../components/dialog.tsx'
import { Field, Input } from '../../../components/field.tsx'
import { takeFocus } from '../../../components/take-focus.ts'
import { useAct } from '../../../queries.ts'
import { NoteLine } from '../note-line.tsx'
import { useClients, useClientsChanged } from '../use-clients.ts'
import { TokenShown } from './token-shown.tsx'

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** Access for a program that is not in the table of clients: a name, and a token that is shown once. */
export function GrantDialog({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate()
  const { clients } = useClients()
  const grant = useAct('access.grant')
  const changed = useClientsChanged()
  const [name, setName] = useState('')
  const [id, setId] = useState<string>()
  const [token, setToken] = useState<string | null>(null)
  const [failure, setFailure] = useState<unknown>()
  const chosenId = id ?? idFrom(name)
  const taken = token === null ? clients?.find((one) => one.id === chosenId) : undefined
  const problem =
    chosenId === ''
      ? undefined
      : !idPattern.test(chosenId)
        ? 'Letters, digits, . - and _, up to 64; it begins with a letter or a digit.'
        : taken !== undefined
          ? `${taken.name} has this ID. Open it in the list to change its access.`
          : undefined
  const isReady = chosenId !== '' && problem === undefined
  const run = () => {
    if (!isReady) return
    setFailure(undefined)
    const given = name.trim()
    grant
      .mutateAsync({ id: chosenId, ...(given === '' ? {} : { name: given }) })
      .then(async (made) => {
        setToken(made.token)
        await changed()
      }, setFailure)
  }
  const openIt = () =>
    void navigate({ to: '/clients/$id', params: { id: chosenId }, search: { tab: 'access' } })
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title={token === null ? 'Give access' : `The token of ${name.trim() || chosenId}`}
      {...(token === null
        ? {
            description:
              'For a program that is not in the list. It gets a token of its own, which opens MCP alone.',
          }
        : {})}
      footer={
        token === null ? (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button kind="primary" disabled={!isReady} busy={grant.isPending} onClick={run}>
              Make a token
            </Button>
          </>
        ) : (
          <>
            <Button onClick={openIt}>Limit its access</Button>
            <Button kind="primary" ref={takeFocus} onClick={onClose}>
              Done
            </Button>
          </>
        )
      }
    >
      {token === null ? (
        <form
          className="flex flex-col gap-3.5"
          onSubmit={(event) => {
            event.preventDefault()
            run()
          }}
        >
          <Field label="Name" hint="How it is called in lists, logs and statistics.">
            {(ids) => (
              <Input
                {...ids}
                autoFocus
                value={name}
                maxLength={200}
                placeholder="Nightly report"
                onChange={({ target }) => setName(target.value)}
              />
            )}
          </Field>
          <Field label="ID" required error={problem} hint="Stays the same for ever.">
            {(ids) => (
              <Input
                {...ids}
                value={chosenId}
                spellCheck={false}
                placeholder="nightly-report"
                className="font-mono text-sm"
                onChange={({ target }) => setId(target.value)}
              />
            )}
          </Field>
          {failure !== undefined && (
            <NoteLine kind="bad">No access was given. {messageOf(failure)}</NoteLine>
          )}
          {/* Enter in a field sends the form. */}
          <button type="submit" hidden />
        </form>
      ) : (
        <TokenShown token={token} />
      )}
    </Dialog>
  )
}

function idFrom(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[^a-z0-9]+|-+$/g, '')
    .slice(0, 64)
}
