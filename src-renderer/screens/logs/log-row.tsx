import { memo } from 'react'
import { cx } from '../../components/class-names.ts'
import { clockTime, exactTime } from '../../words.ts'
import type { LogEntry } from './log-buffer.ts'
import { partsOf } from './log-query.ts'

/** Of a line that is not opened: nobody sees more of it, and the browser need not lay it out. */
const closedLength = 600

interface LogRowProps {
  entry: LogEntry
  isOpen: boolean
  showServer: boolean
  /** The search has come to it. */
  isCurrent: boolean
  pattern: RegExp | null
}

/** What is in a row: time, server, weight or source, text. */
export const LogRow = memo(function LogRow({
  entry,
  isOpen,
  showServer,
  isCurrent,
  pattern,
}: LogRowProps) {
  const text = isOpen ? entry.text : entry.text.slice(0, closedLength)
  return (
    <>
      <time
        dateTime={new Date(entry.time).toISOString()}
        title={exactTime(entry.time)}
        className="num shrink-0 text-muted select-none"
      >
        {clockTime(entry.time)}
      </time>
      {showServer && (
        <span title={entry.serverId} className="w-28 shrink-0 truncate text-muted">
          {entry.serverId}
        </span>
      )}
      <KindMark entry={entry} />
      <span
        dir="auto"
        className={cx(
          'min-w-0 flex-1 text-left',
          isOpen ? 'wrap-anywhere whitespace-pre-wrap' : 'truncate whitespace-pre',
        )}
      >
        {partsOf(text, pattern).map((part, index) =>
          part.isMatch ? (
            <mark
              key={index}
              className={cx(
                'rounded-sm',
                isCurrent ? 'bg-accent text-on-accent' : 'bg-accent/25 text-text',
              )}
            >
              {part.text}
            </mark>
          ) : (
            part.text
          ),
        )}
      </span>
    </>
  )
})

const colours = {
  error: 'text-bad',
  warn: 'text-warn',
  lifecycle: 'text-accent',
  info: 'text-muted',
  debug: 'text-muted',
  stderr: 'text-muted',
  stdout: 'text-muted',
} as const

/** The weight a line gives itself, or else where it comes from. */
function KindMark({ entry }: { entry: LogEntry }) {
  const word = entry.level ?? entry.source
  return (
    <span className={cx('flex w-[84px] shrink-0 items-center gap-1.5 self-start', colours[word])}>
      <svg width="9" height="9" viewBox="0 0 10 10" aria-hidden className="shrink-0">
        <Shape word={word} />
      </svg>
      {word}
    </span>
  )
}

function Shape({ word }: { word: keyof typeof colours }) {
  switch (word) {
    case 'error':
      return <path d="M5 .4 9.9 9.3H.1z" fill="currentColor" />
    case 'warn':
      return <path d="M5 1.6 9 8.8H1z" fill="none" stroke="currentColor" strokeWidth="1.3" />
    case 'lifecycle':
      return <path d="M5 .6 9.4 5 5 9.4 .6 5z" fill="currentColor" />
    default:
      return null
  }
}
