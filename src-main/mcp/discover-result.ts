import { jsonBytes, member, slice, spliced } from './json-spans.ts'
import type { Span } from './json-spans.ts'
import { legacyVersions } from './legacy-upstream.ts'
import { membersOf, metaKey, modernVersions } from './modern-message.ts'

/** What the gateway speaks with its clients, for `supportedVersions`. */
export const supportedVersions: readonly string[] = [...modernVersions, ...legacyVersions]

/** A modern server's own DiscoverResult (JSON), with the versions of the gateway: its clients speak to that. */
export function ownVersions(discover: Buffer): Buffer {
  const at = member(discover, { start: 0, end: discover.length }, 'supportedVersions')
  return at ? spliced(discover, [{ ...at, text: jsonBytes(supportedVersions) }]) : discover
}

/** The DiscoverResult (JSON) that stands for a legacy server's InitializeResult (2026-07-28 server/discover). */
export function discoverOf(initialize: Buffer): Buffer {
  const whole = { start: 0, end: initialize.length }
  const { capabilities, serverInfo, instructions } = membersOf(initialize, whole, [
    'capabilities',
    'serverInfo',
    'instructions',
  ])
  const raw = (span: Span | undefined): Buffer | undefined => span && slice(initialize, span)
  return discoverResult(raw(capabilities), raw(serverInfo), raw(instructions))
}

/** All parts are JSON. Nothing is promised about caching: what stands behind it comes and goes. */
export function discoverResult(
  capabilities: Buffer | undefined,
  serverInfo: Buffer | undefined,
  instructions: Buffer | undefined,
): Buffer {
  const text = (json: string): Buffer => Buffer.from(json)
  return Buffer.concat([
    text(
      `{"resultType":"complete","supportedVersions":${JSON.stringify(supportedVersions)},"capabilities":`,
    ),
    capabilities ?? text('{}'),
    ...(serverInfo
      ? [text(`,"_meta":{${JSON.stringify(metaKey.serverInfo)}:`), serverInfo, text('}')]
      : []),
    ...(instructions ? [text(',"instructions":'), instructions] : []),
    text(',"ttlMs":0,"cacheScope":"private"}'),
  ])
}
