import { canonicalJson, isRecord } from '../../src-shared/json-record.ts'
import path from 'node:path'
import { sha256 } from '../catalog/content-version.ts'
import type { ClientDefinition, EntryShape, Json } from './client-definition.ts'
import type { Machine } from './client-paths.ts'
import type { Entry } from './config-text.ts'
import type { ShimLauncher } from './shim-launcher.ts'

/** What an entry is to start. */
export interface StdioCommand {
  command: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
}

export interface ShimEntryOptions {
  client: ClientDefinition
  launcher: ShimLauncher
  /** Absolute. */
  stateDir: string
  /** Undefined: all servers as one. */
  server?: string | undefined
  machine: Machine
}

/** The shim as this client is to start it: absolute paths, the client's id, the state directory. */
export function shimCommand(options: ShimEntryOptions): StdioCommand {
  const { client, launcher, stateDir, server, machine } = options
  const passed = client.passEnv?.[machine.system] ?? []
  const env = passed.flatMap((name) => {
    const value = machine.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    command: launcher.command,
    args: [
      ...launcher.args,
      '--client',
      client.id,
      '--state-dir',
      stateDir,
      ...(server === undefined ? [] : ['--server', server]),
    ],
    env: { ...Object.fromEntries(env), ...launcher.env },
  }
}

/** An entry for a local server, in the words of this client. */
export function stdioEntry(shape: EntryShape, name: string, given: StdioCommand): Entry {
  const { before, command, args, env, envAlways, after } = shape.stdio
  const entry: Record<string, Json> = shape.named === true ? { name, ...before } : { ...before }
  if (args === undefined) entry[command] = [given.command, ...given.args]
  else {
    entry[command] = given.command
    entry[args] = given.args
  }
  if (envAlways === true || Object.keys(given.env).length > 0) entry[env] = given.env
  return { ...entry, ...after }
}

/** An entry for a URL; undefined where the client knows none. */
export function httpEntry(
  shape: EntryShape,
  name: string,
  url: string,
  headers: Readonly<Record<string, string>>,
): Entry | undefined {
  if (shape.http === undefined) return undefined
  const { before, after } = shape.http
  const entry: Record<string, Json> = shape.named === true ? { name, ...before } : { ...before }
  entry[shape.http.url] = url
  entry[shape.http.headers] = headers
  return { ...entry, ...after }
}

/** What an entry of any client starts or reaches, as far as it says; the other way round of the above. */
export interface ReadEntry {
  stdio?: StdioCommand
  http?: { url: string; headers: Record<string, string> }
  isDisabled: boolean
}

/** Reads an entry by the client's shape. What is no text is left out. */
export function readEntry(shape: EntryShape, value: unknown): ReadEntry {
  const read: ReadEntry = { isDisabled: false }
  if (!isRecord(value)) return read
  const { disabled } = shape
  if (disabled !== undefined) read.isDisabled = value[disabled.key] === disabled.value
  const { stdio, http } = shape
  const command = value[stdio.command]
  const words = stdio.args === undefined ? texts(command) : [command, ...texts(value[stdio.args])]
  const [first, ...args] = words
  if (typeof first === 'string')
    read.stdio = { command: first, args: texts(args), env: textMap(value[stdio.env]) }
  const url = http === undefined ? undefined : value[http.url]
  if (http !== undefined && typeof url === 'string')
    read.http = { url, headers: textMap(value[http.headers]) }
  return read
}

/** Whether an entry starts the gateway's shim, for whichever client. */
export function startsAnyShim({ stdio }: ReadEntry): boolean {
  if (stdio === undefined) return false
  return [stdio.command, ...stdio.args].some((word) =>
    /^gateway-stdio(?:\.cjs)?$/.test(path.basename(word.replaceAll('\\', '/'))),
  )
}

/** Whether an entry starts the gateway's shim for this client, whoever wrote it. */
export function startsOurShim(entry: ReadEntry, client: string): boolean {
  const args = entry.stdio?.args ?? []
  const at = args.indexOf('--client')
  return startsAnyShim(entry) && at !== -1 && args[at + 1] === client
}

/** Of an entry as data, whatever the order of its keys. */
export function entryHash(value: unknown): string {
  // Undefined has no JSON, and is nobody's entry.
  return sha256(canonicalJson(value ?? null))
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []
}

function textMap(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {}
  return Object.fromEntries(
    Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  )
}
