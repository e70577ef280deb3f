import { expect, it } from 'vitest'
import { successes } from './direct-checks.ts'
import { unexpected } from './expected-failures.ts'
import { startFixture, stdioFixture } from './fixture.ts'
import { startGateway } from './gateway-process.ts'
import { legs, wantedChecks, type Leg } from './legs.ts'
import { runServerScenarios } from './run-conformance.ts'

// The suite waits more than it works: several at once.
it.concurrent.each(legs)(
  'a $client client of a $server server over $transport gets through the gateway all that the suite asks for, but for what the specification rules out',
  { timeout: 250_000 },
  async (leg) => {
    const ends: (() => Promise<void>)[] = []
    try {
      const runtime = await fixtureRuntime(leg, ends)
      const gateway = await startGateway(runtime)
      ends.push(() => gateway.stop())
      const results = await runServerScenarios(gateway.url, leg.client, 240_000)
      expect(unexpected(results, leg)).toEqual({ problems: {}, unused: [] })
      expect(successes(results)).toEqual(wantedChecks(leg))
    } finally {
      for (const end of ends.toReversed()) await end()
    }
  },
)

async function fixtureRuntime(leg: Leg, ends: (() => Promise<void>)[]): Promise<object> {
  if (leg.transport === 'stdio')
    return { type: 'local-process', command: process.execPath, args: stdioFixture(leg.server) }
  const fixture = await startFixture(leg.server)
  ends.push(() => fixture.stop())
  return { type: 'remote-http', url: fixture.url }
}
