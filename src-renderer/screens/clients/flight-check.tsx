import { CircleCheck, RefreshCw } from 'lucide-react'
import { useState } from 'react'
import type { ClientCheck, ClientRow } from '../../../src-shared/api-clients.ts'
import { Button } from '../../components/button.tsx'
import { cx } from '../../components/class-names.ts'
import { Time } from '../../components/quantity.tsx'
import { ErrorState, SkeletonText } from '../../components/states.tsx'
import { useRead } from '../../queries.ts'
import { count } from '../../words.ts'
import { Fact, Facts } from './facts.tsx'
import { NoteLine } from './note-line.tsx'
import { PathText } from './path-text.tsx'

/** Reads the client's files on demand, and says what it will see of the gateway and what is wrong. */
export function FlightCheck({ row }: { row: ClientRow }) {
  const [isAsked, setAsked] = useState(false)
  const check = useRead('clients.check', { id: row.id }, { enabled: isAsked })
  return (
    <section aria-label="Check" className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-3 border-t border-line pt-4">
        <div className="min-w-0 flex-1">
          <h3 className="font-medium">Check</h3>
          <p className="text-muted">
            Which file {row.name} reads, whether the gateway is in it, and how many tools it gets.
          </p>
        </div>
        <Button
          icon={RefreshCw}
          busy={isAsked && check.isFetching}
          onClick={() => {
            if (isAsked) void check.refetch()
            else setAsked(true)
          }}
        >
          {check.data === undefined ? 'Check now' : 'Check again'}
        </Button>
      </div>
      {isAsked && check.isError ? (
        <ErrorState
          title={`${row.name} could not be checked.`}
          error={check.error}
          onRetry={() => void check.refetch()}
        />
      ) : isAsked && check.data === undefined ? (
        <SkeletonText lines={4} />
      ) : isAsked && check.data !== undefined ? (
        <CheckResult name={row.name} check={check.data} />
      ) : null}
    </section>
  )
}

function CheckResult({ name, check }: { name: string; check: ClientCheck }) {
  const isIn = check.files.some(
    (one) => one.is_read && (one.entry === 'present' || one.entry === 'changed'),
  )
  return (
    <div role="status" className="flex flex-col gap-3">
      {check.problems.map((problem) => (
        <NoteLine key={problem} kind="warn">
          {problem}
        </NoteLine>
      ))}
      {check.problems.length === 0 && (
        <p className="flex items-center gap-2">
          <CircleCheck size={16} aria-hidden className={isIn ? 'text-ok' : 'text-muted'} />
          {isIn ? 'Nothing is wrong.' : `Nothing is wrong; ${name} is not connected.`}
        </p>
      )}
      <Facts>
        <Fact name="Tools">
          <span className="num">
            {check.tools === null
              ? 'Not known until every server was listed once'
              : count(check.tools)}
            {check.tool_limit !== null && (
              <span className="text-muted"> of {count(check.tool_limit)} that it takes</span>
            )}
          </span>
        </Fact>
        <Fact name="Tokens">
          {check.tokens === null ? '–' : <span className="num">about {count(check.tokens)}</span>}
        </Fact>
        <Fact name="Last seen">
          {check.last_seen === null ? 'Never' : <Time at={check.last_seen} />}
        </Fact>
      </Facts>
      <ul aria-label="Files" className="flex flex-col">
        {check.files.map((file) => (
          <FileLine key={file.file} name={name} file={file} />
        ))}
      </ul>
    </div>
  )
}

const entryWords = {
  present: 'The gateway’s entry is in it',
  changed: 'The gateway’s entry is in it, and was changed',
  absent: 'No entry of the gateway',
  unreadable: 'Cannot be read',
}

function FileLine({ name, file }: { name: string; file: ClientCheck['files'][number] }) {
  const isBad = file.entry === 'unreadable'
  return (
    <li className="flex flex-col border-t border-line py-2">
      <PathText path={file.file} />
      <p className="flex flex-wrap gap-x-1.5 text-muted">
        <span className={cx(isBad && 'text-bad', file.entry === 'present' && 'text-ok')}>
          {file.exists ? entryWords[file.entry] : 'Not there yet'}.
        </span>
        <span>{file.is_read ? `${name} reads it.` : `${name} does not read it.`}</span>
        {file.others.length > 0 && (
          <span className="wrap-anywhere">Other servers: {file.others.join(', ')}.</span>
        )}
      </p>
      {file.problem !== null && <p className="wrap-anywhere text-muted">{file.problem}</p>}
    </li>
  )
}
