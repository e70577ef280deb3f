export type JsonRecord = Record<string, unknown>

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null
}

/** The JSON object in these bytes; an empty one if there is none. */
export function parseRecord(json: Buffer): JsonRecord {
  try {
    const value: unknown = JSON.parse(json.toString('utf8'))
    return isRecord(value) ? value : {}
  } catch {
    return {}
  }
}
