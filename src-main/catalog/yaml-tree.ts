import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type Document,
  type Node,
  type Pair,
} from 'yaml'

/** Something wrong, by its offset in the text. */
export interface Fault {
  message: string
  offset: number
}

/** Where an entry of a map or list stands, and what was written there if it is a plain scalar. */
interface Site {
  key: number
  value: number
  source?: string
}

export type Path = readonly (string | number)[]

const maxDepth = 40
/** Aliases count as often as they are used, so that a few lines cannot become gigabytes. */
const maxNodes = 400_000
const maxFaults = 50

/** The yaml options of everything that reads our files; `uniqueKeys` is checked here, in linear time. */
export function parseYaml(text: string, keepSourceTokens = false): Document.Parsed {
  return parseDocument(text, {
    uniqueKeys: false,
    stringKeys: true,
    prettyErrors: false,
    resolveKnownTags: false,
    // Not 'silent': that would also take a second document in the file without a word.
    logLevel: 'error',
    keepSourceTokens,
  })
}

/** A YAML text as plain data that remembers where each part of it was written. */
export class YamlTree {
  /** Maps without a prototype, arrays, strings, numbers, booleans, null; undefined for an empty text. */
  readonly value: unknown
  readonly faults: Fault[] = []
  readonly #sites = new WeakMap<object, Map<string | number, Site>>()
  readonly #heights = new WeakMap<object, number>()
  readonly #anchors = new Map<string, { value: unknown; size: number } | 'open'>()
  readonly #rootOffset: number = 0
  #size = 0

  constructor(text: string, document: Document.Parsed = parseYaml(text)) {
    this.#addSyntaxFaults([...document.errors, ...document.warnings], text)
    if (this.faults.length > 0) return
    const root = document.contents
    if (root === null || (isScalar(root) && root.value === null)) return
    this.#rootOffset = offsetOf(root)
    this.value = this.#convert(root, 0)
  }

  /** The offset of the entry at `path`, or of its nearest ancestor that was written. */
  offsetAt(path: Path, part: 'key' | 'value' = 'value'): number {
    let offset = this.#rootOffset
    let container: unknown = this.value
    for (const [index, step] of path.entries()) {
      if (typeof container !== 'object' || container === null) break
      const site = this.#sites.get(container)?.get(step)
      if (site === undefined) break
      offset = index === path.length - 1 && part === 'key' ? site.key : site.value
      container = read(container, step)
    }
    return offset
  }

  /** What stands in the file for a plain (unquoted) scalar: `0777` for the number 777. */
  sourceAt(path: Path): string | undefined {
    const last = path.at(-1)
    const container = valueAt(this.value, path.slice(0, -1))
    if (last === undefined || typeof container !== 'object' || container === null) return undefined
    return this.#sites.get(container)?.get(last)?.source
  }

  /** One error a line, ten in all: what follows the first is mostly its echo. */
  #addSyntaxFaults(
    errors: readonly { message: string; pos: [number, number] }[],
    text: string,
  ): void {
    let lineEnd = -1
    for (const error of errors) {
      if (error.pos[0] <= lineEnd && lineEnd !== -1) continue
      const end = text.indexOf('\n', error.pos[0])
      lineEnd = end === -1 ? text.length : end
      this.#fault(syntaxMessage(error.message, text, error.pos[0]), error.pos[0])
      if (this.faults.length === 10) return
    }
  }

  #fault(message: string, offset: number): null {
    if (this.faults.length < maxFaults) this.faults.push({ message, offset })
    return null
  }

  #convert(node: unknown, depth: number): unknown {
    if (++this.#size > maxNodes) {
      // Once: everything after it is beyond the limit as well.
      if (this.#size === maxNodes + 1)
        this.#fault('Too many values: aliases (*name) expand to too much.', offsetOf(node))
      return null
    }
    if (depth > maxDepth)
      return this.#fault(`Nested deeper than ${maxDepth} levels.`, offsetOf(node))
    if (isAlias(node)) return this.#convertAlias(node.source, offsetOf(node), depth)
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined
    if (anchor === undefined) return this.#convertNode(node, depth)
    const before = this.#size
    this.#anchors.set(anchor, 'open')
    const value = this.#convertNode(node, depth)
    this.#anchors.set(anchor, { value, size: this.#size - before + 1 })
    return value
  }

  #convertNode(node: unknown, depth: number): unknown {
    if (isMap(node)) return this.#convertMap(node.items, depth)
    if (isSeq(node)) return this.#convertList(node.items, depth)
    if (!isScalar(node)) return null
    const { value } = node
    if (
      value === null ||
      typeof value === 'string' ||
      typeof value === 'number' ||
      typeof value === 'boolean'
    )
      return value
    return this.#fault(
      'Only text, numbers, true, false, null, lists and maps are allowed.',
      offsetOf(node),
    )
  }

  #convertAlias(name: string, offset: number, depth: number): unknown {
    const target = this.#anchors.get(name)
    if (target === undefined)
      return this.#fault(`Alias *${name} has no anchor &${name} before it.`, offset)
    if (target === 'open')
      return this.#fault(`Alias *${name} stands inside of its own anchor.`, offset)
    const before = this.#size
    this.#size += target.size
    if (this.#size > maxNodes) {
      if (before <= maxNodes)
        this.#fault('Too many values: aliases (*name) expand to too much.', offset)
      return null
    }
    const height = isObject(target.value) ? (this.#heights.get(target.value) ?? 0) : 0
    if (depth + height > maxDepth)
      return this.#fault(`Nested deeper than ${maxDepth} levels.`, offset)
    return target.value
  }

  #convertList(items: readonly unknown[], depth: number): unknown[] {
    const list: unknown[] = []
    const sites = new Map<string | number, Site>()
    for (const [index, item] of items.entries()) {
      list.push(this.#convert(item, depth + 1))
      sites.set(index, siteOf(offsetOf(item), item))
    }
    return this.#remember(list, sites)
  }

  #convertMap(pairs: readonly Pair[], depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = Object.create(null)
    const sites = new Map<string | number, Site>()
    const merges: { value: unknown; offset: number }[] = []
    for (const pair of pairs) {
      const keyOffset = offsetOf(pair.key)
      const key = keyOf(pair.key)
      if (key === undefined) {
        this.#fault('A key must be text.', keyOffset)
        continue
      }
      const value = this.#convert(pair.value, depth + 1)
      if (isMergeKey(pair.key)) {
        merges.push({ value, offset: keyOffset })
      } else if (key === '__proto__') {
        this.#fault("Key '__proto__' is not allowed.", keyOffset)
      } else if (sites.has(key)) {
        this.#fault(`Duplicate key '${key}'.`, keyOffset)
      } else {
        map[key] = value
        sites.set(key, siteOf(keyOffset, pair.value))
      }
    }
    for (const { value, offset } of merges) this.#merge(map, sites, value, offset)
    return this.#remember(map, sites)
  }

  /** `<<: *defaults`: the map's own keys win, then the first of several. */
  #merge(
    map: Record<string, unknown>,
    sites: Map<string | number, Site>,
    value: unknown,
    offset: number,
  ): void {
    for (const source of Array.isArray(value) ? value : [value]) {
      if (!isObject(source) || Array.isArray(source)) {
        if (this.faults.length === 0)
          this.#fault("The value of '<<' must be an alias of a map, or a list of such.", offset)
        return
      }
      for (const [key, merged] of Object.entries(source)) {
        if (sites.has(key)) continue
        map[key] = merged
        const site = this.#sites.get(source)?.get(key)
        if (site !== undefined) sites.set(key, site)
      }
    }
  }

  #remember<T extends object>(container: T, sites: Map<string | number, Site>): T {
    let height = 0
    for (const child of Object.values(container)) {
      if (isObject(child)) height = Math.max(height, this.#heights.get(child) ?? 0)
    }
    this.#heights.set(container, height + 1)
    this.#sites.set(container, sites)
    return container
  }
}

/** True for a plain `<<`, which merges another map into this one. */
function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.source === '<<'
}

/** The key of a pair as text; undefined if it is a collection or an alias. */
export function keyOf(key: unknown): string | undefined {
  if (isMergeKey(key)) return '<<'
  return isScalar(key) && typeof key.value === 'string' ? key.value : undefined
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** The part of plain data at `path`; own members only. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root
  for (const step of path) value = isObject(value) ? read(value, step) : undefined
  return value
}

function read(container: object, step: string | number): unknown {
  return Object.hasOwn(container, step) ? Reflect.get(container, step) : undefined
}

function siteOf(key: number, node: unknown): Site {
  const value = node === null || node === undefined ? key : offsetOf(node)
  if (isScalar(node) && node.type === 'PLAIN' && node.source !== undefined) {
    return { key, value, source: node.source }
  }
  return { key, value }
}

function offsetOf(node: unknown): number {
  return isNodeWithRange(node) ? node.range[0] : 0
}

function isNodeWithRange(node: unknown): node is Node & { range: [number, number, number] } {
  return (
    (isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)) && Array.isArray(node.range)
  )
}

/** yaml's words, plus the remedy for what trips people most. */
function syntaxMessage(message: string, text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const end = text.indexOf('\n', offset)
  const line = text.slice(start, Math.min(end === -1 ? text.length : end, start + 500))
  let remedy = ''
  if (/[[{,]\s*[^"'\s]*\$\{|:\s*\$\{[^}]*\}.*[}\]]/.test(line)) {
    remedy = ' Inside of [ ] and { }, put "${VAR}" in quotes.'
  } else if (line.includes('\t')) {
    remedy = ' Indent with spaces, not tabs.'
  }
  const first = message.split('\n', 1)[0] ?? message
  return `Not valid YAML: ${first.length > 200 ? `${first.slice(0, 200)}…` : first}.${remedy}`.replace(
    '..',
    '.',
  )
}
