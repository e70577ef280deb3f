import { createHash } from 'node:crypto'

export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

/** The version of a file's content: quoted, ready for an `ETag` header (RFC 9110 section 8.8.3). */
export function etagOf(content: string | Buffer): string {
  return `"${sha256(content).slice(0, 32)}"`
}

/** Whether an `If-Match` value (`*`, or a list of entity tags) allows a write over `etag`. */
export function matchesEtag(ifMatch: string, etag: string): boolean {
  const tags = ifMatch.split(',').map((tag) => tag.trim())
  return tags.includes('*') || tags.includes(etag)
}
