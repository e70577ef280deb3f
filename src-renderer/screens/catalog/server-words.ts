import type { CatalogEntry } from '../../../src-shared/api.ts'
import { isRecord } from '../../../src-shared/json-record.ts'

/** What a list calls a server: its display name, else its ID. */
export function nameOf({ id, entry }: CatalogEntry): string {
  const name = entry['display_name']
  return typeof name === 'string' && name !== '' ? name : id === '' ? 'No ID yet' : id
}

/** The command line or URL of a runtime, in one line. */
export function launchOf(entry: CatalogEntry['entry']): string {
  const runtime = entry['runtime']
  if (!isRecord(runtime)) return ''
  const { command, args, url, image } = runtime
  const words = [command ?? url ?? image, ...(Array.isArray(args) ? args : [])]
  return words.filter((word) => typeof word === 'string').join(' ')
}
