import path from 'node:path'
import { serverDefinition } from '../../src-shared/catalog.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import type { JsonRecord } from '../../src-shared/json-record.ts'
import { entryFrom } from '../catalog/snippet.ts'
import type { TextRules } from '../catalog/snippet-templates.ts'
import { unwrapped } from './import-wrappers.ts'

/** A server as it stands somewhere, and how its texts are to be read there. */
export interface RawServer {
  name: string
  raw: JsonRecord
  rules: TextRules
  /** What relative paths start from, and `~`. */
  folder: string
  homedir: string
  /** The program runs in this folder; undefined where nobody knows. */
  runsIn: string | undefined
}

export type ImportEntry = { entry: JsonRecord; notes: string[] } | { problem: string }

/** An entry of the catalog for a server, secrets still written out. `taken`: ids; the entry's own is not added. */
export function importEntry(server: RawServer, taken: ReadonlySet<string>): ImportEntry {
  const { name, raw, rules } = server
  const context = { ...rules, taken: new Set(taken) }
  const found = entryFrom(name, raw, context)
  if (found === undefined) return { problem: whyNone(raw) }
  const notes = new Set(found.notes)
  const entry = unwrapped(withAbsolutePaths(found.entry, server), notes)
  const checked = serverDefinition.safeParse(entry)
  if (checked.success) return { entry, notes: [...notes] }
  const [issue] = checked.error.issues
  const where = issue?.path.map(String).join('.') ?? ''
  return { problem: `It cannot be an entry of the catalog: ${where}: ${issue?.message ?? ''}.` }
}

function whyNone(raw: JsonRecord): string {
  const kind = raw['type'] ?? raw['source']
  if (kind === 'builtin' || kind === 'platform' || kind === 'frontend')
    return 'It is a part of its program, and runs nowhere else.'
  if (kind === 'extension')
    return 'It comes with an extension of its program, which alone knows its command.'
  const url = raw['url'] ?? raw['httpUrl'] ?? raw['serverUrl'] ?? raw['uri']
  if (typeof url === 'string' && /^wss?:/i.test(url))
    return 'It is reached by WebSocket, which the gateway does not speak.'
  return 'It names no command and no HTTP address.'
}

/** A client starts it elsewhere than the gateway does. */
function withAbsolutePaths(entry: JsonRecord, server: RawServer): JsonRecord {
  const runtime = entry['runtime']
  if (!isRecord(runtime)) return entry
  const { folder, runsIn } = server
  const atHome = (text: string): string => fromHome(text, server.homedir)
  const absolute = (text: unknown): unknown =>
    typeof text === 'string' && !text.startsWith('$') ? resolved(folder, atHome(text)) : text
  const file = entry['env_file']
  const whole = { ...entry, ...(file === undefined ? {} : { env_file: absolute(file) }) }
  const plain: JsonRecord = { ...runtime }
  if (runtime['type'] === 'docker') {
    if (Array.isArray(runtime['volumes']))
      plain['volumes'] = runtime['volumes'].map((one) => absoluteVolume(folder, String(one)))
    return { ...whole, runtime: plain }
  }
  if (runtime['type'] !== 'local-process') return entry
  const command = atHome(String(runtime['command']))
  plain['command'] = /^\.{1,2}[\\/]|^[^\\/$]+[\\/]/.test(command) ? absolute(command) : command
  if (Array.isArray(runtime['args']))
    plain['args'] = runtime['args'].map((arg) => (typeof arg === 'string' ? atHome(arg) : arg))
  const cwd = runtime['working_dir'] ?? runsIn
  if (cwd !== undefined) plain['working_dir'] = absolute(cwd)
  return { ...whole, runtime: plain }
}

/** `./data:/data`, from the folder that its source starts at. */
export function absoluteVolume(folder: string, volume: string): string {
  return volume.replace(/^\.{1,2}(?=[\\/:])[^:]*/, (source) => resolved(folder, source))
}

function fromHome(text: string, homedir: string): string {
  return text.replace(/^~(?=[\\/]|$)/, () => homedir.replaceAll('${', () => '$${'))
}

/** Paths of Windows are absolute elsewhere as well: a file may be looked at on another system. */
function resolved(folder: string, text: string): string {
  return path.isAbsolute(text) || path.win32.isAbsolute(text) ? text : path.resolve(folder, text)
}
