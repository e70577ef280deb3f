import type { GatewayApi } from '../../../../src-shared/api.ts'
import type { ImportResult } from '../../../../src-shared/client-import.ts'
import { counted } from '../../../words.ts'

/**
 * Undoes an import: clients' files first, so that none is left with an entry whose servers are gone, then the catalog.
 * Secrets stay. Says what it did; rejects with what could not be done.
 */
export async function takeBack(gateway: GatewayApi, result: ImportResult): Promise<string[]> {
  const said: string[] = []
  for (const { id, file, problem } of result.clients) {
    if (problem !== null) continue
    const { message } = await gateway.call('clients.undo', { id, file })
    said.push(message)
  }
  if (result.added.length > 0) {
    const { text, etag, entries } = await gateway.call('catalog.read', {})
    const there = new Set(entries.map(({ id }) => id))
    const edits = result.added.flatMap(({ id }) =>
      there.has(id) ? [{ op: 'remove' as const, id }] : [],
    )
    if (edits.length > 0) {
      const edited = await gateway.call('catalog.edit', { text, edits })
      await gateway.call('catalog.save', { text: edited.text, etag })
    }
    said.push(`${counted(edits.length, 'server')} taken out of the catalog again.`)
  }
  if (result.secrets.length > 0)
    said.push(`${counted(result.secrets.length, 'secret')} stay where they are kept.`)
  return said
}
