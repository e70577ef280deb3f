import { statusMarks } from '../../src-shared/action-words.ts'
import type { ShownState } from '../../src-shared/shown-state.ts'
import { cx } from './class-names.ts'

const colours: Record<ShownState, string> = {
  running: 'text-ok',
  starting: 'text-accent',
  stopping: 'text-idle',
  stopped: 'text-idle',
  unhealthy: 'text-bad',
  sign_in_needed: 'text-warn',
  signing_in: 'text-accent',
}

/** ● ◐ ○ ◆ ▲, drawn alike in every font; its word is for readers, or visible with `word`. */
export function StatusMark({ status, word = false }: { status: ShownState; word?: boolean }) {
  const { word: name } = statusMarks[status]
  return (
    <span className={cx('inline-flex items-center gap-1.5', colours[status])}>
      <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden className="shrink-0">
        <Shape status={status} />
      </svg>
      <span className={word ? 'font-medium' : 'sr-only'}>{name}</span>
    </span>
  )
}

function Shape({ status }: { status: ShownState }) {
  switch (status) {
    case 'running':
      return <circle cx="5" cy="5" r="4.5" fill="currentColor" />
    case 'starting':
    case 'stopping':
    case 'signing_in':
      return (
        <>
          <circle cx="5" cy="5" r="3.9" fill="none" stroke="currentColor" strokeWidth="1.2" />
          <path d="M5 1.1a3.9 3.9 0 0 0 0 7.8z" fill="currentColor" />
        </>
      )
    case 'stopped':
      return <circle cx="5" cy="5" r="3.9" fill="none" stroke="currentColor" strokeWidth="1.2" />
    case 'sign_in_needed':
      return <path d="M5 0l5 5-5 5-5-5z" fill="currentColor" />
    case 'unhealthy':
      return <path d="M5 .4 9.9 9.3H.1z" fill="currentColor" />
  }
}
