import { GatewayError } from '../../src-shared/errors.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import type { ClientCapabilities } from './caller.ts'
import type { Envelope, RequestEnvelope } from './envelope.ts'
import { eachMember, isObject, parseSpan, stringAt } from './json-spans.ts'
import type { Span } from './json-spans.ts'

/** Revisions without a handshake, newest first (2026-07-28 basic/versioning). */
export const modernVersions = ['2026-07-28'] as const

const prefix = 'io.modelcontextprotocol/'

/** Keys of `_meta` that carry what `initialize` carried before (2026-07-28 basic, `_meta`). */
export const metaKey = {
  protocolVersion: `${prefix}protocolVersion`,
  clientInfo: `${prefix}clientInfo`,
  clientCapabilities: `${prefix}clientCapabilities`,
  logLevel: `${prefix}logLevel`,
  serverInfo: `${prefix}serverInfo`,
  subscriptionId: `${prefix}subscriptionId`,
} as const

/** What only a modern request carries; a legacy server must not see it. */
export const requestOnlyKeys: ReadonlySet<string> = new Set([
  metaKey.protocolVersion,
  metaKey.clientInfo,
  metaKey.clientCapabilities,
  metaKey.logLevel,
])

/** A modern request's `_meta`, found but not checked. */
export interface ModernMeta {
  /** The whole `_meta` object. */
  span: Span
  protocolVersion: Span | undefined
  clientCapabilities: Span | undefined
  clientInfo: Span | undefined
  logLevel: Span | undefined
  progressToken: Span | undefined
}

/** The spans of the members of an object that are asked for; one scan. */
export function membersOf<K extends string>(
  bytes: Buffer,
  object: Span | undefined,
  keys: readonly K[],
): Partial<Record<K, Span>> {
  const found: Partial<Record<K, Span>> = {}
  if (object === undefined || !isObject(bytes, object)) return found
  eachMember(bytes, object.start, (name, value) => {
    const key = keys.find((wanted) => wanted === name)
    if (key !== undefined) found[key] = value
  })
  return found
}

const wanted = [...Object.values(metaKey), 'progressToken'] as const

export function readMeta(envelope: Envelope): ModernMeta | undefined {
  const { bytes, params } = envelope
  const { _meta: span } = membersOf(bytes, params, ['_meta'])
  if (span === undefined) return undefined
  const members = membersOf(bytes, span, wanted)
  return {
    span,
    protocolVersion: members[metaKey.protocolVersion],
    clientCapabilities: members[metaKey.clientCapabilities],
    clientInfo: members[metaKey.clientInfo],
    logLevel: members[metaKey.logLevel],
    progressToken: members.progressToken,
  }
}

/** A cheap look that lets legacy requests pass without a scan of their `_meta`. */
export function mayBeModern(envelope: Envelope): boolean {
  const { bytes, params } = envelope
  return params !== undefined && bytes.includes(metaKey.protocolVersion, params.start)
}

export function isModernVersion(version: string | undefined): boolean {
  return modernVersions.some((known) => known === version)
}

function missing(what: string): GatewayError {
  const why = `The request's _meta has no ${what}. Every request of 2026-07-28 carries it.`
  return new GatewayError('malformed', why)
}

/** Throws GatewayError `malformed` where it is missing (2026-07-28 basic, Per-request protocol fields). */
export function readModernVersion(request: RequestEnvelope, meta: ModernMeta | undefined): string {
  const version = stringAt(request.bytes, meta?.protocolVersion)
  if (version === undefined) throw missing(metaKey.protocolVersion)
  return version
}

/** What a client declares is kept while it is in use. */
const maxCapabilityBytes = 64 * 1024

/** `clientCapabilities`. Throws GatewayError `malformed` where they are missing or absurdly long. */
export function readModernCapabilities(
  request: RequestEnvelope,
  meta: ModernMeta | undefined,
): ClientCapabilities {
  const span = meta?.clientCapabilities
  if (span === undefined || !isObject(request.bytes, span))
    throw missing(metaKey.clientCapabilities)
  if (span.end - span.start > maxCapabilityBytes)
    throw new GatewayError(
      'malformed',
      `The client capabilities have more than ${maxCapabilityBytes} bytes.`,
    )
  const value = parseSpan(request.bytes, span)
  return isRecord(value) ? value : {}
}
