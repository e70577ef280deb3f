import { GatewayError } from '../../src-shared/errors.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import type { CatalogInForce, CatalogSaved } from '../catalog/catalog-in-force.ts'
import { globMatches, literalGlob } from '../../src-shared/glob.ts'

/**
 * Shows or hides one tool in the catalog's text, by its exact name. Throws `conflict` where a pattern that somebody has
 * written hides it: what else it is to hide, only they know.
 */
export async function switchTool(
  catalog: CatalogInForce,
  serverId: string,
  tool: string,
  enabled: boolean,
): Promise<CatalogSaved> {
  const { text, etag } = await catalog.read()
  const { entries } = await catalog.check(text)
  const entry = entries.find(({ id }) => id === serverId)?.entry
  const tools = isRecord(entry?.['tools']) ? entry['tools'] : {}
  const allow = textsIn(tools['allow']) ?? ['*']
  const deny = textsIn(tools['deny']) ?? []
  const patch = enabled
    ? shown(tool, allow, deny)
    : { deny: deny.some((glob) => globMatches(glob, tool)) ? deny : [...deny, literalGlob(tool)] }
  return catalog.patchServer(serverId, { tools: patch }, etag)
}

function shown(
  tool: string,
  allow: readonly string[],
  deny: readonly string[],
): Record<string, string[]> {
  const name = literalGlob(tool)
  const left = deny.filter((glob) => glob !== name && glob !== tool)
  const pattern = left.find((glob) => globMatches(glob, tool))
  if (pattern !== undefined)
    throw new GatewayError(
      'conflict',
      `'${tool}' is hidden by the pattern '${pattern}' in the catalog. Change tools.deny there.`,
    )
  const isAllowed = allow.some((glob) => globMatches(glob, tool))
  return { deny: left, ...(isAllowed ? {} : { allow: [...allow, name] }) }
}

function textsIn(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.map(String) : undefined
}
