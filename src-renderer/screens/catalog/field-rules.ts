import { isRecord } from '../../../src-shared/json-record.ts'
import type { SchemaNode } from '../../editor/schema-node.ts'

/** What is wrong with a text as a field's value, in a sentence; undefined if nothing is. Empty means "not given". */
export function fieldProblem(
  node: SchemaNode,
  text: string,
  { required, taken = [] }: { required: boolean; taken?: readonly string[] },
): string | undefined {
  if (text === '') return required ? 'This is required.' : undefined
  if (node.kind === 'number') return numberProblem(node, text)
  // Flags are not in a schema; without them the form would refuse what the gateway takes: `512M`.
  if (node.pattern !== undefined && !new RegExp(node.pattern, 'is').test(text))
    return patternWords[node.title ?? ''] ?? `This must match ${node.pattern}.`
  if (taken.includes(text)) return `There is a server '${text}' already.`
  return undefined
}

/** By the title of the field. */
const patternWords: Readonly<Record<string, string>> = {
  ID: 'Use letters, digits, ".", "_" and "-", at most 64, beginning with a letter or digit.',
  'Container name': 'Use letters, digits, "_", "." and "-", beginning with a letter or digit.',
  Memory: 'Write a number with k, m or g: 512m, 1.5g.',
  Path: 'It begins with "/".',
}

function numberProblem(
  { isInteger, minimum = 0, exclusiveMinimum, maximum }: SchemaNode,
  text: string,
): string | undefined {
  const value = Number(text)
  if (isInteger && (!/^\d+$/.test(text) || !Number.isSafeInteger(value)))
    return 'This must be a whole number.'
  if (!/^\d+(?:\.\d+)?$/.test(text)) return 'This must be a number, such as 0.5.'
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum)
    return `This must be more than ${exclusiveMinimum}.`
  if (value < minimum) return `This must be at least ${minimum}.`
  return maximum !== undefined && value > maximum ? `This must be at most ${maximum}.` : undefined
}

/** A field's label: the schema's title, else its name in words. */
export function labelOf(name: string, node: SchemaNode): string {
  if (node.title !== undefined) return node.title
  const words = name.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** A list as lines, if each of its items fits into one. */
export function linesOf(value: unknown): string[] | undefined {
  if (value === undefined) return []
  if (!Array.isArray(value)) return undefined
  const lines = value.flatMap((one: unknown) =>
    typeof one === 'string' && !one.includes('\n') ? [one] : [],
  )
  return lines.length === value.length ? lines : undefined
}

/** A map of texts; undefined for anything else. */
export function textMapOf(value: unknown): Record<string, string> | undefined {
  if (value === undefined) return {}
  if (!isRecord(value)) return undefined
  const texts = Object.entries(value).flatMap(([key, one]): [string, string][] =>
    typeof one === 'string' ? [[key, one]] : [],
  )
  return texts.length === Object.keys(value).length ? Object.fromEntries(texts) : undefined
}
