import type { z } from 'zod'
import { suggestion } from './suggestion.ts'
import { isObject, valueAt, type Path } from './yaml-tree.ts'

/** How a file's parts are called in messages, and which keys each map may have. */
export interface SchemaWords {
  /** `'args' in runtime of server 'x'`: begins a sentence. */
  label(path: Path): string
  /** `runtime of server 'x'`: where an unknown key stands. */
  place(path: Path): string
  missing(path: Path): string
  knownKeys(path: Path): readonly string[]
  /** Where an unknown key would be right, as a sentence. */
  rightPlace?(path: Path, key: string): string | undefined
  /** A better sentence than the general one for this issue, if there is one. */
  special?(issue: z.core.$ZodIssue, path: Path, value: unknown): string | undefined
}

export interface SchemaProblem {
  message: string
  path: Path
  part: 'key' | 'value'
}

/** What zod found, in the words of the file's author. */
export function describeIssues(
  issues: readonly z.core.$ZodIssue[],
  data: unknown,
  words: SchemaWords,
): SchemaProblem[] {
  return issues.flatMap((issue) => describe(issue, data, words))
}

function describe(issue: z.core.$ZodIssue, data: unknown, words: SchemaWords): SchemaProblem[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol')
  const value = valueAt(data, path)
  if (issue.code === 'unrecognized_keys') {
    const known = words.knownKeys(path)
    return issue.keys.map((key) => ({
      message: `Unknown key '${key}' in ${words.place(path)}.${words.rightPlace?.(path, key) ?? suggestion(key, known)}`,
      path: [...path, key],
      part: 'key',
    }))
  }
  const special = words.special?.(issue, path, value)
  if (special !== undefined) return [{ message: special, path, part: 'value' }]
  if (value === undefined && issue.code !== 'invalid_key') {
    return [{ message: words.missing(path), path, part: 'value' }]
  }
  return [{ message: `${words.label(path)} ${rule(issue, value)}`, path, part: 'value' }]
}

/** `must be …`, with what it is now where that helps. */
function rule(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeName(issue.expected)}, not ${kindOf(value)}.${quotesHint(issue.expected, value)}`
    case 'too_small':
      return issue.origin === 'string' ? 'must not be empty.' : `must be at least ${issue.minimum}.`
    case 'too_big':
      return `must be at most ${issue.maximum}.`
    case 'invalid_value': {
      const allowed = issue.values.map(String)
      const near = typeof value === 'string' ? suggestion(value, allowed) : ''
      return `must be one of ${allowed.join(', ')}.${near.startsWith(' Did') ? near : ''}`
    }
    case 'invalid_union':
      return `must be ${unionNames(issue)}.`
    default:
      return `is not valid: ${issue.message}.`
  }
}

function unionNames(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_union') return ''
  const names = new Set<string>()
  for (const branch of issue.errors) {
    for (const inner of branch) {
      if (inner.code === 'invalid_type' && inner.path.length === 0)
        names.add(typeName(inner.expected))
      else names.add('a list of texts')
    }
  }
  return [...names].join(' or ')
}

function typeName(expected: string): string {
  switch (expected) {
    case 'string':
      return 'text'
    case 'number':
      return 'a number'
    case 'int':
      return 'a whole number'
    case 'boolean':
      return 'true or false'
    case 'array':
      return 'a list'
    case 'object':
    case 'record':
      return 'a map of keys and values'
    default:
      return expected
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (isObject(value)) return 'a map'
  if (typeof value === 'string') return value.length <= 40 ? `'${value}'` : 'text'
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'that'
}

function quotesHint(expected: string, value: unknown): string {
  if (expected !== 'string') return ''
  if (value === null) return ' For an empty text write "".'
  return ''
}
