import type { ActivityOutcome } from '../../../src-shared/api.ts'
import { cx } from '../../components/class-names.ts'

export const outcomeWords: Record<ActivityOutcome, string> = {
  ok: 'Answered',
  error: 'Failed',
  cancelled: 'Cancelled',
}

const colours: Record<ActivityOutcome, string> = {
  ok: 'text-ok',
  error: 'text-bad',
  cancelled: 'text-idle',
}

/** ✓ ▲ ⊘, drawn alike in every font; its word is for readers, or visible with `word`. */
export function OutcomeMark({
  outcome,
  word = false,
}: {
  outcome: ActivityOutcome
  word?: boolean
}) {
  return (
    <span
      title={word ? undefined : outcomeWords[outcome]}
      className={cx('inline-flex items-center gap-1.5', colours[outcome])}
    >
      <svg
        width="10"
        height="10"
        viewBox="0 0 10 10"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.4"
        aria-hidden
        className="shrink-0"
      >
        <Shape outcome={outcome} />
      </svg>
      <span className={word ? 'font-medium' : 'sr-only'}>{outcomeWords[outcome]}</span>
    </span>
  )
}

function Shape({ outcome }: { outcome: ActivityOutcome }) {
  switch (outcome) {
    case 'ok':
      return <path d="M1.2 5.4 3.9 8 8.8 2.2" strokeLinecap="round" strokeLinejoin="round" />
    case 'error':
      return <path d="M5 .4 9.9 9.3H.1z" fill="currentColor" stroke="none" />
    case 'cancelled':
      return (
        <>
          <circle cx="5" cy="5" r="4.2" />
          <path d="M2.1 7.9 7.9 2.1" />
        </>
      )
  }
}
