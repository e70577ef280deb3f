import fs from 'node:fs'
import path from 'node:path'
import type { ClientCheck } from '../../src-shared/api-clients.ts'
import type { ClientDefinition, EntryShape } from './client-definition.ts'
import { entryHash, readEntry, startsOurShim } from './client-entry.ts'
import type { ReadEntry } from './client-entry.ts'
import { readClientFile } from './client-file.ts'
import { chooseFile } from './client-paths.ts'
import type { Machine } from './client-paths.ts'
import { fileProblem, layoutOf } from './connection-plan.ts'
import type { Connection } from './connection-store.ts'
import { EntryText } from './entry-edit.ts'
import type { NamedEntry } from './config-text.ts'

/** What the gateway knows of a client, besides its files. */
export interface ClientUsage {
  /** Tools that it gets; null where a server was never listed. */
  tools: number | null
  /** About how many tokens their list costs. */
  tokens: number | null
  /** ISO 8601; null if it was never seen. */
  last_seen: string | null
}

type FileCheck = ClientCheck['files'][number]

/** Reads every file that the client may read or was connected in, and says what it will see, and what is wrong. */
export async function checkClient(
  client: ClientDefinition,
  connections: readonly Connection[],
  machine: Machine,
  usage: ClientUsage,
): Promise<ClientCheck> {
  const { file: read, choices, candidates } = chooseFile(client, machine)
  const own = connections.filter((one) => one.client === client.id)
  const paths = new Set([
    ...(read === undefined ? [] : [read]),
    ...candidates,
    ...own.map(({ file }) => file),
  ])
  const problems: string[] = []
  const files: FileCheck[] = []
  for (const file of paths) {
    const connection = own.find((one) => one.file === file)
    const isRead = file === read || (connection !== undefined && connection.project !== null)
    const checked = await checkFile(client, file, isRead, connection)
    if (checked.check.exists || isRead || connection !== undefined) files.push(checked.check)
    problems.push(...checked.problems)
  }
  if (read === undefined) problems.push(fileProblem(client, choices))
  else problems.push(...wrongPlaces(client, read, files))
  problems.push(...usageProblems(client, own, usage))
  return { id: client.id, files, ...usage, tool_limit: client.toolLimit ?? null, problems }
}

async function checkFile(
  client: ClientDefinition,
  file: string,
  isRead: boolean,
  connection: Connection | undefined,
): Promise<{ check: FileCheck; problems: string[] }> {
  const check: FileCheck = {
    file,
    is_read: isRead,
    exists: false,
    entry: 'absent',
    others: [],
    problem: null,
  }
  const problems: string[] = []
  try {
    const { bytes, text } = await readClientFile(file)
    check.exists = bytes !== undefined
    const parsed = new EntryText(text, client.format, file)
    const { container, shape } = layoutOf(client, parsed, connection?.project ?? null)
    const isOurs = (entry: NamedEntry): boolean =>
      connection?.entries.some(({ name }) => name === entry.name) === true ||
      startsOurShim(readEntry(shape, entry.value), client.id)
    const entries = parsed.entries(container)
    const ours = entries.filter(isOurs)
    check.others = entries.filter((entry) => !isOurs(entry)).map(({ name }) => name)
    const wanted = connection?.entries ?? []
    const isWhole = wanted.every(({ name }) => ours.some((entry) => entry.name === name))
    const isAsWritten = ours.every(
      ({ name, value }) => wanted.find((one) => one.name === name)?.sha256 === entryHash(value),
    )
    if (ours.length > 0) check.entry = isWhole && isAsWritten ? 'present' : 'changed'
    if (!isWhole)
      problems.push(
        `${file} no longer has all of the gateway's entries: somebody has taken them out. Connect ${client.name} again.`,
      )
    for (const entry of ours) problems.push(...entryProblems(client, shape, file, entry))
  } catch (thrown) {
    check.entry = 'unreadable'
    check.exists = fs.existsSync(file)
    check.problem = thrown instanceof Error ? thrown.message : String(thrown)
    if (isRead) problems.push(check.problem)
  }
  return { check, problems }
}

function entryProblems(
  client: ClientDefinition,
  shape: EntryShape,
  file: string,
  { name, value }: NamedEntry,
): string[] {
  const read = readEntry(shape, value)
  const problems: string[] = []
  if (read.isDisabled)
    problems.push(`The entry '${name}' is switched off in ${file}. Switch it on in ${client.name}.`)
  const missing = programsOf(read).find((one) => path.isAbsolute(one) && !fs.existsSync(one))
  if (missing !== undefined)
    problems.push(
      `The entry '${name}' in ${file} starts ${missing}, which is not there. Start the gateway, which corrects it, or connect ${client.name} again.`,
    )
  return problems
}

function programsOf({ stdio }: ReadEntry): string[] {
  if (stdio === undefined) return []
  return [stdio.command, ...stdio.args.filter((word) => word.endsWith('gateway-stdio.cjs'))]
}

/** An entry in a file that this version of the client does not look at. */
function wrongPlaces(
  client: ClientDefinition,
  read: string,
  files: readonly FileCheck[],
): string[] {
  const has = ({ entry }: FileCheck): boolean => entry === 'present' || entry === 'changed'
  if (files.some((one) => one.is_read && has(one))) return []
  return files
    .filter((one) => !one.is_read && has(one))
    .map(
      ({ file }) =>
        `The gateway's entry is in ${file}, but ${client.name} reads ${read}. Disconnect it and connect it again.`,
    )
}

function usageProblems(
  client: ClientDefinition,
  own: readonly Connection[],
  { tools, last_seen }: ClientUsage,
): string[] {
  const problems: string[] = []
  const [connection] = own
  if (tools !== null && client.toolLimit !== undefined && tools > client.toolLimit)
    problems.push(
      `${client.name} takes ${client.toolLimit} tools, and gets ${tools}: some are cut off. Deny some in the catalog.`,
    )
  if (connection !== undefined && (last_seen === null || last_seen < connection.connected_at))
    problems.push(
      `${client.name} has not come to the gateway since it was connected. ${client.restart ?? 'Start it, and look again.'}`,
    )
  return problems
}
