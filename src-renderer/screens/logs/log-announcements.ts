import { useEffect, useRef } from 'react'
import { announce } from '../../components/announcer.tsx'
import { counted } from '../../words.ts'
import type { LogBuffer } from './log-buffer.ts'

/** Nobody can listen to a log: readers hear how much came, and whether it was errors. */
const everyMs = 10_000

/** Tells readers now and then of lines that have come, while the log is not paused. */
export function useLogAnnouncements(buffer: LogBuffer, isPaused: boolean): void {
  const heard = useRef(buffer.ring.end)
  useEffect(() => {
    heard.current = buffer.ring.end
    if (isPaused) return
    const timer = setInterval(() => {
      const { ring } = buffer
      let errors = 0
      let lines = 0
      for (let n = Math.max(heard.current, ring.first); n < ring.end; n++) {
        lines++
        if (ring.get(n)?.level === 'error') errors++
      }
      heard.current = ring.end
      if (lines === 0) return
      const news = counted(lines, 'new log line')
      announce(errors === 0 ? `${news}.` : `${news}, ${counted(errors, 'error')}.`)
    }, everyMs)
    return () => clearInterval(timer)
  }, [buffer, isPaused])
}
