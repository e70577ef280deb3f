import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { ApiEvent } from '../../src-shared/api.ts'

const firstDelayMs = 500
const longestDelayMs = 10_000

/**
 * One event stream, opened again with growing delays whenever it ends. It tells by `connection` events when the
 * gateway is lost and found again. A native EventSource could not carry the bearer.
 */
export class EventFeed {
  private readonly open: () => Promise<Response>
  private readonly emit: (event: ApiEvent) => void
  private running: AbortController | undefined
  private lost = false

  constructor(open: () => Promise<Response>, emit: (event: ApiEvent) => void) {
    this.open = open
    this.emit = emit
  }

  start(): void {
    if (this.running !== undefined) return
    this.running = new AbortController()
    void this.run(this.running.signal)
  }

  stop(): void {
    this.running?.abort()
    this.running = undefined
  }

  private async run(signal: AbortSignal): Promise<void> {
    let delayMs = firstDelayMs
    while (!signal.aborted) {
      const opened = await this.read(signal).catch(() => false)
      if (signal.aborted) return
      delayMs = opened ? firstDelayMs : Math.min(delayMs * 2, longestDelayMs)
      this.tell(false)
      await pause(delayMs, signal)
    }
  }

  /** True if the stream had been open. */
  private async read(signal: AbortSignal): Promise<boolean> {
    const response = await this.open()
    if (!response.ok || response.body === null) return false
    this.tell(true)
    const messages = response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream())
      .getReader()
    const cancel = () => void messages.cancel().catch(() => {})
    signal.addEventListener('abort', cancel)
    try {
      for (;;) {
        const { done, value } = await messages.read()
        if (done || signal.aborted) return true
        const event = eventOf(value.data)
        if (event !== undefined) this.emit(event)
      }
    } catch {
      return true
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }

  private tell(ok: boolean): void {
    // The first connection is no news.
    if (this.lost !== ok) return
    this.lost = !ok
    this.emit({ type: 'connection', ok })
  }
}

function eventOf(data: string): ApiEvent | undefined {
  try {
    // The gateway makes them from the same table.
    return JSON.parse(data) as ApiEvent
  } catch {
    return undefined
  }
}

/** Ends early when the window comes back to the front: nobody waits for a backoff before their eyes. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      document.removeEventListener('visibilitychange', onVisible)
      resolve()
    }
    const onVisible = () => {
      if (document.visibilityState === 'visible') end()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
    document.addEventListener('visibilitychange', onVisible)
  })
}
