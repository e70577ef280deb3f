import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ApiAnswer } from '../../src-shared/api.ts'
import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { Management } from '../management/management.ts'
import type { Caller } from './access.ts'
import { EventStreams } from './events-stream.ts'
import type { EventStreamLimits } from './events-stream.ts'
import type { RestHandler } from './listener.ts'
import { errorHeaders, sendJson } from './respond.ts'
import { readJson } from './rest-request.ts'

export interface ApiOptions {
  management: Management
  /** Aborted when streams of the main key's holders must end, since it was replaced; then there is another. */
  keyEnded: () => AbortSignal
  streamLimits?: Partial<EventStreamLimits>
}

/** Texts of catalogs come this way, twice as large as the largest once they are quoted. */
const bodyLimitBytes = 8 * 1024 * 1024

/** HTTP as a carrier of the management API: `POST /api/<name>`, `GET /api/events`. */
export function createApi(options: ApiOptions): RestHandler {
  const { management } = options
  const streams = new EventStreams(options.streamLimits)

  function follow(request: IncomingMessage, response: ServerResponse, caller: Caller): void {
    if (request.method !== 'GET') throw notAllowed(request, 'GET')
    const stream = streams.open(response)
    stream.onClose(management.onEvent((event) => stream.send(event.type, event), caller))
    const ended = caller.ended ?? options.keyEnded()
    const close = (): void => stream.close()
    ended.addEventListener('abort', close)
    stream.onClose(() => ended.removeEventListener('abort', close))
  }

  async function call(
    request: IncomingMessage,
    response: ServerResponse,
    caller: Caller,
    name: string,
  ): Promise<unknown> {
    if (request.method !== 'POST') throw notAllowed(request, 'POST')
    const text = await readJson(request, bodyLimitBytes)
    const gone = new AbortController()
    response.on('close', () => {
      if (!response.writableFinished) gone.abort()
    })
    return management.call(name, text, caller, gone.signal)
  }

  return (request, response, caller) => {
    const fail = (thrown: unknown): void => refuse(response, asGatewayError(thrown))
    try {
      const name = nameIn(request.url ?? '')
      if (name === 'events') follow(request, response, caller)
      else call(request, response, caller, name).then((ok) => answer(response, 200, { ok }), fail)
    } catch (thrown) {
      fail(thrown)
    }
  }
}

function nameIn(url: string): string {
  const [path = ''] = url.split('?', 1)
  return path.slice('/api/'.length)
}

function refuse(response: ServerResponse, error: GatewayError): void {
  const { code, message, data } = error
  const body = { code, message, ...(data === undefined ? {} : { data }) }
  answer(response, error.status, { error: body }, errorHeaders(error))
}

function answer(
  response: ServerResponse,
  status: number,
  body: ApiAnswer,
  headers: Record<string, string> = {},
): void {
  if (response.headersSent || response.destroyed) response.destroy()
  else sendJson(response, status, body, headers)
}

function notAllowed({ method, url }: IncomingMessage, allowed: string): GatewayError {
  return new GatewayError(
    'method_not_allowed',
    `${method} is not allowed on ${(url ?? '').slice(0, 100)}. Allowed: ${allowed}.`,
  )
}
