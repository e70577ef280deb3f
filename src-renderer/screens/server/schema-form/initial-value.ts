import { fieldOf, isRecord, propertiesOf, type Schema } from './schema.ts'

/**
 * What a form begins with: defaults, constants, and what is required; all else is left out. `undefined`: nothing to
 * begin with, the user must say.
 */
export function initialValue(given: unknown, root: unknown, depth = 0): unknown {
  const { kind, schema, nullable } = fieldOf(given, root)
  if ('default' in schema) return schema['default']
  switch (kind) {
    case 'const':
      return schema['const']
    case 'object':
      return depth > 8 ? {} : initialObject(schema, root, depth)
    case 'array':
      return nullable ? null : []
    case 'boolean':
      return nullable ? null : false
    case 'union': {
      if (nullable) return null
      const variants = schema['oneOf']
      return Array.isArray(variants) && depth <= 8
        ? initialValue(variants[0], root, depth + 1)
        : undefined
    }
    case 'string':
    case 'number':
    case 'integer':
    case 'enum':
    case 'json':
      return nullable ? null : undefined
  }
}

function initialObject(schema: Schema, root: unknown, depth: number): Record<string, unknown> {
  const value: Record<string, unknown> = {}
  for (const { name, schema: property, required } of propertiesOf(schema)) {
    const begins = required || 'default' in fieldOf(property, root).schema
    const initial = begins ? initialValue(property, root, depth + 1) : undefined
    if (initial !== undefined) value[name] = initial
  }
  return value
}

/** The value with what another variant of a choice needs; what both have stays. */
export function switchedTo(variant: unknown, root: unknown, before: unknown): unknown {
  const initial = initialValue(variant, root)
  if (!isRecord(initial) || !isRecord(before)) return initial
  const kept: Record<string, unknown> = { ...initial }
  for (const { name, schema } of propertiesOf(fieldOf(variant, root).schema))
    if (name in before && fieldOf(schema, root).kind !== 'const') kept[name] = before[name]
  return kept
}
