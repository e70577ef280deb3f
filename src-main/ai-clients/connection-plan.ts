import fs from 'node:fs'
import path from 'node:path'
import type { EntryKind } from '../../src-shared/api-clients.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import type { ClientDefinition, Container, EntryShape } from './client-definition.ts'
import {
  entryHash,
  httpEntry,
  readEntry,
  shimCommand,
  startsOurShim,
  stdioEntry,
} from './client-entry.ts'
import type { StdioCommand } from './client-entry.ts'
import { assertWritable, readClientFile } from './client-file.ts'
import type { ClientFile } from './client-file.ts'
import { chooseFile, projectFile } from './client-paths.ts'
import type { Machine } from './client-paths.ts'
import { clientById } from './client-table.ts'
import { containerOf, sameData } from './config-text.ts'
import type { Entry, NamedEntry } from './config-text.ts'
import type { Connection } from './connection-store.ts'
import { EntryText } from './entry-edit.ts'
import type { EntryChange } from './entry-edit.ts'
import type { ShimLauncher } from './shim-launcher.ts'

export interface ConnectOptions {
  id: string
  kind: EntryKind
  name?: string | undefined
  servers?: readonly string[] | undefined
  project?: string | undefined
  file?: string | undefined
  /** Names of other servers in the file that ours take the place of, in the same step: they were imported. */
  replace?: readonly string[] | undefined
  /** An HTTP entry that is there stays as it is, with its token. */
  keepsToken?: boolean | undefined
}

/** What an entry is made of, besides the client. */
export interface EntrySources {
  machine: Machine
  stateDir: string
  launcher: () => ShimLauncher
  /** `http://127.0.0.1:4444`; undefined where no gateway runs. */
  url: () => string | undefined
  /** The ids of the enabled servers, in the catalog's order. */
  serverIds: () => readonly string[] | Promise<readonly string[]>
}

export interface PlannedEntry {
  name: string
  server: string | undefined
  entry: Entry
}

/** What connecting would do to one file. */
export interface ConnectPlan {
  client: ClientDefinition
  kind: EntryKind
  project: string | null
  file: ClientFile
  container: Container
  /** Keys of the container's path that are there already. */
  keep: number
  before: EntryText
  after: EntryText
  entries: PlannedEntry[]
  /** Entries of ours are in the file already, whether or not that is remembered. */
  hadEntries: boolean
  /** Servers of others that go. */
  replaced: string[]
  /** Of an entry of the shim for everything. */
  command: StdioCommand | undefined
}

/** What an entry of every client is called unless the person says otherwise; with it tools' names stay short. */
const defaultName = 'gateway'

/**
 * Works out what connecting would write. `token`: of an HTTP entry. `known`: what the gateway wrote into this file
 * before. Throws GatewayError with what speaks against it.
 */
export async function planConnection(
  options: ConnectOptions,
  sources: EntrySources,
  known: (file: string) => Connection | undefined,
  token: string,
): Promise<ConnectPlan> {
  const client = clientById(options.id)
  assertPossible(client, options)
  const project = options.project ?? null
  const file = await readClientFile(fileOf(client, options, sources.machine))
  await assertWritable(file)
  const before = new EntryText(file.text, client.format, file.path)
  const { container, shape } = layoutOf(client, before, project)
  const earlier = known(file.path)
  const present = before.entries(container)
  const kept = options.keepsToken === true ? earlier?.entries : undefined
  const { entries, command } =
    kept === undefined
      ? await wantedEntries(client, shape, options, sources, token, earlier)
      : { entries: keptEntries(kept, present), command: undefined }
  const isOurs = (name: string, value: unknown): boolean =>
    (earlier !== undefined && isAsRemembered(earlier, shape, name, value)) ||
    startsOurShim(readEntry(shape, value), client.id)
  const changes: EntryChange[] = []
  for (const old of earlier?.entries ?? [])
    if (
      !entries.some(({ name }) => name === old.name) &&
      present.some(({ name, value }) => name === old.name && isOurs(name, value))
    )
      changes.push({ op: 'take', name: old.name, keep: container.path.length })
  const replaced = (options.replace ?? []).filter((name) => present.some((p) => p.name === name))
  for (const name of replaced) changes.push({ op: 'take', name, keep: container.path.length })
  for (const one of entries) {
    const now = replaced.includes(one.name)
      ? undefined
      : present.find(({ name }) => name === one.name)
    if (now !== undefined && !isOurs(one.name, now.value)) throw nameTaken(file.path, one.name)
    one.entry = now === undefined ? one.entry : withOwnKeys(shape, now.value, one.entry)
    if (now === undefined || !sameData(now.value, one.entry))
      changes.push({ op: 'put', name: one.name, entry: one.entry })
  }
  return {
    client,
    kind: options.kind,
    project,
    file,
    container,
    keep: earlier?.keep ?? before.depth(container),
    before,
    after: before.changed(container, changes),
    entries,
    hadEntries: present.some(
      ({ name }) => !replaced.includes(name) && entries.some((one) => one.name === name),
    ),
    replaced,
    command,
  }
}

/** The form that a file has already; clients that have changed theirs read both. */
export function layoutOf(
  client: ClientDefinition,
  text: EntryText,
  project: string | null,
): { container: Container; shape: EntryShape } {
  const { container, otherLayout } = client
  const shape = (project === null ? undefined : client.projectShape) ?? client.shape
  if (otherLayout === undefined) return { container, shape }
  const parent = containerOf(text.value, otherLayout.container.path.slice(0, -1))
  const key = otherLayout.container.path.at(-1) ?? ''
  const inner = isRecord(parent) ? parent[key] : undefined
  // A server may be called like the other layout's key.
  const isEntry =
    isRecord(inner) && ['command', 'url', 'type'].some((one) => typeof inner[one] === 'string')
  return isRecord(inner) && !isEntry ? otherLayout : { container, shape }
}

/** Our keys over those that the client or its user has added to the entry: approvals, time limits. */
export function withOwnKeys(shape: EntryShape, now: unknown, wanted: Entry): Entry {
  if (!isRecord(now)) return wanted
  const read = readEntry(shape, now)
  const isSameKind =
    (read.http === undefined) === (shape.http === undefined || !(shape.http.url in wanted))
  if (!isSameKind) return wanted
  const defaults = { ...shape.stdio.after, ...shape.http?.after }
  const kept = Object.entries(jsonMap(now))
  const ours = Object.entries(wanted).filter(([key]) => !(key in defaults && key in now))
  const merged = { ...Object.fromEntries(kept), ...Object.fromEntries(ours) }
  const { env } = shape.stdio
  const own = read.stdio?.env ?? {}
  // Whether the command is Node itself or the app as Node is ours to say.
  const { ELECTRON_RUN_AS_NODE: _, ...others } = own
  const all = { ...others, ...readEntry(shape, wanted).stdio?.env }
  if (Object.keys(all).length > 0) return { ...merged, [env]: all }
  if (!(env in wanted)) delete merged[env]
  return merged
}

/** What the gateway has written, and not a server that somebody has put under the same name since. */
export function isAsRemembered(
  { kind, entries }: Pick<Connection, 'kind' | 'entries'>,
  shape: EntryShape,
  name: string,
  value: unknown,
): boolean {
  const one = entries.find((each) => each.name === name)
  if (one === undefined) return false
  // People change the headers and what their client adds.
  const isHttp = kind === 'http' && readEntry(shape, value).http?.url.endsWith('/mcp') === true
  return isHttp || entryHash(value) === one.sha256
}

/** Entries of ours that are not to change. */
function keptEntries(
  entries: Connection['entries'],
  present: readonly NamedEntry[],
): PlannedEntry[] {
  return entries.flatMap(({ name, server }) => {
    const value = present.find((one) => one.name === name)?.value
    return isRecord(value) ? [{ name, server, entry: jsonMap(value) }] : []
  })
}

/** TOML knows dates, which our own entries never have. */
function jsonMap(value: Record<string, unknown>): Entry {
  const copy: Entry = JSON.parse(JSON.stringify(value))
  return copy
}

async function wantedEntries(
  client: ClientDefinition,
  shape: EntryShape,
  options: ConnectOptions,
  sources: EntrySources,
  token: string,
  earlier: Connection | undefined,
): Promise<{ entries: PlannedEntry[]; command: StdioCommand | undefined }> {
  const { kind, name = defaultName } = options
  if (kind === 'http') {
    const url = sources.url()
    if (url === undefined)
      throw new GatewayError(
        'conflict',
        'An HTTP entry names the address of the running gateway, and none is running. Start it with gateway-http.',
      )
    const headers = { Authorization: `Bearer ${token}` }
    const entry = httpEntry(shape, name, `${url}/mcp`, headers)
    if (entry === undefined) throw localOnly(client)
    return { entries: [{ name, server: undefined, entry }], command: undefined }
  }
  const command = (server?: string): StdioCommand =>
    shimCommand({
      client,
      launcher: sources.launcher(),
      stateDir: sources.stateDir,
      server,
      machine: sources.machine,
    })
  if (kind === 'shim-all') {
    const all = command()
    const entry = stdioEntry(shape, name, all)
    return { entries: [{ name, server: undefined, entry }], command: all }
  }
  const ids = await serversOf(options, sources)
  // With servers that are replaced, the other entries keep the names that they have.
  const named = new Map(
    options.replace === undefined
      ? []
      : earlier?.entries.map(({ server: of, name: called }) => [of, called]),
  )
  const taken = new Set<string>(ids.flatMap((id) => named.get(id) ?? []))
  const entries = ids.map((id) => {
    const own = named.get(id)
    if (own !== undefined)
      return { name: own, server: id, entry: stdioEntry(shape, own, command(id)) }
    const wanted = options.name === undefined ? id : `${options.name}-${id}`
    // Some clients allow no dots in names.
    const base = wanted.replaceAll('.', '-')
    let unique = base
    for (let number = 2; taken.has(unique); number++) unique = `${base}-${number}`
    taken.add(unique)
    return { name: unique, server: id, entry: stdioEntry(shape, unique, command(id)) }
  })
  return { entries, command: undefined }
}

async function serversOf(options: ConnectOptions, sources: EntrySources) {
  const all = await sources.serverIds()
  const unknown = options.servers?.find((id) => !all.includes(id))
  if (unknown !== undefined)
    throw new GatewayError('server_not_found', `The catalog has no enabled server '${unknown}'.`)
  const ids = options.servers ?? all
  if (ids.length === 0)
    throw new GatewayError(
      'conflict',
      'The catalog names no servers, so that there is no entry to make.',
    )
  return ids
}

function assertPossible(client: ClientDefinition, options: ConnectOptions): void {
  if (client.readOnly !== undefined) throw new GatewayError('conflict', client.readOnly)
  if (options.kind === 'http' && client.shape.http === undefined) throw localOnly(client)
  if (options.kind === 'http' && options.project !== undefined)
    throw new GatewayError(
      'forbidden',
      "An HTTP entry holds a token, and a project's files are shared with others. Use the shim there.",
    )
  if (options.project !== undefined && options.file !== undefined)
    throw new GatewayError('bad_request', 'Give the project or the file, not both.')
}

function fileOf(client: ClientDefinition, options: ConnectOptions, machine: Machine): string {
  if (options.project !== undefined) {
    const isFolder =
      path.isAbsolute(options.project) &&
      fs.statSync(options.project, { throwIfNoEntry: false })?.isDirectory() === true
    if (!isFolder)
      throw new GatewayError('bad_request', `The project ${options.project} is no folder here.`)
    const file = projectFile(client, path.normalize(options.project))
    if (file !== undefined) return file
    throw new GatewayError('conflict', `${client.name} reads no files of projects.`)
  }
  const { file, choices } = chooseFile(client, machine)
  if (options.file !== undefined) {
    if (choices.includes(options.file) || options.file === file) return options.file
    throw new GatewayError(
      'bad_request',
      `${options.file} is none of the files that ${client.name} may read: ${[...choices, ...(file === undefined ? [] : [file])].join(', ')}.`,
    )
  }
  if (file !== undefined) return file
  throw new GatewayError('conflict', fileProblem(client, choices))
}

/** Why no file can be told. */
export function fileProblem(client: ClientDefinition, choices: readonly string[]): string {
  return choices.length === 0
    ? `${client.name} has no settings on this system that are known.`
    : `There are several files that ${client.name} may read: ${choices.join(', ')}. Choose one.`
}

function localOnly(client: ClientDefinition): GatewayError {
  return new GatewayError(
    'conflict',
    `${client.name} takes no HTTP entries with a token in its file. Use the shim.`,
  )
}

function nameTaken(file: string, name: string): GatewayError {
  return new GatewayError(
    'conflict',
    `${file} has a server '${name}' already that the gateway has not written. Nothing was written. Choose another name, or rename that one.`,
  )
}

/** As `clients.json` remembers an entry. */
export function rememberedEntry({ name, server, entry }: PlannedEntry) {
  return { name, ...(server === undefined ? {} : { server }), sha256: entryHash(entry) }
}
