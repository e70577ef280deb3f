import { configSchema, type Config } from '../../src-shared/config.ts'
import { interpolate } from './interpolate.ts'
import { dotted, inOrder, parseWithSources } from './schema-parse.ts'
import { CatalogError, type CatalogProblem } from './problem.ts'
import { describeIssues, type SchemaWords } from './schema-problem.ts'
import { decodeSource, LineMap } from './source-text.ts'
import { isObject, valueAt, YamlTree, type Path } from './yaml-tree.ts'

const tlsKeys = ['cert', 'key']

const words: SchemaWords = {
  label: (path) => (path.length === 0 ? 'The config' : `'${dotted(path)}'`),
  place: (path) => (path.length === 0 ? 'the config' : dotted(path)),
  missing: (path) => `Missing required field: ${dotted(path)}`,
  knownKeys: (path) => (path.length === 0 ? Object.keys(configSchema.shape) : tlsKeys),
  rightPlace: (path, key) =>
    path.length === 0 && key === 'servers' ? ' Servers belong in catalog.yaml.' : undefined,
  special: (_issue, path, value) =>
    path[0] === 'listen_addr' && typeof value === 'string'
      ? `'listen_addr' must be host:port, for example 127.0.0.1:4444 or [::1]:4444, not '${value}'.`
      : undefined,
}

/**
 * config.yaml as settings, with `${VAR}` resolved from `env`. Throws CatalogError with every problem found: one for
 * each variable that is not set and has no default, too.
 */
export function parseConfig(
  input: string | Buffer,
  file: string,
  env: Record<string, string | undefined>,
): Config {
  const text = decodeSource(input, file)
  const tree = new YamlTree(text)
  const lines = new LineMap(text)
  const found: CatalogProblem[] = []
  const add = (message: string, offset: number): void => {
    found.push({ message, file, ...lines.position(offset) })
  }
  for (const fault of tree.faults) add(fault.message, fault.offset)
  if (tree.value === undefined) {
    if (found.length > 0) throw new CatalogError(inOrder(found))
    return configSchema.parse({})
  }
  if (isObject(tree.value) && !Array.isArray(tree.value)) {
    for (const [key, value] of Object.entries(tree.value)) {
      if (value === null) Reflect.deleteProperty(tree.value, key)
    }
  }
  resolveTexts(tree.value, [], (template, path) => {
    const { value, missing } = interpolate(template, (name) => env[name])
    for (const name of missing) {
      const remedy = name.startsWith('secret:')
        ? 'secrets are for the catalog alone. Use an environment variable'
        : `it is not set. Set it, or give a default: \${${name}:-value}`
      add(`\${${name}} in '${dotted(path)}' cannot be resolved: ${remedy}.`, tree.offsetAt(path))
    }
    return value === template ? value : typed(value, path)
  })
  if (found.length > 0) throw new CatalogError(inOrder(found))
  const result = parseWithSources(configSchema, tree)
  if (result.success) return result.data
  for (const problem of describeIssues(result.error.issues, tree.value, words)) {
    add(problem.message, tree.offsetAt(problem.path, problem.part))
  }
  throw new CatalogError(inOrder(found))
}

/** A variable in place of a number or a boolean (`idle_timeout_seconds: ${IDLE}`) stands for one. */
function typed(value: string, path: Path): unknown {
  const sample: unknown = valueAt(configSchema.parse({}), path)
  if (typeof sample === 'number' && /^\d+$/.test(value)) return Number(value)
  if (typeof sample === 'boolean' && (value === 'true' || value === 'false'))
    return value === 'true'
  return value
}

function resolveTexts(
  container: unknown,
  path: Path,
  resolve: (template: string, path: Path) => unknown,
): void {
  if (!isObject(container)) return
  for (const [key, value] of Object.entries(container)) {
    const step = Array.isArray(container) ? Number(key) : key
    const here = [...path, step]
    if (typeof value === 'string') Reflect.set(container, step, resolve(value, here))
    else resolveTexts(value, here, resolve)
  }
}
