import type { SnippetEntry } from '../../src-shared/api.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import type { JsonRecord } from '../../src-shared/json-record.ts'
import { literalGlob } from '../../src-shared/glob.ts'
import { choosesEngine, containerStart, readDockerRun } from './docker-command.ts'
import { shellWords } from './shell-words.ts'
import { SnippetTexts } from './snippet-templates.ts'
import type { TextRules } from './snippet-templates.ts'

/** Who already has an id, and how texts are to be read. */
export interface SnippetContext extends TextRules {
  taken: Set<string>
}

/** What other programs write that says nothing here. */
const pointless = new Set(
  'type transport transportType source name id title bundled available_tools'.split(' '),
)

/**
 * One server as other programs write it (`command`, `args`, `env`, or `url`, `headers`), as an entry of the catalog.
 * Undefined if it is no server.
 */
export function entryOf(
  name: string,
  raw: unknown,
  context: SnippetContext,
): SnippetEntry | undefined {
  if (!isRecord(raw)) return undefined
  const id = freeId(name, context.taken)
  const texts = new SnippetTexts(id, context)
  const read = new Reader(raw)
  const local = localCommand(read)
  const start = local === undefined ? remoteStart(read, texts) : localStart(local, read, texts)
  if (start === undefined) return undefined
  context.taken.add(id)
  const entry: JsonRecord = { id }
  const title = read.text('title', 'display_name') ?? (id === name ? undefined : name)
  if (title !== undefined && title !== '') entry['display_name'] = title
  const about = read.text('description')
  if (about !== undefined) entry['description'] = about
  if (read.take('disabled') === true || read.take('enabled') === false) entry['enabled'] = false
  Object.assign(entry, start)
  const tools = toolFilter(read)
  if (tools !== undefined) entry['tools'] = tools
  const left = read.left().filter((key) => !pointless.has(key))
  if (left.length > 0) texts.notes.add(`Left out, since it means nothing here: ${left.join(', ')}.`)
  return { entry, notes: [...texts.notes] }
}

/** Hands out members, and knows which nobody has asked for. */
class Reader {
  readonly #raw: JsonRecord
  readonly #taken = new Set<string>()
  /** Of Zed's `command`. */
  nestedEnv: unknown

  constructor(raw: JsonRecord) {
    this.#raw = raw
  }

  take(...keys: string[]): unknown {
    for (const key of keys) {
      if (!Object.hasOwn(this.#raw, key) || this.#raw[key] === null) continue
      this.#taken.add(key)
      return this.#raw[key]
    }
    return undefined
  }

  text(...keys: string[]): string | undefined {
    const value = this.take(...keys)
    return typeof value === 'string' && value !== '' ? value : undefined
  }

  left(): string[] {
    return Object.keys(this.#raw).filter((key) => !this.#taken.has(key))
  }
}

interface LocalCommand {
  command: string
  args: string[]
  folder: string | undefined
}

function localCommand(read: Reader): LocalCommand | undefined {
  const raw = read.take('command', 'cmd')
  // Zed: {"command": {"path", "args", "env"}}.
  const nested = isRecord(raw) ? raw : {}
  const words = Array.isArray(raw) ? plainTexts(raw) : []
  const given = typeof raw === 'string' ? raw : (words.shift() ?? nested['path'] ?? '')
  if (typeof given !== 'string' || given.trim() === '') return undefined
  const args = [...words, ...plainTexts(read.take('args') ?? nested['args'] ?? [])]
  // `"command": "npx -y @x/y"`, and nothing else: a path with blanks would be a program.
  const split =
    args.length === 0 && !/[\\/]/.test(given.split(' ', 1)[0] ?? '') ? shellWords(given) : [given]
  const [command = given, ...more] = split
  read.nestedEnv = nested['env']
  return {
    command,
    args: [...more, ...args],
    folder: read.text('cwd', 'working_dir', 'workingDirectory'),
  }
}

/** `runtime`, `env`, `env_file` and `inherit_env` of a local process, or of the container that it is there for. */
function localStart(local: LocalCommand, read: Reader, texts: SnippetTexts): JsonRecord {
  const env = variables(read, texts)
  const file = read.text('envFile', 'env_file')
  const inherited = inheritedNames(read.take('env_vars'))
  const run = file === undefined ? readDockerRun(local) : undefined
  if (run !== undefined && !choosesEngine([...Object.keys(env), ...inherited]))
    return containerStart(run, { env, inherited }, texts)
  const { command, args, folder } = local
  const runtime: JsonRecord = { type: 'local-process', command: texts.text(command) }
  if (args.length > 0) runtime['args'] = args.map((arg) => texts.text(arg))
  if (folder !== undefined) runtime['working_dir'] = texts.text(folder)
  return {
    runtime,
    ...(Object.keys(env).length > 0 && { env }),
    ...(file !== undefined && { env_file: texts.text(file) }),
    ...(inherited.length > 0 && { inherit_env: inherited }),
  }
}

function remoteStart(read: Reader, texts: SnippetTexts): JsonRecord | undefined {
  const url = read.text('httpUrl', 'url', 'serverUrl', 'uri', 'endpoint')
  if (url === undefined || !/^https?:\/\/|^\$|^\{/i.test(url)) return undefined
  const kind = (read.text('type', 'transport', 'transportType') ?? '').toLowerCase()
  const isSse = kind === 'sse' || (kind === '' && /\/sse\/?(?:\?|$)/.test(url))
  const runtime: JsonRecord = { type: isSse ? 'remote-sse' : 'remote-http', url: texts.text(url) }
  const init = read.take('requestInit', 'requestOptions')
  const headers = read.take('headers', 'http_headers') ?? (isRecord(init) ? init['headers'] : {})
  const values = isRecord(headers)
    ? Object.entries(headers).map(([name, value]) => [name, texts.header(plainText(value), name)])
    : []
  const all = { ...Object.fromEntries(values), ...headersByVariable(read, texts) }
  if (Object.keys(all).length > 0) runtime['headers'] = all
  return { runtime }
}

/** Codex, fx and Vibe name the variables that hold what a header says. */
function headersByVariable(read: Reader, texts: SnippetTexts): Record<string, string> {
  const named = read.take('env_http_headers')
  const headers = Object.entries(isRecord(named) ? named : {}).flatMap(([header, name]) =>
    isVariable(name) ? [[header, texts.variableOf(name)]] : [],
  )
  const bearer = read.take('bearer_token_env_var', 'bearer_token_env')
  if (isVariable(bearer)) headers.push(['Authorization', `Bearer ${texts.variableOf(bearer)}`])
  const key = read.take('api_key_env')
  const header = read.text('api_key_header') ?? 'Authorization'
  const format = read.text('api_key_format') ?? (header === 'Authorization' ? 'Bearer {token}' : '')
  if (isVariable(key)) {
    const value = texts.variableOf(key)
    headers.push([header, format.includes('{token}') ? format.replace('{token}', value) : value])
  }
  return Object.fromEntries(headers)
}

/** Codex: names, or maps with a name. */
function inheritedNames(value: unknown): string[] {
  if (!Array.isArray(value)) return []
  return value
    .map((item: unknown) => (isRecord(item) ? item['name'] : item))
    .filter((name) => isVariable(name))
}

function isVariable(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z_]\w*$/.test(value)
}

function variables(read: Reader, texts: SnippetTexts): Record<string, string> {
  const given = read.take('env', 'environment', 'envs') ?? read.nestedEnv
  // Goose: the names of those that it keeps in the keychain itself.
  const kept = plainTexts(read.take('env_keys') ?? []).filter((name) => isVariable(name))
  const known = Object.entries(isRecord(given) ? given : {}).flatMap(([name, value]) => {
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      texts.notes.add(`Left out, since no variable can be called so: ${name}.`)
      return []
    }
    return value === null ? [] : [[name, texts.variable(plainText(value), name)]]
  })
  return Object.fromEntries([...kept.map((name) => [name, texts.secretOf(name)]), ...known])
}

function toolFilter(read: Reader): JsonRecord | undefined {
  const named = plainTexts(read.take('includeTools', 'enabled_tools', 'tools') ?? [])
  const allow = named.includes('*') ? [] : named
  const deny = plainTexts(read.take('excludeTools', 'disabledTools', 'disabled_tools') ?? [])
  if (allow.length + deny.length === 0) return undefined
  return {
    ...(allow.length > 0 ? { allow: allow.map(literalGlob) } : {}),
    ...(deny.length > 0 ? { deny: deny.map(literalGlob) } : {}),
  }
}

/** Numbers and the like as they are written; what is no text at all as JSON. */
function plainText(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? '')
}

function plainTexts(value: unknown): string[] {
  if (!Array.isArray(value)) return []
  return value.filter((item) => typeof item === 'string' || typeof item === 'number').map(String)
}

/** A valid id that nobody has: the name as far as it can be one. */
export function freeId(name: string, taken: ReadonlySet<string>): string {
  const plain = name
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replaceAll(/^[^A-Za-z0-9]+|[-._]+$/g, '')
    .slice(0, 60)
  const base = plain === '' ? 'server' : plain
  for (let n = 1; ; n++) {
    const id = n === 1 ? base : `${base}-${n}`
    if (!taken.has(id)) return id
  }
}
