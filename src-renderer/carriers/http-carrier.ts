import type { ApiAnswer, ApiEvent } from '../../src-shared/api.ts'
import { ApiError } from '../api-error.ts'
import type { Carrier } from '../gateway-client.ts'
import { EventFeed } from './event-feed.ts'
import type { Session } from './session.ts'

/** `POST /api/<name>` for calls, one `GET /api/events` for all listeners. */
export function httpCarrier(session: Session): Carrier {
  const listeners = new Set<(event: ApiEvent) => void>()
  const feed = new EventFeed(
    () => send(session, '/api/events', { headers: { Accept: 'text/event-stream' } }),
    (event) => {
      for (const listener of listeners) listener(event)
    },
  )
  session.onRefused(() => feed.stop())
  return {
    async call(name, input) {
      const response = await send(session, `/api/${name}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(input),
      })
      return answerOf(await response.json())
    },
    onEvent(fn) {
      listeners.add(fn)
      if (!session.refused) feed.start()
      return () => {
        listeners.delete(fn)
        if (listeners.size === 0) feed.stop()
      }
    },
  }
}

async function send(
  session: Session,
  path: string,
  init: RequestInit & { headers: Record<string, string> },
): Promise<Response> {
  if (session.token !== null) init.headers['Authorization'] = `Bearer ${session.token}`
  const response = await fetch(path, init)
  if (response.status !== 401) return response
  session.refuse()
  throw new ApiError(
    'unauthorized',
    'This link is used up or expired. Run `gateway open` for a new one.',
  )
}

/** What is no answer of the API comes from something in between. */
function answerOf(body: unknown): ApiAnswer {
  if (typeof body === 'object' && body !== null) {
    if ('ok' in body) return { ok: body.ok }
    if ('error' in body) return { error: errorOf(body.error, body) }
  }
  throw new Error('the answer is not one of the gateway')
}

/** The API's own errors, and those of REST (`{error: title, message}`). */
function errorOf(error: unknown, body: object): { code: string; message: string; data?: unknown } {
  if (typeof error === 'object' && error !== null && 'code' in error && 'message' in error)
    return {
      code: String(error.code),
      message: String(error.message),
      ...('data' in error ? { data: error.data } : {}),
    }
  const message = 'message' in body ? String(body.message) : String(error)
  return { code: 'internal', message }
}
