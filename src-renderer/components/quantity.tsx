import { useSyncExternalStore } from 'react'
import { bytesInWords, durationInWords, exactTime, timeAgo, uptimeInWords } from '../words.ts'
import { Tooltip } from './tooltip.tsx'

/** Relative, kept up to date; the exact time on hover and focus. */
export function Time({ at }: { at: string | number }) {
  const now = useNow()
  const time = typeof at === 'number' ? at : Date.parse(at)
  return (
    <Tooltip text={exactTime(time)}>
      <time dateTime={new Date(time).toISOString()} className="num">
        {timeAgo(time, now)}
      </time>
    </Tooltip>
  )
}

export function Duration({ ms }: { ms: number | null }) {
  return <span className="num">{ms === null ? '–' : durationInWords(ms)}</span>
}

/** The time since, ticking. */
export function Uptime({ since }: { since: string | null }) {
  const now = useNow()
  if (since === null) return <span>–</span>
  return <span className="num">{uptimeInWords(Math.max(1000, now - Date.parse(since)))}</span>
}

export function Bytes({ value }: { value: number | undefined }) {
  return <span className="num">{value === undefined ? '–' : bytesInWords(value)}</span>
}

const listeners = new Set<() => void>()
let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined

/** The time to the second: one clock for all of the window. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now)
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  if (timer === undefined) {
    now = Date.now()
    timer = setInterval(() => {
      if (document.hidden) return
      now = Date.now()
      for (const one of listeners) one()
    }, 1000)
  }
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}
