import type { ConnectPlan } from './connection-plan.ts'

/** How many tools a client would get, of these servers or all; undefined if it is not known. */
export type ToolCount = (servers: readonly string[] | undefined) => { count: number } | undefined

/** What speaks against a connection, in whole sentences. */
export function warningsOf(
  { client, kind, entries, project, before, after }: ConnectPlan,
  tools: ToolCount | undefined,
): string[] {
  const warnings: string[] = []
  if (before.text === after.text) warnings.push('The entry is there already: nothing would change.')
  const servers = entries.flatMap(({ server }) => (server === undefined ? [] : [server]))
  const count = tools?.(kind === 'shim-per-server' ? servers : undefined)?.count
  if (count !== undefined && client.toolLimit !== undefined && count > client.toolLimit)
    warnings.push(
      `${client.name} takes ${client.toolLimit} tools, and would get ${count}. Deny some in the catalog, or connect some servers only.`,
    )
  if (kind === 'shim-per-server')
    warnings.push(
      `${client.name} starts a shim for each of the ${entries.length} entries, and servers that are added to the catalog later are not among them.`,
    )
  if (kind === 'http')
    warnings.push(
      'An HTTP entry cannot start the gateway: it must be running already.',
      "The entry breaks if the gateway's address changes, until the gateway corrects it at its next start.",
      "The client's token stands in the file in plain text.",
    )
  if (project !== null)
    warnings.push(
      "The entry names paths of this machine: others who get the project's files cannot use it.",
    )
  return warnings
}
