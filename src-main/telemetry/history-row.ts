import type { ActivityOutcome } from '../../src-shared/api.ts'
import type { GatewayError } from '../../src-shared/errors.ts'
import type { Caller, Outgoing } from '../mcp/caller.ts'
import { errorBody, errorMessage } from '../mcp/envelope.ts'
import type { Envelope } from '../mcp/envelope.ts'
import { arrayItems, eachMember, isArray, member } from '../mcp/json-spans.ts'
import { slice, spliced, stringAt } from '../mcp/json-spans.ts'
import { readMeta } from '../mcp/modern-message.ts'
import { maskJson } from './json-mask.ts'

/** A call that has ended, as it waits to be written: nothing of it has been read yet. */
export interface FinishedCall {
  readonly serverId: string
  readonly caller: Caller
  readonly outgoing: Outgoing
  /** False: only the beginning of its bytes is there. */
  readonly isWhole: boolean
  /** What the server has answered; undefined if it did not, or if that is not kept. */
  readonly response: Envelope | undefined
  /** Of the gateway's own making. */
  readonly error: GatewayError | undefined
  readonly outcome: ActivityOutcome
  /** Wall clock, ms. */
  readonly startedAt: number
  readonly durationMs: number
}

/** An entry as it is kept; secrets are masked. */
export interface HistoryRow {
  time: number
  client: string
  serverId: string
  method: string
  target: string | null
  durationMs: number
  outcome: ActivityOutcome
  error: string | null
  request: string | null
  response: string | null
  /** The request is not kept as it was sent. */
  isMasked: boolean
}

/** What is longer is cut, once its secrets are masked. */
const maxNameLength = 200
const maxTargetLength = 1_000
const maxErrorLength = 2_000

/** Reads what there is to say of a call. What cannot be read is left out. */
export function historyRow(call: FinishedCall, redact: (text: string) => string): HistoryRow {
  const { envelope, edits } = call.outgoing
  const cut = (text: string | undefined, length: number): string | null =>
    text === undefined ? null : redact(text).slice(0, length)
  const sent = call.isWhole ? spliced(envelope.bytes, edits).toString() : null
  const request = sent === null ? null : maskJson(sent, redact)
  const response = responseText(call)
  const error = attempt(() => errorText(call))
  const outcome = error === undefined ? call.outcome : 'error'
  return {
    time: Math.round(call.startedAt),
    client: cut(clientName(call), maxNameLength) ?? '',
    serverId: call.serverId,
    method: cut(envelope.method, maxNameLength) ?? '',
    target: cut(
      attempt(() => target(call)),
      maxTargetLength,
    ),
    durationMs: Math.round(call.durationMs * 1000) / 1000,
    outcome,
    error: outcome === 'error' ? cut(error ?? 'It failed.', maxErrorLength) : null,
    request,
    response: response === undefined ? null : maskJson(response, redact),
    isMasked: request !== sent,
  }
}

/** As its entry in the AI client's settings says, or as the client calls itself, or on whose behalf it calls. */
function clientName({ caller, outgoing: { envelope } }: FinishedCall): string {
  if (caller.client !== undefined) return caller.client
  const own = attempt(() => {
    const info = caller.era === 'modern' ? readMeta(envelope)?.clientInfo : undefined
    return stringAt(envelope.bytes, member(envelope.bytes, info, 'name'))
  })
  return own ?? caller.principal ?? caller.key
}

/** Where a request of this method says what it is about. */
const targetNames: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'resources/subscribe': 'uri',
  'resources/unsubscribe': 'uri',
  'tasks/get': 'taskId',
  'tasks/result': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
}

/** The tool, prompt or resource, by the server's own name for it. */
function target({ outgoing: { envelope, edits } }: FinishedCall): string | undefined {
  const { bytes, method, params } = envelope
  let found: string | undefined
  const look = (names: readonly (string | undefined)[], at: number): void => {
    eachMember(bytes, at, (name, value) => {
      if (name === 'ref' && method === 'completion/complete') look(['name', 'uri'], value.start)
      if (!names.includes(name)) return
      const own = edits.find((edit) => edit.start === value.start)?.text
      found = own ? stringAt(own, { start: 0, end: own.length }) : stringAt(bytes, value)
    })
  }
  // Of a request that is not whole, the name may be there all the same: it mostly comes first.
  if (params) attempt(() => look([targetNames[method]], params.start))
  return found
}

/** The answer under the id of the request, which is not the one that the server has seen. */
function responseText({ outgoing, response, error }: FinishedCall): string | undefined {
  const { bytes, id } = outgoing.envelope
  const own = slice(bytes, id)
  if (error) return Buffer.concat(errorMessage(own, errorBody(error))).toString()
  if (!response) return undefined
  const edits = response.id ? [{ ...response.id, text: own }] : []
  return spliced(response.bytes, edits).toString()
}

/** Why it has failed; undefined if it has not. A tool that says so of itself has (server/tools, Error Handling). */
function errorText({ response, error, outgoing }: FinishedCall): string | undefined {
  if (error) return error.message
  if (!response) return undefined
  const { bytes, result } = response
  if (response.error) return stringAt(bytes, member(bytes, response.error, 'message'))
  if (!result || outgoing.envelope.method !== 'tools/call' || !bytes.includes('"isError"'))
    return undefined
  const isError = member(bytes, result, 'isError')
  if (!isError || bytes[isError.start] !== 0x74) return undefined
  const content = member(bytes, result, 'content')
  const blocks = content && isArray(bytes, content) ? arrayItems(bytes, content.start) : []
  for (const block of blocks) {
    const text = stringAt(bytes, member(bytes, block, 'text'))
    if (text !== undefined) return text
  }
  return 'The tool says that it has failed.'
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
