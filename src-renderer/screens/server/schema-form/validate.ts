import { counted } from '../../../words.ts'
import {
  extraOf,
  fieldOf,
  isRecord,
  numberOf,
  propertiesOf,
  textOf,
  type Field,
  type Schema,
} from './schema.ts'

/** One thing that is wrong. `path` is made of names and indexes, joined by `/`; '' is the whole value. */
export interface Problem {
  path: string
  message: string
}

/**
 * What of a value the schema does not allow, in words for its user. It looks at what the form can draw; the server
 * has the last word.
 */
export function validate(value: unknown, given: unknown, root: unknown, path = ''): Problem[] {
  const field = fieldOf(given, root)
  if (value === null && field.nullable) return []
  if (value === undefined) return [{ path, message: 'Needed' }]
  return checks[field.kind](value, field, root, path)
}

type Check = (value: unknown, field: Field, root: unknown, path: string) => Problem[]

const checks: Record<Field['kind'], Check> = {
  string: (value, { schema }, _, path) => {
    if (typeof value !== 'string') return [{ path, message: 'Must be text' }]
    return problemsOf(path, stringProblem(value, schema))
  },
  number: (value, { schema }, _, path) => problemsOf(path, numberProblem(value, schema)),
  integer: (value, { schema }, _, path) =>
    problemsOf(
      path,
      typeof value === 'number' && !Number.isInteger(value)
        ? 'Must be a whole number'
        : numberProblem(value, schema),
    ),
  boolean: (value, _field, _root, path) =>
    problemsOf(path, typeof value === 'boolean' ? undefined : 'Must be true or false'),
  const: (value, { schema }, _, path) =>
    problemsOf(
      path,
      isSame(value, schema['const']) ? undefined : `Must be ${JSON.stringify(schema['const'])}`,
    ),
  enum: (value, { schema }, _, path) => {
    const values = Array.isArray(schema['enum']) ? schema['enum'] : []
    const known = values.some((one) => isSame(one, value))
    return problemsOf(path, known ? undefined : 'Must be one of the choices')
  },
  json: () => [],
  array: arrayProblems,
  object: objectProblems,
  union: (value, { schema }, root, path) => {
    const variants = Array.isArray(schema['oneOf']) ? schema['oneOf'] : []
    const found = variants.map((variant) => validate(value, variant, root, path))
    return (
      found.reduce<Problem[] | undefined>(
        (best, one) => (best === undefined || one.length < best.length ? one : best),
        undefined,
      ) ?? []
    )
  },
}

function problemsOf(path: string, message: string | undefined): Problem[] {
  return message === undefined ? [] : [{ path, message }]
}

function stringProblem(value: string, schema: Schema): string | undefined {
  const least = numberOf(schema, 'minLength')
  const most = numberOf(schema, 'maxLength')
  const length = Array.from(value).length
  if (least !== undefined && length < least)
    return length === 0 ? 'Needed' : `At least ${counted(least, 'character')}`
  if (most !== undefined && length > most) return `At most ${counted(most, 'character')}`
  const pattern = textOf(schema, 'pattern')
  if (pattern !== undefined && !matches(value, pattern)) return `Must match ${pattern}`
  return formatProblem(value, textOf(schema, 'format'))
}

function formatProblem(value: string, format: string | undefined): string | undefined {
  if (value === '') return undefined
  switch (format) {
    case 'email':
      return /^[^\s@]+@[^\s@]+$/.test(value) ? undefined : 'Must be an email address'
    case 'uri':
    case 'url':
      return URL.canParse(value) ? undefined : 'Must be a URL'
    case 'date':
      return /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value))
        ? undefined
        : 'Must be a date, such as 2026-07-28'
    case 'date-time':
      return /^\d{4}-\d\d-\d\d[Tt ]/.test(value) && !Number.isNaN(Date.parse(value))
        ? undefined
        : 'Must be a time, such as 2026-07-28T09:30:00Z'
    case 'uuid':
      return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value) ? undefined : 'Must be a UUID'
    default:
      return undefined
  }
}

function numberProblem(value: unknown, schema: Schema): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'Must be a number'
  const minimum = numberOf(schema, 'minimum')
  const maximum = numberOf(schema, 'maximum')
  const above = numberOf(schema, 'exclusiveMinimum')
  const below = numberOf(schema, 'exclusiveMaximum')
  const step = numberOf(schema, 'multipleOf')
  if (minimum !== undefined && value < minimum) return `At least ${minimum}`
  if (maximum !== undefined && value > maximum) return `At most ${maximum}`
  if (above !== undefined && value <= above) return `More than ${above}`
  if (below !== undefined && value >= below) return `Less than ${below}`
  if (step !== undefined && step > 0 && Math.abs(value / step - Math.round(value / step)) > 1e-9)
    return `Must be a multiple of ${step}`
  return undefined
}

function arrayProblems(value: unknown, { schema }: Field, root: unknown, path: string): Problem[] {
  if (!Array.isArray(value)) return [{ path, message: 'Must be a list' }]
  const least = numberOf(schema, 'minItems')
  const most = numberOf(schema, 'maxItems')
  const own =
    least !== undefined && value.length < least
      ? `At least ${counted(least, 'item')}`
      : most !== undefined && value.length > most
        ? `At most ${counted(most, 'item')}`
        : schema['uniqueItems'] === true && hasTwins(value)
          ? 'No item twice'
          : undefined
  return [
    ...problemsOf(path, own),
    ...value.flatMap((item, index) =>
      validate(item, schema['items'] ?? {}, root, join(path, String(index))),
    ),
  ]
}

function objectProblems(value: unknown, { schema }: Field, root: unknown, path: string): Problem[] {
  if (!isRecord(value)) return [{ path, message: 'Must be an object' }]
  const properties = propertiesOf(schema)
  const named = new Set(properties.map(({ name }) => name))
  const extra = extraOf(schema)
  const strict = schema['additionalProperties'] === false
  return [
    ...properties.flatMap(({ name, schema: property, required }) =>
      value[name] === undefined && !required
        ? []
        : validate(value[name], property, root, join(path, name)),
    ),
    ...Object.keys(value)
      .filter((name) => !named.has(name))
      .flatMap((name) =>
        strict
          ? [{ path: join(path, name), message: `There is no property “${name}”` }]
          : validate(value[name], extra ?? {}, root, join(path, name)),
      ),
  ]
}

/** A place inside of a value. */
export function join(path: string, part: string): string {
  return path === '' ? part : `${path}/${part}`
}

function hasTwins(items: readonly unknown[]): boolean {
  return new Set(items.map((item) => JSON.stringify(item))).size < items.length
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

function matches(value: string, pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value)
  } catch {
    // A pattern of another dialect says nothing here.
    return true
  }
}
