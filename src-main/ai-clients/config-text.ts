import { isRecord } from '../../src-shared/json-record.ts'
import type { Container, Json } from './client-definition.ts'

/** A text that cannot be read or edited without harm. `message` ends a sentence that begins "because". */
export class Unfit extends Error {}

export type Entry = Readonly<Record<string, Json>>

/** A client's file as text, with the smallest edits of it. Nothing else moves; each edit is a new text. */
export interface ConfigText {
  /** All of it as plain data: maps without a prototype, lists, scalars; undefined for an empty text. */
  readonly value: unknown
  /** Adds the entry at the container's end, or gives it another value where it stands. Throws Unfit. */
  put(container: Container, name: string, entry: Entry): string
  /**
   * Takes the entry out. A container that is left empty goes as well if it is deeper than `keep` keys: those the
   * person had. Throws Unfit.
   */
  take(container: Container, name: string, keep: number): string
}

export interface NamedEntry {
  name: string
  value: unknown
}

/** What the container holds, in order; entries that are no maps as well. Throws Unfit where it is of another kind. */
export function entriesOf(root: unknown, { path, kind }: Container): NamedEntry[] {
  const value = containerOf(root, path)
  if (value === undefined || value === null) return []
  if (kind === 'list') {
    if (!Array.isArray(value)) throw wrongKind(path, 'a list')
    return value.flatMap((item: unknown) => {
      const name = memberOf(item, 'name')
      return typeof name === 'string' ? [{ name, value: item }] : []
    })
  }
  if (!isRecord(value)) throw wrongKind(path, 'a map of names')
  return Object.entries(value).map(([name, entry]) => ({ name, value: entry }))
}

/** The value at `path`; undefined if it is not there. Throws Unfit where a value on the way is no map. */
export function containerOf(root: unknown, path: readonly string[]): unknown {
  let value = root
  for (const [depth, key] of path.entries()) {
    if (value === undefined || value === null) return undefined
    if (!isRecord(value))
      throw depth === 0
        ? new Unfit('it is no map of keys at its top')
        : wrongKind(path.slice(0, depth), 'a map')
    value = Object.hasOwn(value, key) ? value[key] : undefined
  }
  return value
}

/** How many keys of `path` are there already. */
export function depthOf(root: unknown, path: readonly string[]): number {
  let depth = 0
  while (depth < path.length && containerOf(root, path.slice(0, depth + 1)) !== undefined) depth++
  return depth
}

function memberOf(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

function wrongKind(path: readonly string[], wanted: string): Unfit {
  return new Unfit(`'${path.join('.')}' in it is not ${wanted}`)
}

/** Equal as data, whatever the order of keys; numbers by their value, dates by theirs. */
export function sameData(a: unknown, b: unknown): boolean {
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime()
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return Object.is(a, b)
  if (Array.isArray(a) !== Array.isArray(b) || a instanceof Date !== b instanceof Date) return false
  const left = Object.entries(a)
  return (
    left.length === Object.keys(b).length &&
    left.every(([key, value]) => Object.hasOwn(b, key) && sameData(value, Reflect.get(b, key)))
  )
}

/** Maps and lists of its own; scalars and dates are shared. */
export function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf)
  if (!isRecord(value) || value instanceof Date) return value
  const map: Record<string, unknown> = Object.create(null)
  for (const [key, one] of Object.entries(value)) map[key] = copyOf(one)
  return map
}
