import { errorRegistry, GatewayError } from '../../src-shared/errors.ts'
import {
  eachMember,
  isObject,
  jsonBytes,
  JsonSyntaxError,
  skipWhitespace,
  slice,
  stringAt,
} from './json-spans.ts'
import type { Span } from './json-spans.ts'

/** One JSON-RPC message: the bytes as they came, and where the envelope's members stand in them. */
export interface Envelope {
  readonly bytes: Buffer
  readonly kind: 'request' | 'notification' | 'response'
  /** The id as it was written; absent on notifications, and on error responses without one. */
  readonly id: Span | undefined
  /** Empty on responses. */
  readonly method: string
  readonly params: Span | undefined
  readonly result: Span | undefined
  readonly error: Span | undefined
  /** Extra top-level members (the REST envelope's `server_id`). */
  readonly serverId: Span | undefined
}

export interface RequestEnvelope extends Envelope {
  readonly kind: 'request'
  readonly id: Span
}

export function isRequest(envelope: Envelope): envelope is RequestEnvelope {
  return envelope.kind === 'request'
}

const ids = /^(?:"|-?[0-9])/

/**
 * Checks the envelope of one message (JSON-RPC 2.0; MCP basic, "Messages") and nothing below it.
 * Throws GatewayError `parse_error` (no JSON) or `bad_request` (no JSON-RPC message).
 * `lenient`: when the REST form is allowed, where `jsonrpc` may be missing.
 */
export function readEnvelope(
  bytes: Buffer,
  lenient: 'never' | 'with server_id' | 'always' = 'never',
): Envelope {
  const seen: Record<string, Span> = Object.create(null) as Record<string, never>
  try {
    const start = skipWhitespace(bytes, 0)
    if (bytes[start] !== 0x7b)
      throw new GatewayError(
        'bad_request',
        bytes[start] === 0x5b
          ? 'Batches are not part of this protocol version. Send one JSON-RPC message at a time.'
          : 'Expected one JSON-RPC message, that is a JSON object.',
      )
    const end = eachMember(bytes, start, (key, value) => {
      if (Object.hasOwn(seen, key))
        throw new GatewayError('bad_request', `The message has the member '${key}' twice.`)
      seen[key] = value
    })
    if (skipWhitespace(bytes, end) !== bytes.length)
      throw new JsonSyntaxError(end, 'more text after the end of the message')
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new GatewayError('parse_error', error.message)
    throw error
  }
  const { id, jsonrpc, method, params, result, error, server_id: serverId } = seen
  const mayLack = lenient === 'always' || (lenient === 'with server_id' && serverId !== undefined)
  if (!mayLack && (jsonrpc === undefined || slice(bytes, jsonrpc).toString('latin1') !== '"2.0"'))
    throw new GatewayError(
      'bad_request',
      'The message is not JSON-RPC 2.0: `"jsonrpc": "2.0"` is missing.',
    )
  const idIsNull = id !== undefined && bytes[id.start] === 0x6e
  if (id !== undefined && !idIsNull && !ids.test(bytes.toString('latin1', id.start, id.start + 2)))
    throw new GatewayError('bad_request', 'The `id` must be a string or a number.')
  if (method !== undefined) {
    const name = stringAt(bytes, method)
    if (name === undefined || name === '')
      throw new GatewayError('bad_request', 'The `method` must be a string.')
    if (params !== undefined && !isObject(bytes, params))
      throw new GatewayError('bad_request', 'The `params` must be an object.')
    if (idIsNull) throw new GatewayError('bad_request', 'The `id` of a request must not be null.')
    const kind = id === undefined ? 'notification' : 'request'
    return { bytes, kind, id, method: name, params, result: undefined, error: undefined, serverId }
  }
  if (result === undefined && error === undefined)
    throw new GatewayError(
      'bad_request',
      'The message has no `method`, no `result` and no `error`.',
    )
  if (result !== undefined && (id === undefined || idIsNull))
    throw new GatewayError('bad_request', 'The response has no `id`.')
  return {
    bytes,
    kind: 'response',
    id: idIsNull ? undefined : id,
    method: '',
    params: undefined,
    result,
    error,
    serverId,
  }
}

/** The id as it was written, as a key: `0` and `"0"` are different ids. */
export function idText(envelope: Envelope): string {
  return envelope.id === undefined
    ? ''
    : envelope.bytes.toString('latin1', envelope.id.start, envelope.id.end)
}

const head = Buffer.from('{"jsonrpc":"2.0","id":')
const resultKey = Buffer.from(',"result":')
const errorKey = Buffer.from(',"error":')
const tail = Buffer.from('}')

/** A result response of our own making; `id` and `result` are JSON. */
export function resultMessage(id: Buffer, result: readonly Buffer[]): Buffer[] {
  return [head, id, resultKey, ...result, tail]
}

export interface ErrorBody {
  code: number
  message: string
  data?: unknown
}

/** An error response of our own making; `id` is JSON, `null` where none could be read. */
export function errorMessage(id: Buffer | undefined, error: ErrorBody): Buffer[] {
  return [head, id ?? Buffer.from('null'), errorKey, jsonBytes(error), tail]
}

export function errorBody(error: GatewayError): ErrorBody {
  const { jsonrpc } = errorRegistry[error.code]
  const data =
    error.retryAfterSeconds === undefined
      ? { reason: error.code }
      : { reason: error.code, retry_after_seconds: error.retryAfterSeconds }
  return { code: jsonrpc, message: error.message, data }
}

/** A request or notification of the gateway itself. */
export function message(method: string, params?: unknown, id?: number): Buffer {
  return jsonBytes({
    jsonrpc: '2.0',
    ...(id === undefined ? {} : { id }),
    method,
    ...(params === undefined ? {} : { params }),
  })
}

/** SSE and newline-delimited framing need a message on one line; newlines in JSON stand only between values. */
export function onOneLine(bytes: Buffer): Buffer {
  if (bytes.indexOf(0x0a) < 0 && bytes.indexOf(0x0d) < 0) return bytes
  const copy = Buffer.from(bytes)
  for (let i = 0; i < copy.length; i++) if (copy[i] === 0x0a || copy[i] === 0x0d) copy[i] = 0x20
  return copy
}
