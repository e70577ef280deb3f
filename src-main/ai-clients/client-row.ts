import type { ClientConnection, ClientRow } from '../../src-shared/api-clients.ts'
import type { ClientDefinition } from './client-definition.ts'
import { chooseFile, signsOf } from './client-paths.ts'
import type { Machine } from './client-paths.ts'
import { fileProblem } from './connection-plan.ts'
import type { Connection } from './connection-store.ts'

/** A client as `clients.list` shows it. Stats only. */
export function clientRow(
  client: ClientDefinition,
  connections: readonly Connection[],
  machine: Machine,
  hasTokens: boolean,
): ClientRow {
  const { file, exists, choices } = chooseFile(client, machine)
  const foundBy = signsOf(client, machine, file)
  const own = connections.filter((one) => one.client === client.id)
  const problem = client.readOnly ?? (file === undefined ? fileProblem(client, choices) : null)
  const hasHttp = client.shape.http !== undefined && hasTokens
  return {
    id: client.id,
    name: client.name,
    found: foundBy.length > 0 || choices.length > 0,
    found_by: foundBy,
    file: file ?? null,
    file_exists: exists,
    choices,
    problem,
    kinds:
      client.readOnly === undefined
        ? ['shim-all', 'shim-per-server', ...(hasHttp ? (['http'] as const) : [])]
        : [],
    has_project_file: client.projectFiles !== undefined,
    restart: client.restart ?? null,
    tool_limit: client.toolLimit ?? null,
    notes: [...(client.notes ?? [])],
    connections: own.map(shownConnection),
  }
}

function shownConnection(one: Connection): ClientConnection {
  const { file, project, kind, entries, connected_at } = one
  return {
    file,
    project,
    kind,
    entries: entries.map(({ name }) => name),
    connected_at,
    can_undo: one.written !== null && (one.backup !== null || one.made_file),
  }
}
