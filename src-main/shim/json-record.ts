import { isRecord } from '../../src-shared/json-record.ts'
import type { JsonRecord } from '../../src-shared/json-record.ts'

/** The JSON object in these bytes; an empty one if there is none. */
export function parseRecord(json: Buffer): JsonRecord {
  try {
    const value: unknown = JSON.parse(json.toString('utf8'))
    return isRecord(value) ? value : {}
  } catch {
    return {}
  }
}
