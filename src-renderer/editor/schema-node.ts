/** A JSON Schema as far as completion, hover and the form need it. Unknown keywords are left out. */
export interface SchemaNode {
  title: string | undefined
  description: string | undefined
  kind: 'string' | 'number' | 'boolean' | 'list' | 'map' | 'choice' | 'any'
  /** Allowed values, from `const` and `enum`. */
  values: readonly (string | number | boolean)[]
  /** undefined: none. */
  default: unknown
  /** Of a map: the keys that it knows. */
  properties: ReadonlyMap<string, SchemaNode>
  required: ReadonlySet<string>
  /** Of a map whose keys are free: what each value is. */
  additional: SchemaNode | undefined
  /** Of such a map: what its keys must match. */
  keyPattern: string | undefined
  /** Of a list. */
  items: SchemaNode | undefined
  /** Of a choice (`oneOf`, `anyOf`). */
  variants: readonly SchemaNode[]
  pattern: string | undefined
  minLength: number
  isInteger: boolean
  minimum: number | undefined
  /** The value is larger than this. */
  exclusiveMinimum: number | undefined
  maximum: number | undefined
}

type JsonMap = Readonly<Record<string, unknown>>

const kinds: Readonly<Record<string, SchemaNode['kind']>> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  array: 'list',
  object: 'map',
}
/** Deeper than any schema of ours; ends those that refer to themselves. */
const maxDepth = 20

/** Reads a JSON Schema, with references into itself resolved. Never throws: what it does not know is `any`. */
export function readSchema(json: unknown): SchemaNode {
  return readNode(json, json, 0)
}

function readNode(json: unknown, root: unknown, depth: number): SchemaNode {
  const map = depth < maxDepth && isJsonMap(json) ? json : {}
  const target = typeof map['$ref'] === 'string' ? resolveRef(map['$ref'], root) : undefined
  if (target !== undefined) {
    const { $ref: _, ...own } = map
    return readNode({ ...target, ...own }, root, depth + 1)
  }
  const child = (value: unknown): SchemaNode => readNode(value, root, depth + 1)
  const variants = listOf(map['oneOf'] ?? map['anyOf']).map(child)
  const properties = isJsonMap(map['properties']) ? Object.entries(map['properties']) : []
  const names = isJsonMap(map['propertyNames']) ? map['propertyNames'] : {}
  return {
    title: textOf(map['title']),
    description: textOf(map['description']),
    kind: variants.length > 0 ? 'choice' : (kinds[textOf(map['type']) ?? ''] ?? 'any'),
    values: (map['const'] === undefined ? listOf(map['enum']) : [map['const']]).filter(isScalar),
    default: map['default'],
    properties: new Map(properties.map(([name, value]) => [name, child(value)])),
    required: new Set(listOf(map['required']).filter((name) => typeof name === 'string')),
    additional: isJsonMap(map['additionalProperties'])
      ? child(map['additionalProperties'])
      : undefined,
    keyPattern: textOf(names['pattern']),
    items: isJsonMap(map['items']) ? child(map['items']) : undefined,
    variants,
    pattern: textOf(map['pattern']),
    minLength: numberOf(map['minLength']) ?? 0,
    isInteger: map['type'] === 'integer',
    minimum: numberOf(map['minimum']),
    exclusiveMinimum: numberOf(map['exclusiveMinimum']),
    maximum: numberOf(map['maximum']),
  }
}

function resolveRef(ref: string, root: unknown): JsonMap | undefined {
  let node: unknown = root
  for (const part of ref.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    node = isJsonMap(node) ? node[key] : undefined
  }
  return isJsonMap(node) ? node : undefined
}

/** Of a choice, those variants that what is known of the map allows: `runtime` by its `type`. */
export function variantsFor(
  node: SchemaNode,
  known: ReadonlyMap<string, string>,
): readonly SchemaNode[] {
  if (node.kind !== 'choice') return [node]
  const open = node.variants.flatMap((variant) => variantsFor(variant, known))
  const fitting = open.filter((variant) =>
    [...variant.properties].every(([key, { values }]) => {
      const value = known.get(key)
      return value === undefined || values.length === 0 || values.includes(value)
    }),
  )
  return fitting.length > 0 ? fitting : open
}

function isJsonMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function isScalar(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
