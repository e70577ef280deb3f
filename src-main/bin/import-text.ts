import type { ImportPreview, ImportResult, ImportServer } from '../../src-shared/client-import.ts'
import { isRecord } from '../../src-shared/json-record.ts'

/** `gateway clients import`, for eyes; `replaced`: clients whose entries give way. */
export function importPreviewText(
  { servers, problems }: ImportPreview,
  secrets: 'keychain' | 'keep',
  replaced: readonly string[],
): string {
  const lines = servers.flatMap((server) => serverLines(server, secrets))
  if (servers.length === 0) lines.push('No server was found that could be imported.')
  for (const { file, message } of problems) lines.push(`! ${file ?? ''}: ${message}`)
  if (replaced.length > 0)
    lines.push('', `Their entries give way to the gateway's in: ${replaced.join(', ')}`)
  return `${lines.join('\n')}\n`
}

function serverLines(
  { id, key, origins, entry, secrets: found, notes, duplicate_of, problem }: ImportServer,
  secrets: 'keychain' | 'keep',
): string[] {
  const from = [...new Set(origins.map(({ title }) => title))].join(', ')
  if (problem !== null) return [`! ${key} (${from}): ${problem}`]
  if (duplicate_of !== null) return [`= ${duplicate_of} (${from}): it is in the catalog already`]
  return [
    `+ ${id} (${from}): ${commandOf(entry)}`,
    ...found.map(({ place, where, name, is_kept }) => {
      const named = where.startsWith(place) ? `an ${where}` : `${place} ${where}`
      const what = `    the secret in ${place === 'url' ? `its ${where}` : named}`
      if (secrets === 'keep') return `${what} stays in the catalog's text`
      return `${what} becomes \${secret:${name}}${is_kept ? ', which is kept already' : ''}`
    }),
    ...notes.map((note) => `    ${note}`),
  ]
}

function commandOf(entry: ImportServer['entry']): string {
  const runtime = entry?.['runtime']
  if (!isRecord(runtime)) return ''
  const { command, args, url } = runtime
  return [command ?? url, ...(Array.isArray(args) ? args : [])].join(' ').slice(0, 200)
}

/** What an import has done, for eyes. */
export function importResultText({ message, secrets_note, clients }: ImportResult): string {
  const lines = [message]
  if (secrets_note !== null) lines.push(secrets_note)
  for (const { backup } of clients)
    if (backup !== null) lines.push(`The file from before is kept as ${backup}`)
  return `${lines.join('\n')}\n`
}
