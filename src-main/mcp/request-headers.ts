import { isString, member, parseSpan, stringAt } from './json-spans.ts'
import type { Span } from './json-spans.ts'
import type { Outgoing } from './caller.ts'
import { modernVersions } from './modern-message.ts'

/** Where the value of `Mcp-Name` stands (2026-07-28 basic/transports/streamable-http, Standard Request Headers). */
export const nameSource: Readonly<Record<string, 'name' | 'uri'>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
}

/** A header that a tool asks for: its name after `Mcp-Param-`, and the path of the argument. */
export interface ParamHeader {
  name: string
  path: readonly string[]
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const plain = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/

/** Value Encoding: as it is where a header can carry it, else base64 of its UTF-8. */
function encodeHeader(value: string): string {
  const looksEncoded = value.startsWith('=?base64?') && value.endsWith('?=')
  if (plain.test(value) && !looksEncoded) return value
  return `=?base64?${Buffer.from(value).toString('base64')}?=`
}

/** The value that a header stands for; undefined if it is not well-formed. */
export function decodeHeader(header: string): string | undefined {
  if (!/^[\x20-\x7e\t]*$/.test(header)) return undefined
  if (!header.startsWith('=?base64?') || !header.endsWith('?=')) return header
  const text = header.slice('=?base64?'.length, -'?='.length)
  const bytes = Buffer.from(text, 'base64')
  // Buffer takes what is no base64 in its stride; the way back does not.
  return bytes.toString('base64') === text ? bytes.toString() : undefined
}

/** `x-mcp-header` annotations of a tool's inputSchema; undefined if one of them breaks the rules. */
export function paramHeaders(schema: Buffer): ParamHeader[] | undefined {
  if (!schema.includes('x-mcp-header')) return []
  try {
    return annotationsOf(JSON.parse(schema.toString()))
  } catch {
    // No JSON, or nested so deeply that nobody can walk it.
    return undefined
  }
}

function annotationsOf(root: unknown): ParamHeader[] | undefined {
  const found: ParamHeader[] = []
  let annotations = 0
  const count = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, item] of Object.entries(value)) {
      if (key === 'x-mcp-header') annotations++
      count(item)
    }
  }
  const walk = (value: unknown, path: readonly string[]): void => {
    if (typeof value !== 'object' || value === null) return
    if ('x-mcp-header' in value && path.length > 0) {
      const name = value['x-mcp-header']
      const type = 'type' in value ? value.type : undefined
      const isPrimitive = type === 'string' || type === 'integer' || type === 'boolean'
      if (typeof name === 'string' && token.test(name) && isPrimitive) found.push({ name, path })
    }
    if (
      !('properties' in value) ||
      typeof value.properties !== 'object' ||
      value.properties === null
    )
      return
    for (const [key, item] of Object.entries(value.properties)) walk(item, [...path, key])
  }
  count(root)
  walk(root, [])
  const names = new Set(found.map(({ name }) => name.toLowerCase()))
  return found.length === annotations && names.size === found.length ? found : undefined
}

/** The text that stands for an argument in a header; undefined where no header is sent. */
export function paramText(
  bytes: Buffer,
  args: Span | undefined,
  path: readonly string[],
): string | undefined {
  let at = args
  for (const key of path) at = member(bytes, at, key)
  if (!at) return undefined
  if (isString(bytes, at)) return stringAt(bytes, at)
  const value = parseSpan(bytes, at)
  return typeof value === 'boolean' || typeof value === 'number' ? String(value) : undefined
}

/** The headers that a modern HTTP server wants with this request. */
export function requestHeaders(
  { envelope, edits }: Outgoing,
  toolSchema: (name: string) => Buffer | undefined,
): Record<string, string> {
  const { bytes, params, method } = envelope
  const headers: Record<string, string> = {
    'mcp-protocol-version': modernVersions[0],
    'mcp-method': method,
  }
  const source = nameSource[method]
  if (source === undefined) return headers
  const at = member(bytes, params, source)
  const rewritten = edits.find((edit) => edit.start === at?.start)
  const name = rewritten
    ? stringAt(rewritten.text, { start: 0, end: rewritten.text.length })
    : stringAt(bytes, at)
  if (name === undefined) return headers
  headers['mcp-name'] = encodeHeader(name)
  const schema = method === 'tools/call' ? toolSchema(name) : undefined
  const args = member(bytes, params, 'arguments')
  for (const { name: header, path } of (schema && paramHeaders(schema)) ?? []) {
    const text = paramText(bytes, args, path)
    if (text !== undefined) headers[`mcp-param-${header.toLowerCase()}`] = encodeHeader(text)
  }
  return headers
}
