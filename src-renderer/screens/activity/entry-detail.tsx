import { Link } from '@tanstack/react-router'
import { RotateCcw, X } from 'lucide-react'
import { useState } from 'react'
import type { ActivityDetail } from '../../../src-shared/api.ts'
import { Banner } from '../../components/banner.tsx'
import { Button, IconButton } from '../../components/button.tsx'
import { Duration, Time } from '../../components/quantity.tsx'
import { ErrorState, SkeletonText } from '../../components/states.tsx'
import { Tooltip } from '../../components/tooltip.tsx'
import { useRead } from '../../queries.ts'
import { RequestName } from './activity-list.tsx'
import { KeptText } from './kept-text.tsx'
import { OutcomeMark } from './outcome-mark.tsx'
import { ReplayResult } from './replay-result.tsx'
import { useReplay } from './use-replay.ts'

interface EntryDetailProps {
  id: number
  onClose: () => void
}

/** One request with all that was kept of it. */
export function EntryDetail({ id, onClose }: EntryDetailProps) {
  const entry = useRead('activity.get', { id })
  return (
    <div
      className="flex min-h-0 flex-1 flex-col"
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.defaultPrevented) onClose()
      }}
    >
      {entry.data !== undefined ? (
        <Entry entry={entry.data} onClose={onClose} />
      ) : (
        <>
          <header className="flex justify-end px-5 pt-4">
            <IconButton icon={X} label="Close" onClick={onClose} />
          </header>
          {entry.isError ? (
            <ErrorState
              title="This request could not be read."
              error={entry.error}
              onRetry={() => void entry.refetch()}
            />
          ) : (
            <div className="px-5">
              <SkeletonText lines={8} />
            </div>
          )}
        </>
      )}
    </div>
  )
}

function Entry({ entry, onClose }: { entry: ActivityDetail; onClose: () => void }) {
  const [isRaw, setRaw] = useState(false)
  const replay = useReplay(entry.id)
  return (
    <>
      <header className="flex shrink-0 flex-col gap-1 border-b border-line px-5 pt-4 pb-3">
        <div className="flex min-h-8 items-center gap-2">
          <h2 className="min-w-0 truncate text-lead font-semibold">
            {entry.target ?? entry.method}
          </h2>
          <div className="ml-auto flex shrink-0 items-center gap-2">
            <Button aria-pressed={isRaw} onClick={() => setRaw(!isRaw)}>
              {isRaw ? 'As tree' : 'As text'}
            </Button>
            <ReplayButton
              reason={entry.replay_reason}
              busy={replay.state.kind === 'running'}
              onReplay={() => void replay.send()}
            />
            <IconButton icon={X} label="Close" onClick={onClose} />
          </div>
        </div>
        <p className="flex flex-wrap items-center gap-x-4 gap-y-0.5 text-muted">
          <OutcomeMark outcome={entry.outcome} word />
          <RequestName entry={{ method: entry.method, target: null }} />
          <span>
            {entry.client} →{' '}
            <Link
              to="/servers/$id"
              params={{ id: entry.server_id }}
              className="text-accent underline underline-offset-2"
            >
              {entry.server_id}
            </Link>
          </span>
          <Time at={entry.time} />
          <Duration ms={entry.duration_ms} />
        </p>
      </header>
      {entry.error !== null && (
        <Banner kind="bad" className="border-b border-line">
          {entry.error}
        </Banner>
      )}
      <div className="@container flex min-h-0 flex-1 flex-col gap-5 overflow-auto px-5 py-4">
        <KeptText title="Request" text={entry.request} isRaw={isRaw} />
        <ReplayResult
          state={replay.state}
          onCancel={replay.cancel}
          original={{ text: entry.response, durationMs: entry.duration_ms }}
          isRaw={isRaw}
        />
      </div>
    </>
  )
}

interface ReplayButtonProps {
  /** Why it cannot be sent again. */
  reason: string | null
  busy: boolean
  onReplay: () => void
}

function ReplayButton({ reason, busy, onReplay }: ReplayButtonProps) {
  if (reason === null)
    return (
      <Button kind="primary" icon={RotateCcw} busy={busy} onClick={onReplay}>
        Replay
      </Button>
    )
  // It stays in the tab order, so that everybody can learn why.
  return (
    <Tooltip text={reason}>
      <Button icon={RotateCcw} aria-disabled aria-label={`Replay: ${reason}`}>
        Replay
      </Button>
    </Tooltip>
  )
}
