import type { ClientCapabilities, Era } from './caller.ts'
import type { Envelope, RequestEnvelope } from './envelope.ts'
import { readEnvelope } from './envelope.ts'
import {
  arrayItems,
  eachMember,
  isArray,
  isObject,
  jsonBytes,
  member,
  slice,
  spliced,
  stringAt,
} from './json-spans.ts'
import type { Edit, Span } from './json-spans.ts'
import { membersOf, requestOnlyKeys } from './modern-message.ts'

/**
 * All that is rewritten because the two sides are of different eras, and nothing else. Spans in, edits out; what is
 * not named here passes as it came. The table is in docs/protocol.md.
 */

const empty = Buffer.alloc(0)

/** Edits that take these members out of the object, commas included. */
export function withoutMembers(
  bytes: Buffer,
  object: Span,
  drops: (key: string) => boolean,
): Edit[] {
  const members: { keyStart: number; end: number; drop: boolean }[] = []
  eachMember(bytes, object.start, (key, value, keyStart) => {
    members.push({ keyStart, end: value.end, drop: drops(key) })
  })
  const edits: Edit[] = []
  let keptBefore = false
  for (const [i, { keyStart, end, drop }] of members.entries()) {
    if (!drop) {
      keptBefore = true
      continue
    }
    const start = keptBefore ? (members[i - 1]?.end ?? keyStart) : keyStart
    edits.push({ start, end: keptBefore ? end : (members[i + 1]?.keyStart ?? end), text: empty })
  }
  return edits
}

/** An edit that puts members in front of the others. `json`: `"key":value,"key":value`. */
export function withMembers(bytes: Buffer, object: Span, json: string): Edit {
  let isEmpty = true
  eachMember(bytes, object.start, () => {
    isEmpty = false
  })
  const at = object.start + 1
  return { start: at, end: at, text: Buffer.from(isEmpty ? json : `${json},`) }
}

// ---- requests -----------------------------------------------------------------------------------

/** Modern request → legacy server: the metadata, and the answers to questions, stay with the gateway. */
export function legacyRequestEdits(request: RequestEnvelope): Edit[] {
  const { bytes, params } = request
  if (params === undefined) return []
  const { _meta: meta } = membersOf(bytes, params, ['_meta'])
  const edits = withoutMembers(
    bytes,
    params,
    (key) => key === 'inputResponses' || key === 'requestState',
  )
  if (meta !== undefined && isObject(bytes, meta))
    edits.push(...withoutMembers(bytes, meta, (key) => requestOnlyKeys.has(key)))
  return edits
}

/** Legacy request → modern server: `meta` (`"key":value,…`) is added to its `_meta`. */
export function modernRequestEdits(request: RequestEnvelope, metaJson: string): Edit[] {
  const { bytes, params, id } = request
  if (params === undefined)
    return [{ start: id.end, end: id.end, text: Buffer.from(`,"params":{"_meta":{${metaJson}}}`) }]
  const { _meta: meta } = membersOf(bytes, params, ['_meta'])
  if (meta === undefined || !isObject(bytes, meta))
    return [withMembers(bytes, params, `"_meta":{${metaJson}}`)]
  return [withMembers(bytes, meta, metaJson)]
}

// ---- results ------------------------------------------------------------------------------------

/** Results that carry caching hints (2026-07-28 server/utilities/caching). */
const cacheable = new Set([
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
])

/** A legacy result as a modern client expects it: `resultType`, and hints that promise nothing. */
function modernResultEdits(bytes: Buffer, result: Span, method: string): Edit[] {
  if (!isObject(bytes, result)) return []
  const has = membersOf(bytes, result, ['resultType', 'ttlMs', 'cacheScope'])
  const add: string[] = []
  if (!has.resultType) add.push('"resultType":"complete"')
  if (cacheable.has(method)) {
    if (!has.ttlMs) add.push('"ttlMs":0')
    if (!has.cacheScope) add.push('"cacheScope":"private"')
  }
  return add.length === 0 ? [] : [withMembers(bytes, result, add.join(','))]
}

/** A modern result as a legacy client expects it. */
function legacyResultEdits(bytes: Buffer, result: Span, method: string): Edit[] {
  if (!isObject(bytes, result)) return []
  const edits = withoutMembers(
    bytes,
    result,
    (key) =>
      key === 'resultType' || (cacheable.has(method) && (key === 'ttlMs' || key === 'cacheScope')),
  )
  const { structuredContent, tools } = membersOf(bytes, result, ['structuredContent', 'tools'])
  // 2025-11-25 wants an object; 2026-07-28 allows any JSON.
  if (method === 'tools/call' && structuredContent && !isObject(bytes, structuredContent))
    edits.push(...wrapped(structuredContent, '{"result":', '}'))
  if (method === 'tools/list' && tools && isArray(bytes, tools))
    for (const tool of arrayItems(bytes, tools.start)) edits.push(...legacyToolEdits(bytes, tool))
  return edits
}

const notObjects = new Set(['array', 'string', 'number', 'integer', 'boolean', 'null'])

/**
 * `outputSchema` of another type than object is wrapped as the content is; left out where that would break references,
 * and where the content may be an object or not.
 */
function legacyToolEdits(bytes: Buffer, tool: Span): Edit[] {
  const schema = member(bytes, tool, 'outputSchema')
  if (schema === undefined || !isObject(bytes, schema)) return []
  const type = member(bytes, schema, 'type')
  const name = stringAt(bytes, type)
  if (name === 'object') return []
  if (name === undefined || !notObjects.has(name) || slice(bytes, schema).includes('"#'))
    return withoutMembers(bytes, tool, (key) => key === 'outputSchema')
  return wrapped(schema, '{"type":"object","properties":{"result":', '},"required":["result"]}')
}

/** One tool (JSON) as a legacy client expects it. */
export function legacyTool(tool: Buffer): Buffer {
  const edits = legacyToolEdits(tool, { start: 0, end: tool.length })
  return edits.length === 0 ? tool : spliced(tool, edits)
}

function wrapped(span: Span, before: string, after: string): Edit[] {
  return [
    { start: span.start, end: span.start, text: Buffer.from(before) },
    { start: span.end, end: span.end, text: Buffer.from(after) },
  ]
}

// ---- errors -------------------------------------------------------------------------------------

const resourceNotFound = -32002
const invalidParams = -32602

/** Error codes that one era knows and the other must not see: resource not found (2026-07-28 basic, Error Codes). */
function errorEdits(bytes: Buffer, error: Span, method: string, to: Era): Edit[] {
  if (method !== 'resources/read') return []
  const code = member(bytes, error, 'code')
  if (code === undefined) return []
  const number = Number(bytes.toString('latin1', code.start, code.end))
  if (to === 'modern' && number === resourceNotFound)
    return [{ ...code, text: jsonBytes(invalidParams) }]
  if (to === 'legacy' && number === invalidParams)
    return [{ ...code, text: jsonBytes(resourceNotFound) }]
  return []
}

const urlElicitationRequired = -32042
const mayBeAsked = new Set(['tools/call', 'prompts/get', 'resources/read'])

/**
 * URLElicitationRequiredError (2025-11-25 client/elicitation), which 2026-07-28 must not emit, as what stands for it
 * there: a result that asks. The retry is the request anew, as the older revision wants it.
 */
function urlQuestions(
  { bytes, id }: Envelope,
  error: Span,
  method: string,
  capabilities: ClientCapabilities,
): Envelope | undefined {
  const { code, data } = membersOf(bytes, error, ['code', 'data'])
  if (!code || !id || !mayBeAsked.has(method)) return undefined
  if (Number(bytes.toString('latin1', code.start, code.end)) !== urlElicitationRequired)
    return undefined
  const list = member(bytes, data, 'elicitations')
  const items = list && isArray(bytes, list) ? arrayItems(bytes, list.start) : []
  const questions = items.flatMap((item, i) => {
    if (!isObject(bytes, item)) return []
    const params = Buffer.from(slice(bytes, item))
    const whole = { start: 0, end: params.length }
    const edits = withoutMembers(params, whole, (key) => key === 'elicitationId')
    return [
      `"url#${i + 1}":{"method":"elicitation/create","params":${spliced(params, edits).toString()}}`,
    ]
  })
  const head = `{"jsonrpc":"2.0","id":${slice(bytes, id).toString()}`
  const { elicitation } = capabilities
  const canAnswer = typeof elicitation === 'object' && elicitation !== null && 'url' in elicitation
  const answer =
    questions.length === 0 || !canAnswer
      ? `"error":{"code":-32021,"message":"The server needs elicitation by URL, which the request does not declare.","data":{"requiredCapabilities":{"elicitation":{"url":{}}}}}`
      : `"result":{"resultType":"input_required","inputRequests":{${questions.join(',')}}}`
  return readEnvelope(Buffer.from(`${head},${answer}}`))
}

/** A response of the other era as this one's client expects it; the same envelope where nothing changes. */
export function bridgeResponse(
  response: Envelope,
  method: string,
  to: Era,
  capabilities: ClientCapabilities,
): Envelope {
  const { bytes, result, error } = response
  let edits: Edit[] = []
  if (error && to === 'modern') {
    const asked = urlQuestions(response, error, method, capabilities)
    if (asked) return asked
  }
  if (result)
    edits =
      to === 'modern'
        ? modernResultEdits(bytes, result, method)
        : legacyResultEdits(bytes, result, method)
  else if (error) edits = errorEdits(bytes, error, method, to)
  return edits.length === 0 ? response : readEnvelope(spliced(bytes, edits))
}

/** A whole result (JSON) kept from a server of one era, for a client of another. */
export function bridgeResult(result: Buffer, method: string, from: Era, to: Era): Buffer {
  if (from === to) return result
  const whole = { start: 0, end: result.length }
  return spliced(
    result,
    to === 'modern'
      ? modernResultEdits(result, whole, method)
      : legacyResultEdits(result, whole, method),
  )
}
