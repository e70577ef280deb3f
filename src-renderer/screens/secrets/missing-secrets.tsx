import { useState } from 'react'
import type { SecretRow } from '../../../src-shared/secret.ts'
import { Button } from '../../components/button.tsx'
import { useRead } from '../../queries.ts'
import { SecretDialog } from './secret-dialog.tsx'

interface MissingSecretsProps {
  /** Ids of the servers that may wait for some. */
  servers: readonly string[]
}

/** Secrets that servers wait for, each with a way to set it. Nothing where none is missing. */
export function MissingSecrets({ servers }: MissingSecretsProps) {
  const rows = useRead('secrets.list', {}, { enabled: servers.length > 0 }).data?.secrets ?? []
  const [edited, setEdited] = useState<SecretRow>()
  const missing = rows.filter(
    ({ store, used_by: usedBy }) => store === null && usedBy.some((id) => servers.includes(id)),
  )
  if (missing.length === 0 && edited === undefined) return null
  return (
    <>
      <ul aria-label="Missing secrets" className="flex flex-wrap gap-2">
        {missing.map((row) => (
          <li key={row.name}>
            <Button onClick={() => setEdited(row)}>Set {row.name}</Button>
          </li>
        ))}
      </ul>
      {edited !== undefined && (
        <SecretDialog
          name={edited.name}
          isSet={false}
          usedBy={edited.used_by}
          onClose={() => setEdited(undefined)}
        />
      )}
    </>
  )
}
