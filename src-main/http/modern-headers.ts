import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../../src-shared/errors.ts'
import type { RequestEnvelope } from '../mcp/envelope.ts'
import { member, parseSpan, stringAt } from '../mcp/json-spans.ts'
import type { Span } from '../mcp/json-spans.ts'
import type { ModernMeta } from '../mcp/modern-message.ts'
import { decodeHeader, nameSource, paramHeaders, paramText } from '../mcp/request-headers.ts'

function mismatch(what: string): GatewayError {
  return new GatewayError('header_mismatch', `Header mismatch: ${what}`)
}

function single(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/** `MCP-Protocol-Version` against the body (2026-07-28 basic/transports/streamable-http, Protocol Version Header). */
export function checkVersionHeader(
  headers: IncomingHttpHeaders,
  request: RequestEnvelope,
  meta: ModernMeta | undefined,
): GatewayError | undefined {
  const header = single(headers, 'mcp-protocol-version')
  const body = stringAt(request.bytes, meta?.protocolVersion)
  if (header === undefined) return mismatch('MCP-Protocol-Version is missing.')
  if (body !== undefined && header !== body)
    return mismatch(`MCP-Protocol-Version is '${header}', the body says '${body}'.`)
  return undefined
}

/** `Mcp-Method`, `Mcp-Name` and `Mcp-Param-*` against the body (Server Validation). `schema`: of the tool, if it is known. */
export function checkRequestHeaders(
  headers: IncomingHttpHeaders,
  request: RequestEnvelope,
  schema: (tool: string) => Buffer | undefined,
): GatewayError | undefined {
  const { bytes, params, method } = request
  const named = single(headers, 'mcp-method')
  if (named !== method)
    return mismatch(
      named === undefined
        ? 'Mcp-Method is missing.'
        : `Mcp-Method is '${named}', the body says '${method}'.`,
    )
  const source = nameSource[method]
  if (source === undefined) return undefined
  const name = stringAt(bytes, member(bytes, params, source))
  const header = single(headers, 'mcp-name')
  if (name === undefined) return undefined
  if (header === undefined) return mismatch('Mcp-Name is missing.')
  if (decodeHeader(header) !== name)
    return mismatch(`Mcp-Name is '${header}', the body says '${name}'.`)
  const known = method === 'tools/call' ? schema(name) : undefined
  return known && checkParams(headers, request, known)
}

function argumentAt(bytes: Buffer, args: Span | undefined, path: readonly string[]): unknown {
  let at = args
  for (const key of path) at = member(bytes, at, key)
  return at && parseSpan(bytes, at)
}

function checkParams(
  headers: IncomingHttpHeaders,
  { bytes, params }: RequestEnvelope,
  schema: Buffer,
): GatewayError | undefined {
  const args = member(bytes, params, 'arguments')
  for (const { name, path } of paramHeaders(schema) ?? []) {
    const text = paramText(bytes, args, path)
    const header = single(headers, `mcp-param-${name.toLowerCase()}`)
    if (header === undefined && text === undefined) continue
    if (header === undefined) return mismatch(`Mcp-Param-${name} is missing.`)
    const value = decodeHeader(header)
    if (value === undefined)
      return mismatch(`Mcp-Param-${name} has characters that a header cannot carry.`)
    // Numbers are compared as such: `42.0` is `42` (Server Validation). A string is what it is.
    const isSame =
      value === text ||
      (value.trim() !== '' &&
        Number(value) === Number(text) &&
        typeof argumentAt(bytes, args, path) === 'number')
    if (!isSame)
      return mismatch(`Mcp-Param-${name} is '${header}', which is not what the body says.`)
  }
  return undefined
}
