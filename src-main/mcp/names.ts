import { createHash } from 'node:crypto'

/** Longest name on the aggregate endpoint: with a client entry `gateway`, Claude Code's limit of 64 is met exactly. */
const maxLength = 50
const safe = /^[A-Za-z0-9_-]+$/
const hashed = /_[0-9a-f]{8}$/

function safePart(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_-]/g, '_')
}

/** What every aggregate name of this server starts with (unless it is longer than fits). */
export function namePrefix(serverId: string): string {
  const part = safePart(serverId)
  return `${/^[A-Za-z_]/.test(part) ? part : `_${part}`}__`.slice(0, maxLength - 9)
}

/**
 * The name of a server's tool or prompt on the aggregate endpoint: `server__tool`, matching
 * `^[A-Za-z_][A-Za-z0-9_-]*$`, at most 50 long. A pure function, so that adding a server renames nothing. A hash of
 * both parts is added where the plain name would be altered, too long, or read two ways.
 */
export function aggregateName(serverId: string, name: string): string {
  const plain = `${serverId}__${name}`
  const isPlain =
    safe.test(serverId) &&
    safe.test(name) &&
    /^[A-Za-z_]/.test(plain) &&
    plain.length <= maxLength &&
    !serverId.includes('__') &&
    !serverId.endsWith('_') &&
    !name.includes('__') &&
    // A plain name must not look like a hashed one: another server could pose as it.
    !hashed.test(plain)
  if (isPlain) return plain
  const hash = createHash('sha256').update(`${serverId}\0${name}`).digest('hex').slice(0, 8)
  const base = `${namePrefix(serverId)}${safePart(name)}`.slice(0, maxLength - 9)
  return `${base}_${hash}`
}

const scheme = 'mcp://'

/**
 * A server's resource URI (or template) on the aggregate endpoint: `mcp://<server>/<its own URI>`. Nothing of the
 * original is altered, so templates stay templates and no two servers collide.
 */
export function aggregateUri(serverId: string, uri: string): string {
  return `${scheme}${serverId}/${uri}`
}

/** The server and its own URI, or undefined if the URI is not one of ours. */
export function splitUri(uri: string): { serverId: string; uri: string } | undefined {
  if (!uri.startsWith(scheme)) return undefined
  const slash = uri.indexOf('/', scheme.length)
  if (slash < 0) return undefined
  return { serverId: uri.slice(scheme.length, slash), uri: uri.slice(slash + 1) }
}
