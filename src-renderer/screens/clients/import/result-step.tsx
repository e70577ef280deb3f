import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { ImportResult } from '../../../../src-shared/client-import.ts'
import { messageOf } from '../../../api-error.ts'
import { Button } from '../../../components/button.tsx'
import { Dialog } from '../../../components/dialog.tsx'
import { useGateway, useRead } from '../../../queries.ts'
import { counted } from '../../../words.ts'
import { MissingSecrets } from '../../secrets/missing-secrets.tsx'
import { NoteLine } from '../note-line.tsx'
import { useClientsChanged } from '../use-clients.ts'
import { takeBack } from './take-back.ts'

const storeWords = { keychain: 'in the keychain', file: 'in an encrypted file' }

/** What was done, and the ways on and back. */
export function ResultStep({ result, onClose }: { result: ImportResult; onClose: () => void }) {
  const navigate = useNavigate()
  const gateway = useGateway()
  const cache = useQueryClient()
  const changed = useClientsChanged()
  const rows = useRead('clients.list', {})
  const [undoing, setUndoing] = useState(false)
  const [undone, setUndone] = useState<string[]>()
  const [failure, setFailure] = useState<unknown>()
  const { added, secrets, secrets_note: secretsNote, clients, message } = result
  const nameOf = (id: string): string => rows.data?.find((row) => row.id === id)?.name ?? id
  const changedClients = clients.filter(({ problem }) => problem === null)
  const canUndo = added.length > 0 || changedClients.length > 0
  const undo = async (): Promise<void> => {
    setUndoing(true)
    setFailure(undefined)
    try {
      setUndone(await takeBack(gateway, result))
    } catch (thrown) {
      setFailure(thrown)
    } finally {
      setUndoing(false)
      await Promise.all([changed(), cache.invalidateQueries({ queryKey: ['servers.list'] })])
    }
  }
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title={undone === undefined ? 'Imported' : 'Taken back'}
      footer={
        <>
          {undone === undefined && canUndo && (
            <Button className="mr-auto" busy={undoing} onClick={() => void undo()}>
              Undo
            </Button>
          )}
          <Button onClick={() => void navigate({ to: '/catalog' })}>Look at the catalog</Button>
          <Button kind="primary" autoFocus onClick={onClose}>
            Done
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4 text-prose">
        {failure !== undefined && (
          <NoteLine kind="bad">Not all of it was taken back. {messageOf(failure)}</NoteLine>
        )}
        {undone === undefined ? (
          <>
            <NoteLine kind="ok">{message}</NoteLine>
            {added.length > 0 && (
              <div>
                <h3 className="font-medium">{counted(added.length, 'server')} in the catalog</h3>
                <p className="font-mono text-sm wrap-anywhere text-muted">
                  {added.map(({ id }) => id).join(', ')}
                </p>
              </div>
            )}
            {secrets.length > 0 && (
              <div>
                <h3 className="font-medium">{counted(secrets.length, 'secret')}</h3>
                <ul className="text-base text-muted">
                  {secrets.map(({ name, store }) => (
                    <li key={name}>
                      <code className="font-mono text-sm">{name}</code> {storeWords[store]}
                    </li>
                  ))}
                </ul>
                {secretsNote !== null && <p className="text-base text-warn">{secretsNote}</p>}
              </div>
            )}
            <MissingSecrets servers={added.map(({ id }) => id)} />
            {clients.length > 0 && (
              <ul aria-label="Clients" className="flex flex-col gap-2">
                {clients.map((client) => (
                  <li key={`${client.id} ${client.file}`}>
                    <h3 className="font-medium">{nameOf(client.id)}</h3>
                    <p className="text-base wrap-anywhere text-muted">
                      {client.problem ?? client.message}
                    </p>
                    {client.problem !== null && (
                      <p className="text-base text-bad">Its file was not changed.</p>
                    )}
                  </li>
                ))}
              </ul>
            )}
          </>
        ) : (
          <NoteLine kind="ok">
            {undone.map((sentence) => (
              <p key={sentence}>{sentence}</p>
            ))}
          </NoteLine>
        )}
      </div>
    </Dialog>
  )
}
