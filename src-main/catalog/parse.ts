import {
  catalogSchema,
  oauthClient,
  runtimeSchemas,
  serverDefinition,
  serverIdPattern,
  toolFilter,
  type Catalog,
} from '../../src-shared/catalog.ts'
import { CatalogError, type CatalogProblem } from './problem.ts'
import { dotted, inOrder, parseWithSources } from './schema-parse.ts'
import { describeIssues, type SchemaWords } from './schema-problem.ts'
import { decodeSource, LineMap } from './source-text.ts'
import { suggestion } from './suggestion.ts'
import { isObject, valueAt, YamlTree, type Path } from './yaml-tree.ts'

/**
 * The catalog in a YAML text (product: catalog). Strings stay templates (`${VAR}`), defaults are filled in. An empty
 * text is a catalog without servers. Throws CatalogError, with every problem found, and nothing else.
 */
export function parseCatalog(input: string | Buffer, file: string): Catalog {
  const text = decodeSource(input, file)
  try {
    return readCatalog(text, file)
  } catch (thrown) {
    if (thrown instanceof CatalogError) throw thrown
    // A text made to break the parser (stack, memory) is the file's fault.
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    throw new CatalogError([{ message: `Cannot be read: ${message}`, file, line: 1, column: 1 }], {
      cause: thrown,
    })
  }
}

function readCatalog(text: string, file: string): Catalog {
  return catalogOf(new YamlTree(text), text, file)
}

/** The catalog in a parsed text. Throws CatalogError. Completes and mends `tree.value` in place. */
export function catalogOf(tree: YamlTree, text: string, file: string): Catalog {
  const lines = new LineMap(text)
  const found: CatalogProblem[] = tree.faults.map((fault) => ({
    message: fault.message,
    file,
    ...lines.position(fault.offset),
  }))
  if (tree.value === undefined) {
    if (found.length > 0) throw new CatalogError(found)
    return { servers: [] }
  }
  const add = (message: string, path: Path, part: 'key' | 'value' = 'value'): void => {
    found.push({ message, file, ...lines.position(tree.offsetAt(path, part)) })
  }
  dropEmptyKeys(tree.value)
  const result = parseWithSources(catalogSchema, tree)
  for (const duplicate of duplicateIds(tree.value)) {
    add(`Duplicate server ID: ${duplicate.id}`, ['servers', duplicate.index, 'id'])
  }
  if (!result.success) {
    for (const problem of describeIssues(
      result.error.issues,
      tree.value,
      catalogWords(tree.value),
    )) {
      add(problem.message, problem.path, problem.part)
    }
  }
  if (found.length > 0 || !result.success) throw new CatalogError(inOrder(found))
  return result.data
}

/** `env:` with all its entries commented out means "no env", not "env is null". */
function dropEmptyKeys(root: unknown): void {
  dropNulls(root)
  const servers = valueAt(root, ['servers'])
  if (!Array.isArray(servers)) return
  for (const server of servers) {
    dropNulls(server)
    dropNulls(valueAt(server, ['runtime']))
    dropNulls(valueAt(server, ['tools']))
  }
}

function dropNulls(map: unknown): void {
  if (!isObject(map) || Array.isArray(map)) return
  for (const [key, value] of Object.entries(map))
    if (value === null) Reflect.deleteProperty(map, key)
}

function duplicateIds(root: unknown): { id: string; index: number }[] {
  const servers = valueAt(root, ['servers'])
  const seen = new Set<unknown>()
  const duplicates: { id: string; index: number }[] = []
  for (const [index, server] of Array.isArray(servers) ? servers.entries() : []) {
    const id = valueAt(server, ['id'])
    if (typeof id !== 'string') continue
    if (seen.has(id)) duplicates.push({ id, index })
    seen.add(id)
  }
  return duplicates
}

/** How a catalog's parts are called (product: "Errors say what, where and what is allowed"). */
function catalogWords(root: unknown): SchemaWords {
  const who = (path: Path): string => {
    const id = valueAt(root, [...path.slice(0, 2), 'id'])
    return typeof id === 'string' && id !== ''
      ? `server '${shorten(id)}'`
      : `server at index ${path[1]}`
  }
  const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1)
  return {
    label(path) {
      if (path.length === 0) return 'The catalog'
      if (path.length === 1) return `'${path[0]}'`
      if (path.length === 2) return capital(who(path))
      return `'${dotted(path.slice(2))}' of ${who(path)}`
    },
    place(path) {
      if (path.length === 0) return 'the catalog'
      return path.length === 2 ? who(path) : `${dotted(path.slice(2))} of ${who(path)}`
    },
    missing: (path) => `${capital(who(path))} missing required field: ${dotted(path.slice(2))}`,
    knownKeys(path) {
      if (path.length === 0) return Object.keys(catalogSchema.shape)
      if (path.length === 2) return Object.keys(serverDefinition.shape)
      if (path[2] === 'tools') return Object.keys(toolFilter.shape)
      if (path[3] === 'oauth') return Object.keys(oauthClient.shape)
      const type = valueAt(root, [...path, 'type'])
      const schema = Object.entries(runtimeSchemas).find(([name]) => name === type)?.[1]
      return schema === undefined ? [] : Object.keys(schema.shape)
    },
    rightPlace(path, key) {
      const isServerKey = Object.hasOwn(serverDefinition.shape, key)
      const isRuntimeKey = Object.values(runtimeSchemas).some(({ shape }) =>
        Object.hasOwn(shape, key),
      )
      if (path.length === 2 && isRuntimeKey) return " It belongs inside of 'runtime'."
      return path.length === 3 && isServerKey
        ? " It belongs beside 'runtime', not inside."
        : undefined
    },
    special(issue, path, value) {
      if (path.length === 4 && path[2] === 'runtime' && path[3] === 'type' && value !== undefined) {
        const allowed = Object.keys(runtimeSchemas)
        const near = typeof value === 'string' ? suggestion(value, allowed) : ''
        const hint = near.startsWith(' Did') ? near : ''
        return `${capital(who(path))} has unknown runtime type: ${printable(value)}. Allowed: ${allowed.join(', ')}.${hint}`
      }
      if (path.length === 3 && path[2] === 'id' && typeof value === 'string') {
        return `Server ID '${shorten(value)}' is not valid. Allowed: letters, digits, '.', '_' and '-', 64 at most, the first a letter or a digit (${serverIdPattern.source}).`
      }
      if (issue.code === 'invalid_key') {
        return `'${dotted(path.slice(2, -1))}' of ${who(path)} has a name that is not valid: '${shorten(String(path.at(-1)))}'. Allowed: letters, digits and '_', the first not a digit.`
      }
      return undefined
    },
  }
}

function printable(value: unknown): string {
  return typeof value === 'string' ? shorten(value) : shorten(JSON.stringify(value) ?? 'nothing')
}

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`
}
