import { statusMarks } from '../src-shared/action-words.ts'
import type { ServerRow } from '../src-shared/api-servers.ts'
import { issuerHost, shownState } from '../src-shared/shown-state.ts'

/** "Running", "Stopped, idle for 5 min", "Disabled", "Sign-in needed at linear.app". */
export function stateInWords(
  row: Pick<ServerRow, 'status' | 'reason' | 'enabled' | 'sign_in'>,
): string {
  const state = shownState(row)
  const { word } = statusMarks[state]
  if (state === 'signing_in') return `${word}, waiting for the browser`
  if (state === 'sign_in_needed') {
    const host = issuerHost(row.sign_in?.issuer ?? null)
    return host === null ? word : `${word} at ${host}`
  }
  return row.reason === '' ? word : `${word}, ${row.reason}`
}
