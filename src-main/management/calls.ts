import { GatewayError } from '../../src-shared/errors.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import type { JsonRecord } from '../../src-shared/json-record.ts'
import type { CallHandle } from '../mcp/caller.ts'
import type { Channel } from '../mcp/client-reply.ts'
import { onOneLine, readEnvelope } from '../mcp/envelope.ts'
import { isObject, jsonBytes, member, slice, spliced } from '../mcp/json-spans.ts'
import type { OneCall } from '../mcp/one-call.ts'
import type { CallContext } from './context.ts'

export interface CallRequest {
  serverId: string
  /** Chosen by the caller; names the call in `call_progress` and `server.cancel`. */
  callId: string
  method: string
  /** A JSON object. */
  params: string
}

export interface Progress {
  progress: number
  total: number | null
  message: string | null
}

interface Options {
  oneCall: OneCall
  /** Monotonic, ms. */
  now: () => number
  progress: (session: string, callId: string, progress: Progress) => void
}

/** The calls of windows and pages that are under way. */
export class Calls {
  readonly #options: Options
  /** By session and the id that it has chosen. */
  readonly #cancels = new Map<string, () => void>()

  constructor(options: Options) {
    this.#options = options
  }

  /**
   * Sends one request, as a client would. Resolves with the JSON-RPC answer, result or error. Rejects with GatewayError:
   * `server_not_found`, `bad_request`, `conflict` (the id is in use), `cancelled`.
   */
  async call(
    request: CallRequest,
    { caller, signal }: CallContext,
  ): Promise<{ response: JsonRecord; duration_ms: number }> {
    const { oneCall, now, progress } = this.#options
    const key = keyOf(caller.session, request.callId)
    if (this.#cancels.has(key))
      throw new GatewayError(
        'conflict',
        `A call '${request.callId}' is under way already. Choose another call_id.`,
      )
    const envelope = readEnvelope(messageOf(request))
    const startedAt = now()
    let cancel = (): void => {}
    try {
      const response = await new Promise<JsonRecord>((resolve, reject) => {
        const cancelled = (): void =>
          reject(new GatewayError('cancelled', 'The call was cancelled.'))
        const channel: Channel = {
          respond: (message) => resolve(parsed(message)),
          send: (message) => {
            const told = progressIn(parsed(message))
            if (told !== undefined) progress(caller.session, request.callId, told)
            return told !== undefined
          },
          abandon: cancelled,
        }
        let handle: CallHandle | undefined
        cancel = () => {
          handle?.cancel('The caller has cancelled it.')
          cancelled()
        }
        this.#cancels.set(key, cancel)
        handle = oneCall.send(request.serverId, caller.principal, envelope, channel)
        signal.addEventListener('abort', cancel)
        if (signal.aborted) cancel()
      })
      return { response, duration_ms: now() - startedAt }
    } finally {
      this.#cancels.delete(key)
      signal.removeEventListener('abort', cancel)
    }
  }

  /** Nothing happens if it has ended already. */
  cancel(session: string, callId: string): void {
    this.#cancels.get(keyOf(session, callId))?.()
  }
}

function keyOf(session: string, callId: string): string {
  return JSON.stringify([session, callId])
}

/** The params stay as they were written, but for the token. */
function messageOf({ callId, method, params }: CallRequest): Buffer {
  const head = `{"jsonrpc":"2.0","id":1,"method":${JSON.stringify(method)},"params":`
  const marked = withProgressToken(onOneLine(Buffer.from(params)), callId)
  return Buffer.concat([Buffer.from(head), marked, Buffer.from('}')])
}

function withProgressToken(params: Buffer, token: string): Buffer {
  const whole = { start: 0, end: params.length }
  const meta = member(params, whole, '_meta')
  const object = meta && isObject(params, meta) ? meta : whole
  const own = meta && member(params, meta, 'progressToken')
  if (own) return spliced(params, [{ ...own, text: jsonBytes(token) }])
  const inside = slice(params, object).toString('utf8').slice(1, -1).trim()
  const pair = `"progressToken":${JSON.stringify(token)}`
  const text = object === meta ? pair : `"_meta":{${pair}}`
  const at = object.start + params.subarray(object.start).indexOf('{') + 1
  return spliced(params, [
    { start: at, end: at, text: Buffer.from(inside === '' ? text : `${text},`) },
  ])
}

function parsed(message: readonly Buffer[]): JsonRecord {
  const value: unknown = JSON.parse(Buffer.concat(message).toString('utf8'))
  return isRecord(value) ? value : {}
}

function progressIn({ method, params }: JsonRecord): Progress | undefined {
  if (method !== 'notifications/progress' || !isRecord(params)) return undefined
  const { progress, total, message } = params
  return {
    progress: typeof progress === 'number' ? progress : 0,
    total: typeof total === 'number' ? total : null,
    message: typeof message === 'string' ? message : null,
  }
}
