import path from 'node:path'
import { GatewayError } from '../../src-shared/errors.ts'
import type { ImportOrigin, ImportPreview, ImportSource } from '../../src-shared/client-import.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import { sha256 } from '../catalog/content-version.ts'
import { inputsOf, serversInText, serversInValue } from '../catalog/snippet.ts'
import type { RawServers } from '../catalog/snippet.ts'
import { readBundle } from './bundle-file.ts'
import type { Bundle } from './bundle-file.ts'
import { bundleServer, isManifest } from './bundle-manifest.ts'
import type { ClientDefinition } from './client-definition.ts'
import { readEntry, startsAnyShim } from './client-entry.ts'
import { absentVersion, readClientFile } from './client-file.ts'
import { chooseFile } from './client-paths.ts'
import type { Machine } from './client-paths.ts'
import { clientById, clientTable } from './client-table.ts'
import { isAsRemembered, layoutOf } from './connection-plan.ts'
import type { Connection } from './connection-store.ts'
import { EntryText } from './entry-edit.ts'
import type { RawServer } from './import-entry.ts'
import { readToml } from './toml-text.ts'
import { readYaml } from './yaml-text.ts'

/** A server where it was found. */
export interface FoundServer extends RawServer {
  origin: ImportOrigin
  /** The folder of the project whose file it is in. */
  project: string | undefined
  /** It comes with files of its own. */
  bundle?: Bundle
  /** What is to be said of it, besides what its texts say. */
  notes?: readonly string[]
}

export interface Findings {
  servers: FoundServer[]
  problems: ImportPreview['problems']
  /** Of every file that was looked at. */
  versions: Record<string, string>
}

export interface SourceOptions {
  machine: Machine
  stateDir: string
  connections: () => readonly Connection[]
  /** Where this gateway listens, or would: entries that lead there are ours. */
  ownUrls: () => readonly string[]
}

/** Everything that a source has, our own entries left out. Throws GatewayError for a source that cannot be read. */
export async function findServers(source: ImportSource, options: SourceOptions): Promise<Findings> {
  const findings: Findings = { servers: [], problems: [], versions: {} }
  if (source.from === 'text') inText(source.text, findings, options)
  else if (source.from === 'file') await inFile(source.file, findings, options)
  else if (source.from === 'client-file')
    await inClientFile(clientById(source.id), source.file, findings, options)
  else await inClients(source.ids, findings, options)
  findings.servers = findings.servers.filter((server) => !isOurs(server, options))
  return findings
}

async function inClients(
  ids: readonly string[] | undefined,
  findings: Findings,
  options: SourceOptions,
): Promise<void> {
  for (const client of ids?.map(clientById) ?? clientTable) {
    const { file, exists, choices } = chooseFile(client, options.machine)
    for (const one of file !== undefined && exists ? [file] : choices) {
      try {
        await inClientFile(client, one, findings, options)
      } catch (thrown) {
        if (!(thrown instanceof GatewayError)) throw thrown
        // What was not written is of no interest where nothing was to be.
        const message = thrown.message.replace(/ Nothing was (?:written|read)\..*$/s, '')
        findings.problems.push({ client: client.id, file: one, message })
        findings.versions[one] = 'unreadable'
      }
    }
  }
}

async function inClientFile(
  client: ClientDefinition,
  file: string,
  findings: Findings,
  options: SourceOptions,
): Promise<void> {
  const { machine } = options
  const isOwn = ownFiles(client, machine).includes(file)
  const project = isOwn ? undefined : projectOf(client, file)
  if (project === undefined && !isOwn)
    throw new GatewayError(
      'bad_request',
      `${file} is no file that ${client.name} reads. Import it as a file instead.`,
    )
  const { text, version } = await readClientFile(file)
  findings.versions[file] = version
  if (version === absentVersion) return
  const parsed = new EntryText(text, client.format, file)
  const { container, shape } = layoutOf(client, parsed, project ?? null)
  const entries = parsed.entries(container)
  const own = options.connections().find((one) => one.client === client.id && one.file === file)
  const found = (name: string, raw: unknown, folder: string | undefined, canReplace: boolean) =>
    findings.servers.push({
      name,
      raw: withTransport(client, isRecord(raw) ? raw : {}),
      rules: {
        inputs: inputsOf(isRecord(parsed.value) ? parsed.value['inputs'] : undefined),
        ...(client.variables === undefined ? {} : { syntax: client.variables }),
        ...(folder === undefined ? {} : { project: folder }),
      },
      folder: folder ?? machine.homedir,
      homedir: machine.homedir,
      runsIn: folder,
      project: folder,
      origin: { client: client.id, title: client.name, file, name, can_replace: canReplace },
    })
  for (const { name, value } of entries) {
    if (own !== undefined && isAsRemembered(own, shape, name, value)) continue
    const isUnique = entries.filter((one) => one.name === name).length === 1
    found(name, value, project, client.readOnly === undefined && isUnique)
  }
  if (project === undefined) projectEntries(client, parsed.value, found)
}

/** Claude Code keeps the servers of single projects in its own file. */
function projectEntries(
  { projectEntries: where }: ClientDefinition,
  root: unknown,
  found: (name: string, raw: unknown, folder: string, canReplace: boolean) => void,
): void {
  if (where === undefined) return
  const projects = where.path.reduce<unknown>((value, key) => Reflect.get(Object(value), key), root)
  for (const [folder, settings] of Object.entries(isRecord(projects) ? projects : {})) {
    const servers = isRecord(settings) ? settings[where.key] : undefined
    for (const [name, raw] of Object.entries(isRecord(servers) ? servers : {}))
      found(name, raw, folder, false)
  }
}

/** Gemini's `url` is the old transport; what has both kinds is told apart by its type elsewhere. */
function withTransport(client: ClientDefinition, raw: Record<string, unknown>) {
  const isOldSse =
    client.shape.http?.url === 'httpUrl' && raw['url'] !== undefined && raw['type'] === undefined
  return isOldSse ? { ...raw, type: 'sse' } : raw
}

/** The user's own files of a client, read or not. */
function ownFiles(client: ClientDefinition, machine: Machine): string[] {
  const { file, candidates, choices } = chooseFile(client, machine)
  return [...(file === undefined ? [] : [file]), ...candidates, ...choices]
}

/** The project's folder if the file is one of those that the client reads there. */
function projectOf(client: ClientDefinition, file: string): string | undefined {
  if (!path.isAbsolute(file)) return undefined
  for (const one of client.projectFiles ?? []) {
    const suffix = path.sep + path.normalize(one)
    if (file.endsWith(suffix)) return file.slice(0, -suffix.length) || path.sep
  }
  return undefined
}

function inText(text: string, findings: Findings, { machine }: SourceOptions): void {
  findings.versions['text'] = sha256(text)
  const origin = { client: null, title: 'Pasted text', file: null, can_replace: false }
  const { homedir } = machine
  add(serversInText(text), findings, (name) => ({
    folder: homedir,
    homedir,
    runsIn: undefined,
    project: undefined,
    origin: { ...origin, name },
  }))
}

type Place = Pick<FoundServer, 'folder' | 'homedir' | 'runsIn' | 'project' | 'origin'>

function add({ servers, inputs }: RawServers, findings: Findings, place: (name: string) => Place) {
  for (const { name, raw } of servers) {
    const where = place(name)
    const rules = { inputs, ...(where.project === undefined ? {} : { project: where.project }) }
    findings.servers.push({ name, raw, rules, ...where })
  }
}

async function inFile(file: string, findings: Findings, options: SourceOptions): Promise<void> {
  if (!path.isAbsolute(file))
    throw new GatewayError('bad_request', `Give the whole path of ${file}: it begins with a root.`)
  const { homedir, system } = options.machine
  const owner = clientTable.find((client) => ownFiles(client, options.machine).includes(file))
  if (owner !== undefined) return inClientFile(owner, file, findings, options)
  const bundle = await readBundle(file, options.stateDir)
  if (bundle !== undefined) {
    findings.versions[file] = bundle.version
    const { name, raw, notes } = bundleServer(bundle.manifest, bundle.folder, { homedir, system })
    const origin = { client: null, title: path.basename(file), file, name, can_replace: false }
    const place = { folder: bundle.folder, homedir, runsIn: bundle.folder, project: undefined }
    findings.servers.push({ name, raw, notes, rules: {}, ...place, origin, bundle })
    return
  }
  const { text, version } = await readClientFile(file)
  if (version === absentVersion) throw new GatewayError('not_found', `There is no file ${file}.`)
  findings.versions[file] = version
  const value = parsedFile(text, file)
  const folder = path.dirname(file)
  const origin = { client: null, title: path.basename(file), file, can_replace: false }
  if (value !== undefined && isManifest(value)) {
    const { name, raw, notes } = bundleServer(value, folder, { homedir, system })
    const place = { folder, homedir, runsIn: folder, project: undefined }
    findings.servers.push({ name, raw, notes, rules: {}, ...place, origin: { ...origin, name } })
    return
  }
  // `.vscode/mcp.json` belongs to the folder around; of other files nobody knows where their servers are to run.
  const project = clientTable
    .map((client) => projectOf(client, file))
    .find((one) => one !== undefined && one !== homedir)
  const found = value === undefined ? serversInText(text) : serversInValue(value)
  add(found, findings, (name) => ({
    folder: project ?? folder,
    homedir,
    runsIn: project,
    project,
    origin: { ...origin, name },
  }))
}

/** Undefined where it is JSON or none of those that are known: `serversInText` looks at these. */
function parsedFile(text: string, file: string): unknown {
  const extension = path.extname(file).toLowerCase()
  try {
    if (extension === '.toml') return readToml(text).value
    if (extension === '.yaml' || extension === '.yml') return readYaml(text).value
    if (path.basename(file).toLowerCase() === 'manifest.json') return JSON.parse(text)
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown)
    throw new GatewayError('bad_request', `${file} cannot be read: ${why}.`, { cause: thrown })
  }
  return undefined
}

/** Whoever wrote it: an entry that starts the shim, or reaches this gateway. */
function isOurs({ raw, origin }: FoundServer, { ownUrls }: SourceOptions): boolean {
  const shapes = origin.client === null ? [] : [clientById(origin.client).shape]
  const reads = [...shapes, plainShape].map((shape) => readEntry(shape, raw))
  if (reads.some(startsAnyShim)) return true
  const own = ownUrls().map(originOf)
  const words = reads.flatMap(({ stdio, http }) => [...(stdio?.args ?? []), http?.url ?? ''])
  return words.some((word) => {
    const reached = originOf(word)
    return (
      reached !== undefined &&
      own.includes(reached) &&
      /^\/(?:mcp|servers\/[^/]+\/mcp)\/?$/.test(new URL(word).pathname)
    )
  })
}

const plainShape = {
  stdio: { command: 'command', args: 'args', env: 'env' },
  http: { url: 'url', headers: 'headers' },
}

/** `localhost` and the addresses of this machine are one. */
function originOf(text: string): string | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined
  const { protocol, hostname, port } = new URL(text)
  const host = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname) ? 'here' : hostname
  return `${protocol}//${host}:${port}`
}
