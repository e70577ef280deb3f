import { EventSourceParserStream } from 'eventsource-parser/stream'
import { z } from 'zod'
import { apiEvent, procedures } from '../../src-shared/api.ts'
import type { ApiEvent, GatewayApi, ProcedureName, ProcedureOutput } from '../../src-shared/api.ts'
import { errorRegistry, GatewayError } from '../../src-shared/errors.ts'
import type { ErrorCode } from '../../src-shared/errors.ts'

export interface RemoteApiOptions {
  /** `http://127.0.0.1:4444`. */
  url: string
  /** Read for each request, since the key may be replaced; undefined where none is asked for. */
  key: () => string | undefined
  firstDelayMs?: number
  longestDelayMs?: number
}

/** The management API of a gateway in another process, over HTTP. */
export interface RemoteApi extends GatewayApi {
  /** Ends the event stream; calls that are under way are given up. */
  close(): void
}

const outputs: { [N in ProcedureName]: { output: z.ZodType<ProcedureOutput<N>> } } = procedures
const answer = z.union([
  z.object({ ok: z.unknown() }),
  z.object({
    error: z.object({ code: z.string(), message: z.string(), data: z.unknown().optional() }),
  }),
])

/**
 * Speaks to a running gateway. Its event stream is open while anybody listens, and is opened again whenever it ends;
 * `connection` events tell of it. A call rejects with the gateway's own GatewayError, or `internal` where none came.
 */
export function createRemoteApi(options: RemoteApiOptions): RemoteApi {
  const { url, key, firstDelayMs = 500, longestDelayMs = 10_000 } = options
  const closed = new AbortController()
  const listeners = new Set<(event: ApiEvent) => void>()
  let following: AbortController | undefined

  async function send(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers)
    const text = key()
    if (text !== undefined) headers.set('authorization', `Bearer ${text}`)
    try {
      return await fetch(new URL(path, url), { ...init, headers, redirect: 'error' })
    } catch (cause) {
      throw new GatewayError('internal', `The gateway at ${url} does not answer. Is it running?`, {
        cause,
      })
    }
  }

  async function call<N extends ProcedureName>(
    name: N,
    input: unknown,
  ): Promise<ProcedureOutput<N>> {
    const response = await send(`/api/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(input),
      signal: closed.signal,
    })
    const body: unknown = await response.json().catch(() => undefined)
    const parsed = answer.safeParse(body)
    if (!parsed.success) throw notOurs(url, response.status, body)
    if ('error' in parsed.data) {
      const { code, message, data } = parsed.data.error
      throw new GatewayError(isCode(code) ? code : 'internal', message, dataOf(data))
    }
    const output = outputs[name].output.safeParse(parsed.data.ok)
    if (output.success) return output.data
    throw new GatewayError(
      'internal',
      `The gateway at ${url} answered ${name} in a form that this version does not know. Update both to the same version.`,
      { cause: output.error },
    )
  }

  function emit(event: ApiEvent): void {
    for (const listener of listeners) listener(event)
  }

  async function follow(signal: AbortSignal): Promise<void> {
    let delayMs = firstDelayMs
    let isLost = false
    const tell = (ok: boolean): void => {
      if (isLost !== ok || signal.aborted) return
      isLost = !ok
      emit({ type: 'connection', ok })
    }
    while (!signal.aborted) {
      const opened = await readEvents(signal, () => tell(true)).catch(() => false)
      tell(false)
      delayMs = opened ? firstDelayMs : Math.min(delayMs * 2, longestDelayMs)
      await pause(delayMs, signal)
    }
  }

  /** Until the stream ends. True if it was open. */
  async function readEvents(signal: AbortSignal, opened: () => void): Promise<boolean> {
    const response = await send('/api/events', { signal, headers: { accept: 'text/event-stream' } })
    if (!response.ok || response.body === null) {
      await response.body?.cancel()
      return false
    }
    opened()
    const messages = response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream())
    try {
      for await (const { data } of messages) {
        const event = apiEvent.safeParse(JSON.parse(data))
        // One that this version does not know says nothing to it.
        if (event.success) emit(event.data)
      }
    } catch {
      // Cut off: the same as an end.
    }
    return true
  }

  return {
    call,
    onEvent(fn) {
      listeners.add(fn)
      if (following === undefined && !closed.signal.aborted) {
        following = new AbortController()
        void follow(following.signal)
      }
      return () => {
        listeners.delete(fn)
        if (listeners.size > 0) return
        following?.abort()
        following = undefined
      }
    },
    close() {
      closed.abort()
      following?.abort()
      listeners.clear()
    },
  }
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorRegistry, code)
}

function dataOf(data: unknown): { data?: Record<string, unknown> } {
  const parsed = z.record(z.string(), z.unknown()).safeParse(data)
  return parsed.success ? { data: parsed.data } : {}
}

/** REST's errors (no key, wrong key), or something that is no gateway. */
function notOurs(url: string, status: number, body: unknown): GatewayError {
  const said = z.object({ message: z.string() }).safeParse(body)
  const code = status === 401 ? 'unauthorized' : status === 403 ? 'forbidden' : 'internal'
  const message = said.success ? said.data.message : `${url} answered with HTTP ${status}.`
  return new GatewayError(code, message)
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}
