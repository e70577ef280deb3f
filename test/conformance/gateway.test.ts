import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { successes } from './direct-checks.ts'
import { unexpected } from './expected-failures.ts'
import { startFixture, stdioFixture } from './fixture.ts'
import { startGateway } from './gateway-process.ts'
import { legs, wantedChecks, type Leg } from './legs.ts'
import { runServerScenarios } from './run-conformance.ts'
import type { SuiteResults } from './run-conformance.ts'

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
    expect(successes(results)).toEqual(wantedChecks(leg))
  })
})

async function fixtureRuntime(leg: Leg, ends: (() => Promise<void>)[]): Promise<object> {
  if (leg.transport === 'stdio')
    return { type: 'local-process', command: process.execPath, args: stdioFixture(leg.server) }
  const fixture = await startFixture(leg.server)
  ends.push(() => fixture.stop())
  return { type: 'remote-http', url: fixture.url }
}
