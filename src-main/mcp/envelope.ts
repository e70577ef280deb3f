import { errorRegistry, GatewayError } from '../../src-shared/errors.ts'
import {
  eachMember,
  isObject,
  jsonBytes,
  JsonSyntaxError,
  skipWhitespace,
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

/** The members that make a message, as found; anything else travels along unread. */
interface Members {
  jsonrpc: Span | undefined
  id: Span | undefined
  method: Span | undefined
  params: Span | undefined
  result: Span | undefined
  error: Span | undefined
  server_id: Span | undefined
}

function isMember(key: string): key is keyof Members {
  switch (key) {
    case 'jsonrpc':
    case 'id':
    case 'method':
    case 'params':
    case 'result':
    case 'error':
    case 'server_id':
      return true
    default:
      return false
  }
}

function readMembers(bytes: Buffer): Members {
  const members: Members = {
    jsonrpc: undefined,
    id: undefined,
    method: undefined,
    params: undefined,
    result: undefined,
    error: undefined,
    server_id: undefined,
  }
  const start = skipWhitespace(bytes, 0)
  if (bytes[start] !== 0x7b)
    throw new GatewayError(
      'bad_request',
      bytes[start] === 0x5b
        ? 'Batches are not part of this protocol version. Send one JSON-RPC message at a time.'
        : 'Expected one JSON-RPC message, that is a JSON object.',
    )
  const end = eachMember(bytes, start, (key, value) => {
    if (!isMember(key)) return
    // Of two readers, each could take another one.
    if (members[key]) throw new GatewayError('bad_request', `The message has '${key}' twice.`)
    members[key] = value
  })
  if (skipWhitespace(bytes, end) !== bytes.length)
    throw new JsonSyntaxError(end, 'more text after the end of the message')
  return members
}

const two = Buffer.from('"2.0"')

function isTwo(bytes: Buffer, span: Span | undefined): boolean {
  return span !== undefined && bytes.compare(two, 0, two.length, span.start, span.end) === 0
}

/** A string or a number; JSON has nothing else that starts so. */
function isId(byte: number | undefined): boolean {
  return byte === 0x22 || byte === 0x2d || (byte !== undefined && byte >= 0x30 && byte <= 0x39)
}

/**
 * Checks the envelope of one message (JSON-RPC 2.0; MCP basic, "Messages") and nothing below it.
 * Throws GatewayError `parse_error` (no JSON) or `bad_request` (no JSON-RPC message).
 * `lenient`: when the REST form is allowed, where `jsonrpc` may be missing.
 */
export function readEnvelope(
  bytes: Buffer,
  lenient: 'never' | 'with server_id' | 'always' = 'never',
): Envelope {
  let members: Members
  try {
    members = readMembers(bytes)
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new GatewayError('parse_error', error.message)
    throw error
  }
  const { id, jsonrpc, method, params, result, error, server_id: serverId } = members
  const mayLack = lenient === 'always' || (lenient === 'with server_id' && serverId !== undefined)
  if (!mayLack && !isTwo(bytes, jsonrpc))
    throw new GatewayError(
      'bad_request',
      'The message is not JSON-RPC 2.0: `"jsonrpc": "2.0"` is missing.',
    )
  const idIsNull = id !== undefined && bytes[id.start] === 0x6e
  if (id !== undefined && !idIsNull && !isId(bytes[id.start]))
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

const headBeforeId = Buffer.from('{"jsonrpc":"2.0","id":')
const headAfterId = Buffer.from(',"result":')
const headBeforeResult = Buffer.from('{"result":')
const tailBeforeId = Buffer.from(',"jsonrpc":"2.0","id":')

function hasAt(bytes: Buffer, part: Buffer, at: number): boolean {
  for (let i = 0; i < part.length; i++) if (bytes[at + i] !== part[i]) return false
  return true
}

const isDigit = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= 0x30 && byte <= 0x39

/**
 * A result as servers write it, with the number in its id, found by the envelope's head or tail alone: what is between
 * is as long as it likes and is not looked at. In JSON text these places can be nothing else; text that is no JSON is
 * for the client to refuse, as it would be without a gateway. `result` may have other members of the envelope behind
 * it. Undefined if it is written in another way: then `readEnvelope` says what it is.
 */
export function glanceAtResult(bytes: Buffer): { envelope: Envelope; id: number } | undefined {
  const { length } = bytes
  if (bytes[length - 1] !== 0x7d) return undefined
  let start = headBeforeId.length
  let end = start
  let result: Span
  if (hasAt(bytes, headBeforeId, 0)) {
    while (isDigit(bytes[end])) end++
    if (!hasAt(bytes, headAfterId, end)) return undefined
    result = { start: end + headAfterId.length, end: length - 1 }
  } else if (hasAt(bytes, headBeforeResult, 0)) {
    start = end = length - 1
    while (isDigit(bytes[start - 1])) start--
    const tail = start - tailBeforeId.length
    if (tail < headBeforeResult.length || !hasAt(bytes, tailBeforeId, tail)) return undefined
    result = { start: headBeforeResult.length, end: tail }
  } else return undefined
  let id = 0
  for (let i = start; i < end; i++) id = id * 10 + (bytes[i] ?? 0) - 0x30
  if (start === end || bytes[result.start] !== 0x7b) return undefined
  const envelope: Envelope = {
    bytes,
    kind: 'response',
    id: { start, end },
    method: '',
    params: undefined,
    result,
    error: undefined,
    serverId: undefined,
  }
  return { envelope, id }
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
  if (error.data !== undefined) return { code: jsonrpc, message: error.message, data: error.data }
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
