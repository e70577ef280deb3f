/** A JSON Schema as a server gives it: nothing about it is certain. */
export type Schema = Readonly<Record<string, unknown>>

export type FieldKind =
  | 'string'
  | 'number'
  | 'integer'
  | 'boolean'
  | 'enum'
  | 'const'
  | 'object'
  | 'array'
  | 'union'
  | 'json'

/** A schema made ready to draw: references followed, `null` taken out of its types. */
export interface Field {
  kind: FieldKind
  schema: Schema
  /** null is allowed beside what `kind` says. */
  nullable: boolean
}

export interface PropertyField {
  name: string
  schema: unknown
  required: boolean
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * What to draw for a schema. `root` is the whole schema, in which `$ref` points. Anything that this form does not know
 * is `json`: its user writes JSON.
 */
export function fieldOf(given: unknown, root: unknown): Field {
  const schema = resolve(given, root)
  const variants = variantsOf(schema)
  if (variants !== undefined) return unionOf(schema, variants, root)
  const { types, nullable } = typesOf(schema)
  const as = (kind: FieldKind): Field => ({ kind, schema, nullable })
  if ('const' in schema) return as('const')
  if (Array.isArray(schema['enum'])) {
    const values: unknown[] = schema['enum']
    const rest = values.filter((value) => value !== null)
    return {
      kind: 'enum',
      schema: { ...schema, enum: rest },
      nullable: nullable || rest.length < values.length,
    }
  }
  if (types.length > 1)
    return {
      kind: 'union',
      schema: { ...schema, oneOf: types.map((type) => ({ ...schema, type, title: type })) },
      nullable,
    }
  switch (types[0] ?? guessedType(schema)) {
    case 'string':
      return as('string')
    case 'number':
      return as('number')
    case 'integer':
      return as('integer')
    case 'boolean':
      return as('boolean')
    case 'array':
      return as(Array.isArray(schema['items']) ? 'json' : 'array')
    case 'object':
      return as('object')
    default:
      return as('json')
  }
}

/** `anyOf: [X, null]` is X that may be null; a choice of constants is an enum. */
function unionOf(schema: Schema, variants: readonly unknown[], root: unknown): Field {
  const resolved = variants.map((variant) => resolve(variant, root))
  const rest = resolved.filter(({ type }) => type !== 'null')
  const nullable = rest.length < resolved.length || schema['nullable'] === true
  const { oneOf: _one, anyOf: _any, ...own } = schema
  const [only] = rest
  if (rest.length === 1 && only !== undefined)
    return { ...fieldOf({ ...only, ...own }, root), nullable: true }
  if (rest.length > 0 && rest.every((variant) => 'const' in variant))
    return {
      kind: 'enum',
      nullable,
      schema: {
        ...own,
        enum: rest.map((variant) => variant['const']),
        enumTitles: rest.map((variant) => textOf(variant, 'title')),
      },
    }
  // What stands beside oneOf holds for each of its variants.
  const { title: _title, description: _description, default: _default, ...beside } = own
  const whole = rest.map((variant) => merge(beside, variant))
  return { kind: 'union', nullable, schema: { ...own, oneOf: whole } }
}

/** Follows `$ref` inside of the schema and joins `allOf`; what stands beside a reference wins. */
function resolve(given: unknown, root: unknown, depth = 0): Schema {
  if (!isRecord(given) || depth > 20) return {}
  let schema: Schema = given
  if (typeof schema['$ref'] === 'string') {
    const { $ref, ...beside } = schema
    const target = resolve(pointedAt(String($ref), root), root, depth + 1)
    schema = { ...target, ...beside }
  }
  if (Array.isArray(schema['allOf'])) {
    const { allOf, ...beside } = schema
    const parts = Array.isArray(allOf) ? allOf : []
    schema = parts.reduce<Schema>(
      (joined, part) => merge(joined, resolve(part, root, depth + 1)),
      beside,
    )
  }
  return schema
}

function merge(a: Schema, b: Schema): Schema {
  const properties = { ...recordOf(a['properties']), ...recordOf(b['properties']) }
  const required = [...new Set([...stringsOf(a['required']), ...stringsOf(b['required'])])]
  return {
    ...a,
    ...b,
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
    ...(required.length > 0 ? { required } : {}),
  }
}

/** JSON pointers (`#/$defs/node`), `#` itself, and `$anchor`-less ids are not followed. */
function pointedAt(ref: string, root: unknown): unknown {
  if (!ref.startsWith('#')) return {}
  let at: unknown = root
  for (const part of ref.slice(1).split('/').slice(1)) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(at)) at = at[Number(key)]
    else at = isRecord(at) ? at[key] : undefined
  }
  return at
}

function variantsOf(schema: Schema): readonly unknown[] | undefined {
  const variants = schema['oneOf'] ?? schema['anyOf']
  return Array.isArray(variants) && variants.length > 0 ? variants : undefined
}

function typesOf(schema: Schema): { types: string[]; nullable: boolean } {
  const given = schema['type']
  const all = typeof given === 'string' ? [given] : stringsOf(given)
  const types = all.filter((type) => type !== 'null')
  return { types, nullable: types.length < all.length || schema['nullable'] === true }
}

/** A schema without a type says by its words what it is for. */
function guessedType(schema: Schema): string | undefined {
  if ('properties' in schema || 'additionalProperties' in schema) return 'object'
  if ('items' in schema) return 'array'
  if ('minLength' in schema || 'pattern' in schema || 'format' in schema) return 'string'
  if ('minimum' in schema || 'maximum' in schema) return 'number'
  return undefined
}

/** The properties in the schema's order. */
export function propertiesOf(schema: Schema): PropertyField[] {
  const required = new Set(stringsOf(schema['required']))
  return Object.entries(recordOf(schema['properties'])).map(([name, property]) => ({
    name,
    schema: property,
    required: required.has(name),
  }))
}

/** The schema of properties that are not named, or undefined where there must be none. */
export function extraOf(schema: Schema): unknown {
  const extra = schema['additionalProperties']
  if (extra === false) return undefined
  if (isRecord(extra)) return extra
  // Everything is allowed by default: offered only where nothing is named, or on purpose.
  return extra === true || propertiesOf(schema).length === 0 ? {} : undefined
}

export function textOf(schema: Schema, key: string): string | undefined {
  const value = schema[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function numberOf(schema: Schema, key: string): number | undefined {
  const value = schema[key]
  return typeof value === 'number' ? value : undefined
}

function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}

function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}
