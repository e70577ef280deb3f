import { isAlias, isMap, isSeq, type Document, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'
import type { CatalogEdit } from '../../src-shared/api.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { catalogOf } from './parse.ts'
import { CatalogError } from './problem.ts'
import { decodeSource, LineMap } from './source-text.ts'
import { applyChanges, TextLines, type TextChange } from './text-change.ts'
import { isEmptyNode, NotLocal, YamlEditor } from './yaml-edit.ts'
import { isObject, keyOf, parseYaml, valueAt, YamlTree } from './yaml-tree.ts'
import { blockLines, type WriteStyle } from './yaml-write.ts'

/** More than any server has entries. */
const maxSteps = 1000

type PlainMap = Record<string, unknown>

/**
 * The text with one more server at the end of the list; everything else stays byte for byte. Throws GatewayError:
 * `conflict` (the id is taken, or the text has a form that cannot be edited in place), `catalog_invalid` (the result
 * would not be valid), `bad_request` (no map).
 */
export function addServer(
  text: string,
  entry: unknown,
  file = 'catalog.yaml',
  outcome: Outcome = 'valid',
): string {
  const source = new CatalogSource(text, file)
  const value = plainCopy(entry)
  if (!isPlainMap(value)) throw new GatewayError('bad_request', 'A server must be a JSON object.')
  if (source.servers.some((server) => valueAt(server, ['id']) === value['id'])) {
    throw new GatewayError('conflict', `There is a server '${String(value['id'])}' already.`)
  }
  const next = source.attempt(`'${String(value['id'])}' cannot be added`, () =>
    source.append(value),
  )
  return verified(next, [...source.servers, value], source, outcome)
}

/** The text without one server. Comments above it stay. Throws GatewayError `server_not_found`, `conflict`. */
export function removeServer(
  text: string,
  id: string,
  file = 'catalog.yaml',
  outcome: Outcome = 'valid',
): string {
  const source = new CatalogSource(text, file)
  const index = source.indexOf(id)
  const next = source.attempt(`Server '${id}' cannot be removed`, () => source.remove(index))
  return verified(next, source.servers.toSpliced(index, 1), source, outcome)
}

/**
 * The text with a JSON merge patch (RFC 7396) applied to one server: null takes a key away, maps are merged, anything
 * else replaces. What the patch does not change stays byte for byte. Throws GatewayError `server_not_found`,
 * `conflict`, `catalog_invalid`, `bad_request`.
 */
export function patchServer(
  text: string,
  id: string,
  patch: unknown,
  file = 'catalog.yaml',
  outcome: Outcome = 'valid',
): string {
  const wanted = plainCopy(patch)
  if (!isPlainMap(wanted)) throw new GatewayError('bad_request', 'A patch must be a JSON object.')
  const source = new CatalogSource(text, file)
  const index = source.indexOf(id)
  const before = source.servers[index]
  const after = mergePatch(before, wanted)
  // One change after the other, each on a fresh parse: their places move as the text does.
  let current = source
  for (let steps = 0; !samePlain(current.servers[index], after); steps++) {
    const editing = current
    const next = current.attempt(`Server '${id}' cannot be changed`, () =>
      editing.step(index, after),
    )
    const isYaml = new YamlTree(next).faults.length === 0
    if (!isYaml || next === current.text || steps === maxSteps) {
      throw source.refusal(`Server '${id}' cannot be changed`)
    }
    current = new CatalogSource(next, file)
  }
  return verified(current.text, source.servers.with(index, after), source, outcome)
}

/**
 * Several edits of a text that somebody is at work on, one after the other. It must be YAML, but neither it nor the
 * result need be a valid catalog: how else could one of two mistakes be mended? Throws as each edit does.
 */
export function editCatalog(
  text: string,
  edits: readonly CatalogEdit[],
  file = 'catalog.yaml',
): string {
  return edits.reduce((current, edit) => {
    if (edit.op === 'add') return addServer(current, edit.entry, file, 'yaml')
    if (edit.op === 'remove') return removeServer(current, edit.id, file, 'yaml')
    return patchServer(current, edit.id, edit.patch, file, 'yaml')
  }, text)
}

/** RFC 7396 section 2. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isPlainMap(patch)) return patch
  const result: PlainMap = Object.create(null)
  if (isPlainMap(target)) Object.assign(result, target)
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = mergePatch(result[key], value)
  }
  return result
}

/** What an edit must leave behind: a catalog, or YAML in which problems may be left. */
type Outcome = 'valid' | 'yaml'

/** The last word on every edit: valid, every server as meant, and nothing else changed. */
function verified(
  text: string,
  expected: readonly unknown[],
  source: CatalogSource,
  outcome: Outcome,
): string {
  const tree = new YamlTree(text)
  const actual = tree.faults.length > 0 ? undefined : (valueAt(tree.value, ['servers']) ?? [])
  if (!samePlain(actual, expected)) throw source.refusal('The edit cannot be made')
  if (outcome === 'valid') catalogOf(tree, text, source.file)
  return text
}

/** A parsed catalog text whose places can be edited. It need not be valid, but must be YAML. */
class CatalogSource {
  readonly text: string
  readonly file: string
  /** The entries as plain data, before defaults. */
  readonly servers: readonly unknown[]
  readonly #document: Document.Parsed
  readonly #editor: YamlEditor
  readonly #style: WriteStyle

  constructor(text: string, file: string) {
    this.text = decodeSource(text, file)
    this.file = file
    this.#document = parseYaml(text, true)
    const tree = new YamlTree(text, this.#document)
    if (tree.faults.length > 0) {
      const lines = new LineMap(text)
      throw new CatalogError(
        tree.faults.map(({ message, offset }) => ({ message, file, ...lines.position(offset) })),
      )
    }
    const servers = valueAt(tree.value, ['servers'])
    this.servers = Array.isArray(servers) ? servers : []
    this.#style = styleOf(this.#document, text)
    this.#editor = new YamlEditor(text, this.#style)
  }

  indexOf(id: string): number {
    const index = this.servers.findIndex((server) => valueAt(server, ['id']) === id)
    if (index === -1) throw new GatewayError('server_not_found', `Server '${id}' not found`)
    return index
  }

  /** Runs an edit and applies it. `what` begins the sentence that a refusal is told in. */
  attempt(what: string, edit: () => TextChange[]): string {
    try {
      return applyChanges(this.text, edit())
    } catch (thrown) {
      if (thrown instanceof NotLocal) throw this.refusal(`${what} because ${thrown.message}`)
      throw thrown
    }
  }

  refusal(what: string): GatewayError {
    const shared = /(?:^|[\s[{,:-])[&*][A-Za-z0-9_-]+/m.test(this.text)
    const why = shared ? ' The file uses anchors (&name), aliases (*name) or merge keys (<<).' : ''
    return new GatewayError(
      'conflict',
      `${what} without rewriting other parts of ${this.file}.${why} Nothing was changed; edit the file by hand.`,
    )
  }

  append(entry: PlainMap): TextChange[] {
    const root = this.#document.contents
    if (root === null || isEmptyNode(root)) {
      const lines = blockLines({ servers: [entry] }, this.#style)
      return [new TextLines(this.text).insertLines(this.text.length, lines)]
    }
    if (!isMap(root)) throw new NotLocal('the file is not a map with the key servers')
    const pair = pairOf(root, 'servers')
    if (pair === undefined) return this.#editor.addPair(root, 'servers', [entry])
    const list = pair.value
    if (isEmptyNode(list) || (isSeq(list) && list.items.length === 0)) {
      return this.#editor.fillEmptyList(root, pair, entry)
    }
    return this.#editor.appendItem(this.#list(), entry)
  }

  remove(index: number): TextChange[] {
    const root = this.#document.contents
    const pair = isMap(root) ? pairOf(root, 'servers') : undefined
    return this.#editor.removeItem(this.#list(), index, pair)
  }

  /** The first change that brings the server at `index` nearer to `target`. */
  step(index: number, target: unknown): TextChange[] {
    const node = this.#list().items[index]
    if (!isMap(node)) throw new NotLocal('it is an alias')
    return this.#stepMap(node, this.servers[index], target) ?? []
  }

  #stepMap(map: YAMLMap, now: unknown, target: unknown): TextChange[] | undefined {
    if (!isPlainMap(now) || !isPlainMap(target)) throw new NotLocal('it is no map')
    for (const key of Object.keys(now)) {
      if (Object.hasOwn(target, key)) continue
      const index = map.items.findIndex((pair) => keyOf(pair.key) === key)
      if (index === -1) throw new NotLocal(`its '${key}' comes from a merge key (<<)`)
      return this.#editor.removePair(map, index)
    }
    for (const [key, value] of Object.entries(target)) {
      if (Object.hasOwn(now, key) && samePlain(now[key], value)) continue
      const pair = pairOf(map, key)
      if (pair === undefined) return this.#editor.addPair(map, key, value)
      return this.#stepPair(map, pair, now[key], value)
    }
    return undefined
  }

  #stepPair(map: YAMLMap, pair: Pair, now: unknown, value: unknown): TextChange[] | undefined {
    const node = pair.value
    if (isAlias(node) && isObject(value))
      throw new NotLocal(`a part of it is the alias *${node.source}`)
    const keepsSome = isPlainMap(value) && Object.keys(value).length > 0
    // A map that loses all its entries becomes `{}`, as a whole.
    const survives =
      isPlainMap(now) &&
      isPlainMap(value) &&
      Object.keys(now).some((key) => Object.hasOwn(value, key))
    if (isMap(node) && keepsSome && (survives || node.items.length === 0)) {
      return this.#stepMap(node, now, value)
    }
    return this.#editor.replaceValue(map, pair, value)
  }

  #list(): YAMLSeq {
    const root = this.#document.contents
    const list = isMap(root) ? pairOf(root, 'servers')?.value : undefined
    if (!isSeq(list)) throw new NotLocal('servers is not a list of its own')
    return list
  }
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => keyOf(pair.key) === key)
}

/** How this file is written, from its first server. */
function styleOf(document: Document.Parsed, text: string): WriteStyle {
  const style: WriteStyle = { step: 2, indentLists: true, json: false }
  const root = document.contents
  if (!isMap(root)) return style
  style.json =
    root.flow === true && root.srcToken?.type === 'flow-collection' && /^\s*\{\s*"/.test(text)
  const list = pairOf(root, 'servers')?.value
  if (!isSeq(list) || list.flow === true || list.srcToken?.type !== 'block-seq') return style
  const lines = new TextLines(text)
  const listColumn = list.srcToken.items[0]?.start.find(({ type }) => type === 'seq-item-ind')
  const rootColumn = lines.column(root.range?.[0] ?? 0)
  if (listColumn !== undefined) style.indentLists = lines.column(listColumn.offset) > rootColumn
  for (const item of list.items) {
    if (!isMap(item) || item.flow === true || item.range === undefined || item.range === null)
      continue
    for (const { value } of item.items) {
      if (!isMap(value) || value.flow === true || !value.range) continue
      style.step = Math.max(1, lines.column(value.range[0]) - lines.column(item.range[0]))
      return style
    }
  }
  return style
}

/** JSON data of our own, so that nobody's getters or prototypes take part. */
function plainCopy(value: unknown): unknown {
  const json: string | undefined = JSON.stringify(value)
  return json === undefined ? undefined : JSON.parse(json)
}

function isPlainMap(value: unknown): value is PlainMap {
  return isObject(value) && !Array.isArray(value)
}

/** Equal as JSON, whatever the order of keys. */
function samePlain(a: unknown, b: unknown): boolean {
  if (!isObject(a) || !isObject(b)) return Object.is(a, b)
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every(
    (key) => Object.hasOwn(b, key) && samePlain(Reflect.get(a, key), Reflect.get(b, key)),
  )
}
