import { isRecord } from '../../src-shared/json-record.ts'
import { glanceAtResult, idText, readEnvelope } from '../mcp/envelope.ts'

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

/**
 * Undefined for what is no JSON-RPC message: it is passed on as it is, and saying so is the gateway's part. Results
 * are most often known by their ends; other small messages go through the native parser.
 */
export function glance(message: Buffer): Glance | undefined {
  const result = glanceAtResult(message)
  if (result) return { kind: 'response', id: idText(result.envelope), method: '', isError: false }
  return (message.length <= parseUpToBytes ? parsed(message) : undefined) ?? found(message)
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
