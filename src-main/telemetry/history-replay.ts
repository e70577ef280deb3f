import { isRequest, readEnvelope } from '../mcp/envelope.ts'
import { withoutMembers } from '../mcp/era-bridge.ts'
import { isObject, member, spliced } from '../mcp/json-spans.ts'
import type { Edit } from '../mcp/json-spans.ts'
import { requestOnlyKeys } from '../mcp/modern-message.ts'

/** A request of the past in the form in which it can be sent again, by a caller without a session. */
export interface PastRequest {
  serverId: string
  method: string
  /** A JSON object, as its client wrote it, with the server's own names; without what belonged to that client alone. */
  params: string | undefined
}

/** Requests that make sense only within a session. */
const ofSessions = new Set(['resources/subscribe', 'resources/unsubscribe'])

/** A request as it is kept: `text` is its JSON, null if it is not there. */
interface Kept {
  method: string
  text: string | null
  isMasked: boolean
}

/** Why a request cannot be sent again, in plain words; null if it can. */
export function replayReason({ method, text, isMasked }: Kept): string | null {
  if (text === null) return 'The request was not kept: it was too large, or too many came at once.'
  if (isMasked) return 'The request held a secret, which was not kept.'
  if (ofSessions.has(method)) return 'It follows a resource, which only an open session can.'
  const { bytes, params } = readEnvelope(Buffer.from(text))
  if (member(bytes, params, 'requestState') || member(bytes, params, 'inputResponses'))
    return 'It answers a question of the server, which is not open any more.'
  return null
}

/** Throws GatewayError if the text is no request. */
export function pastRequest(serverId: string, text: string): PastRequest {
  const envelope = readEnvelope(Buffer.from(text))
  const { bytes, method, params } = envelope
  if (!isRequest(envelope) || !params) return { serverId, method, params: undefined }
  const meta = member(bytes, params, '_meta')
  const edits: Edit[] = []
  if (meta && isObject(bytes, meta))
    edits.push(
      ...withoutMembers(bytes, meta, (key) => requestOnlyKeys.has(key) || key === 'progressToken'),
    )
  return { serverId, method, params: spliced(bytes, edits, params).toString() }
}
