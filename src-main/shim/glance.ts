import { isRecord } from '../../src-shared/json-record.ts'
import { idText, readEnvelope } from '../mcp/envelope.ts'

/** As much of a message as the shim needs to know. */
export interface Glance {
  kind: 'request' | 'notification' | 'response'
  /** As JSON: `0` and `"0"` are different ids. Empty if there is none. */
  id: string
  /** Empty on responses. */
  method: string
  isError: boolean
}

/** Above this, finding the members in the bytes is cheaper than building the values. */
const parseUpToBytes = 16 * 1024

/** The ends of a message, where its id and method are as most clients and servers write it. */
const headBytes = 72
const tailBytes = 48
const idFirst = /^\{"jsonrpc":"2\.0","id":(\d{1,15}),"(?:result":\{|method":"([\w/]+)"[,}])/
const idLast = /,"jsonrpc":"2\.0","id":(\d{1,15})\}$/
const methodFirst = /^\{"method":"([\w/]+)",/

/**
 * Undefined for what is no JSON-RPC message: it is passed on as it is, and saying so is the gateway's part. Most
 * messages are known by their ends; other small ones go through the native parser.
 */
export function glance(message: Buffer): Glance | undefined {
  return (
    atEnds(message) ??
    (message.length <= parseUpToBytes ? parsed(message) : undefined) ??
    found(message)
  )
}

/** In JSON text, what stands at these places can be nothing else. */
function atEnds(message: Buffer): Glance | undefined {
  const { length } = message
  const head = message.toString('latin1', 0, headBytes)
  const first = idFirst.exec(head)
  if (first !== null && message[length - 1] === 0x7d) return seen(first[1] ?? '', first[2])
  const method = methodFirst.exec(head)?.[1]
  if (method === undefined && !head.startsWith('{"result":{')) return undefined
  const last = idLast.exec(message.toString('latin1', length - tailBytes))
  return last === null ? undefined : seen(last[1] ?? '', method)
}

function seen(id: string, method: string | undefined): Glance {
  return method === undefined
    ? { kind: 'response', id, method: '', isError: false }
    : { kind: 'request', id, method, isError: false }
}

function parsed(message: Buffer): Glance | undefined {
  let value: unknown
  try {
    value = JSON.parse(message.toString('utf8'))
  } catch {
    return undefined
  }
  if (!isRecord(value)) return undefined
  const { id, method } = value
  // Other ids may not come out of the parser as they were written.
  const isPlain = typeof id === 'string' ? !id.includes('\\') : Number.isSafeInteger(id)
  if (id !== undefined && !isPlain) return undefined
  const key = id === undefined ? '' : JSON.stringify(id)
  const isError = value['error'] !== undefined
  if (typeof method === 'string')
    return { kind: key === '' ? 'notification' : 'request', id: key, method, isError: false }
  if (key === '' || (!isError && value['result'] === undefined)) return undefined
  return { kind: 'response', id: key, method: '', isError }
}

function found(message: Buffer): Glance | undefined {
  try {
    const envelope = readEnvelope(message)
    const { kind, method, error } = envelope
    return { kind, id: idText(envelope), method, isError: error !== undefined }
  } catch {
    return undefined
  }
}
