import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Era } from '../fixtures/conformance-http.ts'
import { directChecks, successes } from './direct-checks.ts'
import { excused, unexpected } from './expected-failures.ts'
import { startFixture, stdioFixture } from './fixture.ts'
import { startGateway } from './gateway-process.ts'
import { runServerScenarios } from './run-conformance.ts'
import type { Requirements, SuiteResults } from './run-conformance.ts'

interface Leg {
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

const legs: readonly Leg[] = [
  { client: '2025-11-25', server: 'legacy', transport: 'stdio' },
  { client: '2025-11-25', server: 'legacy', transport: 'http' },
  { client: '2026-07-28', server: 'modern', transport: 'stdio' },
  { client: '2026-07-28', server: 'modern', transport: 'http' },
  { client: '2025-11-25', server: 'modern', transport: 'stdio' },
  { client: '2025-11-25', server: 'modern', transport: 'http' },
  { client: '2026-07-28', server: 'legacy', transport: 'stdio' },
  { client: '2026-07-28', server: 'legacy', transport: 'http' },
]

describe.each(legs)('a $client client of a $server server over $transport', (leg) => {
  const ends: (() => Promise<void>)[] = []
  let results: SuiteResults

  beforeAll(async () => {
    const runtime = await fixtureRuntime(leg, ends)
    const gateway = await startGateway(runtime)
    ends.push(() => gateway.stop())
    results = await runServerScenarios(gateway.url, leg.client)
  }, 150_000)

  afterAll(async () => {
    for (const end of ends.reverse()) await end()
  })

  it('gets through the gateway all that the suite asks for, but for what the specification rules out', () => {
    expect(unexpected(results, leg)).toEqual({ problems: {}, unused: [] })
    const wanted = { ...directChecks[leg.client], ...jsonAnswers[leg.client] }
    for (const [scenario, checks] of Object.entries(excused(leg)))
      wanted[scenario] = (wanted[scenario] ?? 0) - checks
    expect(successes(results)).toEqual(wanted)
  })
})

async function fixtureRuntime(leg: Leg, ends: (() => Promise<void>)[]): Promise<object> {
  if (leg.transport === 'stdio')
    return { type: 'local-process', command: process.execPath, args: stdioFixture(leg.server) }
  const fixture = await startFixture(leg.server)
  ends.push(() => fixture.stop())
  return { type: 'remote-http', url: fixture.url }
}
