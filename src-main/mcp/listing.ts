import { GatewayError } from '../../src-shared/errors.ts'
import type { Envelope } from './envelope.ts'
import { arrayItems, eachMember, isArray, member, slice, spliced, stringAt } from './json-spans.ts'
import type { Span } from './json-spans.ts'
import type { ServerGreeting } from './upstream.ts'

/** The lists of a server that are kept, so that a stopped server can answer for itself. */
export const listMethods = {
  'tools/list': { key: 'tools', capability: 'tools' },
  'prompts/list': { key: 'prompts', capability: 'prompts' },
  'resources/list': { key: 'resources', capability: 'resources' },
  'resources/templates/list': { key: 'resourceTemplates', capability: 'resources' },
} as const

export type ListMethod = keyof typeof listMethods

export function isListMethod(method: string): method is ListMethod {
  return Object.hasOwn(listMethods, method)
}

/** What is known of a server without a process. */
export interface Listing {
  greeting: ServerGreeting
  /** Whole results (JSON) with all pages joined and no cursor. */
  lists: Partial<Record<ListMethod, Buffer>>
  /** Lists that it does not have: no capability, or the error -32601. */
  lacks: Set<ListMethod>
}

/** Asks one server one thing; rejects with GatewayError. */
export type AskServer = (method: string, params: object | undefined) => Promise<Envelope>

/** A server that never stops paging is cut off here. */
const maxPages = 200

/** Fetches all lists that the server's capabilities announce. A list that fails stays out (the server has an error of its own). */
export async function fetchListing(greeting: ServerGreeting, ask: AskServer): Promise<Listing> {
  const listing: Listing = { greeting, lists: {}, lacks: new Set() }
  await Promise.all(
    Object.entries(listMethods).map(async ([method, { key, capability }]) => {
      if (!isListMethod(method)) return
      const isDeclared = greeting.capabilities[capability] !== undefined
      const result = isDeclared ? await fetchList(method, key, ask) : 'lacking'
      if (result === 'lacking') listing.lacks.add(method)
      else if (result) listing.lists[method] = result
    }),
  )
  return listing
}

async function fetchList(
  method: ListMethod,
  key: string,
  ask: AskServer,
): Promise<Buffer | 'lacking' | undefined> {
  let first: Buffer | undefined
  const rest: Buffer[] = []
  let cursor: string | undefined
  const seen = new Set<string>()
  for (let page = 0; page < maxPages; page++) {
    const { bytes, result, error } = await ask(
      method,
      cursor === undefined ? undefined : { cursor },
    )
    const code = member(bytes, error, 'code')
    if (code && slice(bytes, code).toString() === '-32601') return 'lacking'
    if (result === undefined) return undefined
    const items = member(bytes, result, key)
    if (items === undefined || !isArray(bytes, items)) return undefined
    if (first === undefined) first = Buffer.from(slice(bytes, result))
    else
      for (const item of arrayItems(bytes, items.start)) rest.push(Buffer.from(slice(bytes, item)))
    cursor = stringAt(bytes, member(bytes, result, 'nextCursor'))
    // A server that gives a cursor out twice goes round in circles.
    if (cursor === undefined || seen.has(cursor))
      return rest.length === 0 ? withoutCursor(first) : joined(first, key, rest)
    seen.add(cursor)
  }
  throw new GatewayError(
    'server_failed',
    `The server gave more than ${maxPages} pages of ${method}.`,
  )
}

const whole = (bytes: Buffer): Span => ({ start: 0, end: bytes.length })

/** Takes the member `nextCursor` out, with one comma. */
function withoutCursor(result: Buffer): Buffer {
  let start = -1
  let end = -1
  eachMember(result, 0, (key, value, keyStart) => {
    if (key === 'nextCursor') [start, end] = [keyStart, value.end]
  })
  if (start < 0) return result
  const isSpace = (at: number): boolean => [0x20, 0x0a, 0x0d, 0x09].includes(result[at] ?? 0)
  while (isSpace(start - 1)) start--
  if (result[start - 1] === 0x2c) start--
  else {
    while (isSpace(end)) end++
    if (result[end] === 0x2c) end++
  }
  return spliced(result, [{ start, end, text: Buffer.alloc(0) }])
}

function joined(first: Buffer, key: string, rest: readonly Buffer[]): Buffer {
  const result = withoutCursor(first)
  const items = member(result, whole(result), key)
  if (items === undefined) return result
  const empty = arrayItems(result, items.start).length === 0
  const chunks = rest.flatMap((item, i) => (i === 0 && empty ? [item] : [Buffer.from(','), item]))
  return spliced(result, [
    { start: items.end - 1, end: items.end - 1, text: Buffer.concat(chunks) },
  ])
}

/** The raw items of a kept list. */
export function listItems(list: Buffer, method: ListMethod): Buffer[] {
  const items = member(list, whole(list), listMethods[method].key)
  if (items === undefined || !isArray(list, items)) return []
  return arrayItems(list, items.start).map((span) => slice(list, span))
}

/** The list methods whose result differs. */
export function changedLists(before: Listing | undefined, after: Listing): ListMethod[] {
  return Object.keys(listMethods)
    .filter(isListMethod)
    .filter((method) => {
      const [a, b] = [before?.lists[method], after.lists[method]]
      return a === undefined || b === undefined ? a !== b : !a.equals(b)
    })
}
