import { Link } from '@tanstack/react-router'
import { actionWords } from '../../../src-shared/action-words.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { notifyFailure } from '../../components/toast.tsx'
import { useAct, useRead } from '../../queries.ts'

/** Whether all servers are paused, and what changes it. */
export function usePause() {
  const paused = useRead('gateway.info', {}).data?.paused === true
  const pause = useAct('gateway.pause')
  const resume = useAct('gateway.resume')
  const act = paused ? resume : pause
  return {
    paused,
    isPending: act.isPending,
    toggle: () =>
      act.mutate(
        {},
        {
          onError: (error) =>
            notifyFailure(
              paused ? 'The gateway was not resumed.' : 'The gateway was not paused.',
              error,
            ),
        },
      ),
  }
}

export function PausedBanner() {
  const { paused, toggle, isPending } = usePause()
  if (!paused) return null
  return (
    <Banner
      kind="warn"
      className="border-b border-line"
      actions={
        <Button size="small" busy={isPending} onClick={toggle}>
          {actionWords.resumeAll}
        </Button>
      }
    >
      Paused: every server is stopped, and requests are refused until you resume.
    </Banner>
  )
}

/** The catalog on disk cannot be used. */
export function ReloadBanner() {
  const reload = useRead('gateway.info', {}).data?.last_reload
  if (reload === undefined || reload.ok) return null
  const more = reload.errors.length - 1
  return (
    <Banner
      kind="bad"
      className="border-b border-line"
      actions={
        <Link to="/catalog" className="font-medium text-accent hover:underline">
          {actionWords.editCatalog}
        </Link>
      }
    >
      <p>The catalog on disk is not valid; the one before it stays in force.</p>
      <p className="font-mono text-sm text-muted">
        {reload.errors[0]}
        {more > 0 && ` (and ${more} more)`}
      </p>
    </Banner>
  )
}
