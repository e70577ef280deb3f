import fs from 'node:fs'
import path from 'node:path'
import type { ClientDefinition } from './client-definition.ts'
import {
  entryHash,
  httpEntry,
  readEntry,
  shimCommand,
  startsOurShim,
  stdioEntry,
} from './client-entry.ts'
import type { ReadEntry } from './client-entry.ts'
import { sameData } from './config-text.ts'
import type { Entry } from './config-text.ts'
import { layoutOf, withOwnKeys } from './connection-plan.ts'
import type { EntrySources } from './connection-plan.ts'
import type { Connection } from './connection-store.ts'
import type { EntryChange, EntryText } from './entry-edit.ts'

/**
 * The text with those entries of a connection corrected that no longer lead to this gateway, and how they are to be
 * remembered; undefined if none has to be. What others have added to an entry stays.
 */
export function repairedText(
  client: ClientDefinition,
  connection: Connection,
  text: EntryText,
  sources: EntrySources,
): { text: EntryText; entries: Connection['entries'] } | undefined {
  const { container, shape } = layoutOf(client, text, connection.project)
  const present = text.entries(container)
  const changes: EntryChange[] = []
  const entries = connection.entries.map((one) => {
    const value = present.find(({ name }) => name === one.name)?.value
    const read = readEntry(shape, value)
    const isOurs = entryHash(value) === one.sha256 || startsOurShim(read, client.id)
    if (value === undefined || !isOurs) return one
    const wanted = wantedEntry()
    if (wanted === undefined) return one
    const entry = withOwnKeys(shape, value, wanted)
    if (sameData(entry, value)) return one
    changes.push({ op: 'put', name: one.name, entry })
    return { ...one, sha256: entryHash(entry) }

    function wantedEntry(): Entry | undefined {
      if (connection.kind === 'http') {
        const url = sources.url()
        if (url === undefined || read.http === undefined) return undefined
        return httpEntry(shape, one.name, `${url}/mcp`, read.http.headers)
      }
      const { machine, stateDir, launcher } = sources
      const { server } = one
      const command = shimCommand({ client, launcher: launcher(), stateDir, server, machine })
      if (leadsSomewhere(read) && isAppsNode(read) !== isAppsNode({ stdio: command }))
        return undefined
      return stdioEntry(shape, one.name, command)
    }
  })
  return changes.length === 0 ? undefined : { text: text.changed(container, changes), entries }
}

/** Another installation wrote it, and it is still there: either one serves. */
function leadsSomewhere({ stdio }: ReadEntry): boolean {
  if (stdio === undefined) return false
  const shim = stdio.args.find((word) => path.basename(word) === 'gateway-stdio.cjs')
  return [stdio.command, ...(shim === undefined ? [] : [shim])].every((file) => fs.existsSync(file))
}

function isAppsNode({ stdio }: Pick<ReadEntry, 'stdio'>): boolean {
  return stdio?.env['ELECTRON_RUN_AS_NODE'] !== undefined
}
