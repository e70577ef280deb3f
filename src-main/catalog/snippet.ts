import { getNodeValue, parseTree, printParseErrorCode } from 'jsonc-parser'
import type { ParseError } from 'jsonc-parser'
import type { SnippetEntry } from '../../src-shared/api.ts'
import { serverDefinition } from '../../src-shared/catalog.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import type { JsonRecord } from '../../src-shared/json-record.ts'
import { isUrl, nameOfUrl, serverOfCommand } from './snippet-command.ts'
import { entryOf, freeId } from './snippet-entry.ts'
import type { SnippetContext } from './snippet-entry.ts'
import type { SnippetInput } from './snippet-templates.ts'
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
  ['extensions'], // Goose
  ['amp.mcpServers'],
]

/**
 * The servers in a pasted text, as entries of the catalog with ids of their own: JSON of a README or of another
 * program's file, a part of it, a command line, an address, or entries of a catalog. Throws `bad_request` for a text in
 * which no server is found.
 */
export function entriesFromSnippet(text: string): SnippetEntry[] {
  const { servers, inputs } = serversInText(text)
  const context: SnippetContext = { taken: new Set(), inputs }
  const found = servers.flatMap(({ name, raw }) => entryFrom(name, raw, context) ?? [])
  for (const { entry } of found) assertValid(entry)
  return found
}

/** Servers as they are written somewhere, each with the name that it goes by. */
export interface RawServers {
  servers: { name: string; raw: JsonRecord }[]
  inputs: Map<string, SnippetInput>
}

/** The servers in a text, before they become entries. Throws `bad_request` for a text in which none is found. */
export function serversInText(text: string): RawServers {
  const plain = withoutFence(text).trim()
  if (plain === '') throw nothingFound('There is nothing in it.')
  if (looksLikeJson(plain)) return serversInValue(readJson(plain))
  return looksLikeCatalog(plain) ? serversInValue(readYaml(plain)) : serversInLine(plain)
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
  const tree = parseTree(whole, errors, { allowTrailingComma: true })
  const [error] = errors
  // By way of the tree: the parser's own objects lose a member that is called `__proto__`.
  if (error === undefined) return tree && getNodeValue(tree)
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

/** The servers in a parsed file: under a key of one of the known programs, or all by themselves. Throws `bad_request`. */
export function serversInValue(value: unknown, name = 'server'): RawServers {
  const inputs = inputsOf(valueAt(value, ['inputs']) ?? valueAt(value, ['mcp', 'inputs']))
  if (isServer(value)) return { servers: [named(name, value)], inputs }
  const holder = holders
    .map((path) => valueAt(value, path))
    .find((each) => isRecord(each) || Array.isArray(each))
  const servers = members(holder ?? value).flatMap(([key, raw]) =>
    isServer(raw) ? [named(key, raw)] : [],
  )
  if (servers.length > 0) return { servers, inputs }
  throw nothingFound('It is JSON or YAML, but names no server with a command or a URL.')
}

/** VS Code's `inputs`. */
export function inputsOf(value: unknown): Map<string, SnippetInput> {
  const inputs = new Map<string, SnippetInput>()
  for (const input of Array.isArray(value) ? value : [])
    if (isRecord(input) && typeof input['id'] === 'string') {
      const { description, default: fallback } = input
      inputs.set(input['id'], {
        about: typeof description === 'string' ? description : '',
        isSecret: input['password'] === true,
        fallback: typeof fallback === 'string' ? fallback : undefined,
      })
    }
  return inputs
}

function isServer(value: unknown): value is JsonRecord {
  return isRecord(value) && entryFrom('server', value, { taken: new Set() }) !== undefined
}

function members(value: unknown): [string, unknown][] {
  if (Array.isArray(value)) return value.map((item) => ['server', item])
  return isRecord(value) ? Object.entries(value) : []
}

/** What a server goes by: what it says itself, its key, or what it starts. */
function named(key: string, raw: JsonRecord): RawServers['servers'][number] {
  const own = raw['id'] ?? raw['name']
  const called = typeof own === 'string' && own !== '' ? own : key
  if (isRecord(raw['runtime'])) return { name: called, raw }
  return { name: key === 'server' ? nameFor(raw, called) : key, raw }
}

/** One server as an entry, ours or as others write it; undefined if it is none. Nothing says yet that it is valid. */
export function entryFrom(
  name: string,
  raw: JsonRecord,
  context: SnippetContext,
): SnippetEntry | undefined {
  if (!isRecord(raw['runtime'])) return entryOf(name, raw, context)
  const id = freeId(name, context.taken)
  context.taken.add(id)
  return { entry: { ...raw, id }, notes: id === name ? [] : [`It is called ${id} here.`] }
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

function serversInLine(text: string): RawServers {
  const inputs = new Map<string, SnippetInput>()
  if (isUrl(text)) return { servers: [{ name: nameOfUrl(text), raw: { url: text } }], inputs }
  const found = serverOfCommand(text)
  if (found !== undefined && 'json' in found)
    return serversInValue(readJson(found.json), found.name)
  if (found !== undefined && isServer(found.raw)) return { servers: [found], inputs }
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
