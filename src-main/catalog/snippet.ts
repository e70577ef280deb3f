import { parse, printParseErrorCode } from 'jsonc-parser'
import type { ParseError } from 'jsonc-parser'
import type { SnippetEntry } from '../../src-shared/api.ts'
import { serverDefinition } from '../../src-shared/catalog.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import type { JsonRecord } from '../../src-shared/json-record.ts'
import { isUrl, nameOfUrl, serverOfCommand } from './snippet-command.ts'
import { entryOf, freeId } from './snippet-entry.ts'
import type { SnippetContext } from './snippet-entry.ts'
import { LineMap } from './source-text.ts'
import { valueAt, YamlTree } from './yaml-tree.ts'

/** The key that holds the servers in other programs' files; the first that is there counts. */
const holders = [
  ['mcpServers'],
  ['mcp', 'servers'], // VS Code's settings.json
  ['servers'],
  ['context_servers'], // Zed
  ['mcp_servers'],
  ['mcp'], // OpenCode
]

/**
 * The servers in a pasted text, as entries of the catalog with ids of their own: JSON of a README or of another
 * program's file, a part of it, a command line, an address, or entries of a catalog. Throws `bad_request` for a text in
 * which no server is found.
 */
export function entriesFromSnippet(text: string): SnippetEntry[] {
  const plain = withoutFence(text).trim()
  if (plain === '') throw nothingFound('There is nothing in it.')
  const found = looksLikeJson(plain)
    ? entriesOfValue(readJson(plain), 'server')
    : looksLikeCatalog(plain)
      ? entriesOfValue(readYaml(plain), 'server')
      : entriesOfLine(plain)
  for (const { entry } of found) assertValid(entry)
  return found
}

/** Markdown's ```json … ```. */
function withoutFence(text: string): string {
  return /^\s*```[^\n]*\n(.*?)```/s.exec(text)?.[1] ?? text
}

function looksLikeJson(text: string): boolean {
  return /^(?:[{[]|\/[/*]|"(?:[^"\\]|\\.)*"\s*:)/.test(text)
}

/** Our own YAML: the whole of it, a list, or one entry. */
function looksLikeCatalog(text: string): boolean {
  return /^(?:#[^\n]*\n\s*)*(?:servers:|-\s+id:|id:)/.test(text)
}

function readJson(text: string): unknown {
  // A member of an object, cut out of it: `"name": { … }`, maybe with the comma behind.
  const isMember = text.startsWith('"')
  const whole = isMember ? `{${text}}` : text
  const errors: ParseError[] = []
  const value: unknown = parse(whole, errors, { allowTrailingComma: true })
  const [error] = errors
  if (error === undefined) return value
  const { line, column } = new LineMap(whole).position(error.offset)
  const place = `line ${line}, column ${isMember && line === 1 ? column - 1 : column}`
  const what = printParseErrorCode(error.error)
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toLowerCase()
  throw nothingFound(`It looks like JSON, but is not valid at ${place}: ${what}.`)
}

function readYaml(text: string): unknown {
  const tree = new YamlTree(text)
  const [fault] = tree.faults
  if (fault === undefined) return tree.value
  const { line, column } = new LineMap(text).position(fault.offset)
  throw nothingFound(`Line ${line}, column ${column}: ${fault.message}`)
}

function entriesOfValue(value: unknown, name: string): SnippetEntry[] {
  const inputs = new Map<string, string>()
  const context: SnippetContext = { taken: new Set(), inputs }
  const asked = valueAt(value, ['inputs']) ?? valueAt(value, ['mcp', 'inputs'])
  for (const input of Array.isArray(asked) ? asked : [])
    if (isRecord(input) && typeof input['id'] === 'string')
      inputs.set(input['id'], typeof input['description'] === 'string' ? input['description'] : '')
  const single = anyEntry(name, value, context)
  if (single !== undefined) return [single]
  const holder = holders
    .map((path) => valueAt(value, path))
    .find((each) => isRecord(each) || Array.isArray(each))
  const found = members(holder ?? value).flatMap(([key, raw]) => anyEntry(key, raw, context) ?? [])
  if (found.length > 0) return found
  throw nothingFound('It is JSON or YAML, but names no server with a command or a URL.')
}

function members(value: unknown): [string, unknown][] {
  if (Array.isArray(value)) return value.map((item) => ['server', item])
  return isRecord(value) ? Object.entries(value) : []
}

/** As ours, or as others write it. `name`: the key that it stands under. */
function anyEntry(name: string, raw: unknown, context: SnippetContext): SnippetEntry | undefined {
  if (!isRecord(raw)) return undefined
  const own = raw['id'] ?? raw['name']
  const called = typeof own === 'string' && own !== '' ? own : name
  if (isRecord(raw['runtime'])) {
    const id = freeId(called, context.taken)
    context.taken.add(id)
    return { entry: { ...raw, id }, notes: id === called ? [] : [`It is called ${id} here.`] }
  }
  return entryOf(name === 'server' ? nameFor(raw, called) : name, raw, context)
}

/** One entry without its name. */
function nameFor(raw: JsonRecord, called: string): string {
  const { command, args, url } = raw
  if (called !== 'server') return called
  if (isUrl(typeof url === 'string' ? url : undefined)) return nameOfUrl(String(url))
  const words = [command, args].flat().filter((word) => typeof word === 'string')
  const quoted = words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ')
  return serverOfCommand(quoted)?.name ?? called
}

function entriesOfLine(text: string): SnippetEntry[] {
  const context: SnippetContext = { taken: new Set(), inputs: new Map() }
  if (isUrl(text)) {
    const entry = entryOf(nameOfUrl(text), { url: text }, context)
    if (entry !== undefined) return [entry]
  }
  const found = serverOfCommand(text)
  if (found !== undefined && 'json' in found)
    return entriesOfValue(readJson(found.json), found.name ?? 'server')
  const entry = found && entryOf(found.name, found.raw, context)
  if (entry !== undefined) return [entry]
  throw nothingFound(
    'Paste the JSON with "mcpServers" that a server’s README shows, a command such as npx -y NAME, or the address of a remote server.',
  )
}

/** The last word: what does not fit the catalog is not handed out. */
function assertValid(entry: JsonRecord): void {
  const result = serverDefinition.safeParse(entry)
  if (result.success) return
  const [issue] = result.error.issues
  throw nothingFound(
    `'${String(entry['id'])}' cannot be used: ${issue?.path.map(String).join('.')}: ${issue?.message}.`,
  )
}

function nothingFound(why: string): GatewayError {
  return new GatewayError('bad_request', `No server was found in this text. ${why}`)
}
