import { statusMarks } from '../../../src-shared/action-words.ts'
import type { ServerRow } from '../../../src-shared/api-servers.ts'

/** "Running", "Stopped, idle for 5 min", "Disabled". */
export function stateInWords(row: Pick<ServerRow, 'status' | 'reason'>): string {
  const { word } = statusMarks[row.status]
  return row.reason === '' ? word : `${word}, ${row.reason}`
}
