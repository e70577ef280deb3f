import type { CatalogEntry } from '../../../src-shared/api.ts'
import { canonicalJson, isRecord } from '../../../src-shared/json-record.ts'

type Entry = CatalogEntry['entry']

/** What stands at a path of an entry; undefined if nothing does. */
export function valueAt(entry: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((node, key) => (isRecord(node) ? node[key] : undefined), entry)
}

/**
 * The JSON merge patch that gives a field a value; undefined takes it away. A value that is the field's default is not
 * written where the saved entry has none: switching on and off again leaves no trace.
 */
export function fieldPatch(
  path: readonly string[],
  value: unknown,
  { defaultValue, saved }: { defaultValue: unknown; saved: Entry | undefined },
): Entry {
  const isDefault = canonicalJson(value) === canonicalJson(defaultValue)
  const gone = value === undefined || (isDefault && valueAt(saved, path) === undefined)
  const wrapped = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), gone ? null : value)
  return isRecord(wrapped) ? wrapped : {}
}

/** The merge patch from one map to another, so that only entries that differ are touched. */
export function mapPatch(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const patch: Record<string, unknown> = {}
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) patch[key] = null
  for (const [key, value] of Object.entries(after)) {
    if (canonicalJson(before[key]) !== canonicalJson(value)) patch[key] = value
  }
  return patch
}
