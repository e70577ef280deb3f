import { CircleCheck, Loader } from 'lucide-react'
import type { ClientRow, EntryKind } from '../../../../src-shared/api-clients.ts'
import { hasComeSince } from '../listed-client.ts'
import { NoteLine } from '../note-line.tsx'
import { PathText } from '../path-text.tsx'
import { useClients } from '../use-clients.ts'

/** What was done; `since`: ISO 8601, from when on the client's coming shows that it works. */
export interface Connected {
  message: string
  backup: string | null
  kind: EntryKind
  since: string | undefined
}

/** It is written. What to do now, and whether the client has come. */
export function ConnectedStep({ row, done }: { row: ClientRow; done: Connected }) {
  const { clients } = useClients()
  const access = clients?.find(({ id }) => id === row.id)?.access
  const hasCome = done.since !== undefined && hasComeSince(done.since, access)
  return (
    <div className="flex flex-col gap-4 text-prose">
      <NoteLine kind="ok">{done.message}</NoteLine>
      <div role="status" className="flex gap-2.5">
        {hasCome ? (
          <CircleCheck size={16} aria-hidden className="mt-0.5 shrink-0 text-ok" />
        ) : (
          <Loader size={16} aria-hidden className="mt-0.5 shrink-0 text-muted" />
        )}
        <p>
          {hasCome
            ? `${row.name} has come to the gateway: it works.`
            : `Next: ${row.restart ?? `open ${row.name} and use it once.`} This says so when ${row.name} has come; you need not wait here.`}
        </p>
      </div>
      {done.kind === 'http' && (
        <p className="text-muted">
          Its token stands in that file and is shown nowhere else; the gateway keeps a fingerprint
          of it alone.
        </p>
      )}
      {done.backup !== null && (
        <div className="text-base text-muted">
          <p>The file from before is kept:</p>
          <PathText path={done.backup} />
        </div>
      )}
    </div>
  )
}
