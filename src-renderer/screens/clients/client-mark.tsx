import { cx } from '../../components/class-names.ts'
import { stateWords, type ClientState } from './listed-client.ts'

const colours: Record<ClientState, string> = {
  connected: 'text-ok',
  unseen: 'text-accent',
  problem: 'text-bad',
  allowed: 'text-ok',
  found: 'text-idle',
  revoked: 'text-idle',
  absent: 'text-idle',
}

/** ● ◐ ▲ ○ – : a client's state as a mark; its word is for readers, or visible with `word`. */
export function ClientMark({ state, word = false }: { state: ClientState; word?: boolean }) {
  return (
    <span className={cx('inline-flex items-center gap-1.5', colours[state])}>
      <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden className="shrink-0">
        <Shape state={state} />
      </svg>
      <span className={word ? 'font-medium' : 'sr-only'}>{stateWords[state]}</span>
    </span>
  )
}

function Shape({ state }: { state: ClientState }) {
  switch (state) {
    case 'connected':
    case 'allowed':
      return <circle cx="5" cy="5" r="4.5" fill="currentColor" />
    case 'unseen':
      return (
        <>
          <circle cx="5" cy="5" r="3.9" fill="none" stroke="currentColor" strokeWidth="1.2" />
          <path d="M5 1.1a3.9 3.9 0 0 0 0 7.8z" fill="currentColor" />
        </>
      )
    case 'problem':
      return <path d="M5 .4 9.9 9.3H.1z" fill="currentColor" />
    case 'found':
      return <circle cx="5" cy="5" r="3.9" fill="none" stroke="currentColor" strokeWidth="1.2" />
    case 'revoked':
      return (
        <>
          <circle cx="5" cy="5" r="3.9" fill="none" stroke="currentColor" strokeWidth="1.2" />
          <path d="m2.3 7.7 5.4-5.4" stroke="currentColor" strokeWidth="1.2" />
        </>
      )
    case 'absent':
      return <path d="M1.5 5h7" stroke="currentColor" strokeWidth="1.2" />
  }
}
