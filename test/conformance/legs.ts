import type { Era } from '../fixtures/conformance-http.ts'
import { directChecks } from './direct-checks.ts'
import { excused } from './expected-failures.ts'
import type { Requirements } from './run-conformance.ts'

export interface Leg {
  /** Of the suite, which is the client. */
  client: Requirements
  /** Of the fixture server behind the gateway. */
  server: Era
  transport: 'stdio' | 'http'
}

/**
 * Where the gateway rightly lets the suite see less than the server does: it answers with one JSON body what needs no
 * stream (2025-11-25 basic/transports, "Sending Messages to the Server": either content type), and the suite then has
 * no stream to look at.
 */
const jsonAnswers: Readonly<Record<Requirements, Readonly<Record<string, number>>>> = {
  '2025-11-25': { 'server-sse-multiple-streams': 1, 'server-sse-polling': 0 },
  '2026-07-28': {},
}

export const legs: readonly Leg[] = [
  { client: '2025-11-25', server: 'legacy', transport: 'stdio' },
  { client: '2025-11-25', server: 'legacy', transport: 'http' },
  { client: '2026-07-28', server: 'modern', transport: 'stdio' },
  { client: '2026-07-28', server: 'modern', transport: 'http' },
  { client: '2025-11-25', server: 'modern', transport: 'stdio' },
  { client: '2025-11-25', server: 'modern', transport: 'http' },
  { client: '2026-07-28', server: 'legacy', transport: 'stdio' },
  { client: '2026-07-28', server: 'legacy', transport: 'http' },
]

/** Successful checks by scenario, through the gateway. */
export function wantedChecks(leg: Leg): Record<string, number> {
  const wanted = { ...directChecks[leg.client], ...jsonAnswers[leg.client] }
  for (const [scenario, checks] of Object.entries(excused(leg)))
    wanted[scenario] = (wanted[scenario] ?? 0) - checks
  return wanted
}
