import { beforeAll, expect, it } from 'vitest'
import { describeEngines } from '../containers/engines.ts'
import { inImage, testImage } from '../containers/test-image.ts'
import { successes } from './direct-checks.ts'
import { unexpected } from './expected-failures.ts'
import { startGateway } from './gateway-process.ts'
import { legs, wantedChecks, type Leg } from './legs.ts'
import { runServerScenarios } from './run-conformance.ts'
import type { SuiteResults } from './run-conformance.ts'

const port = 8080

describeEngines('a containerised server passes the official suite', (engine) => {
  // What the eras do to each other does not depend on where the server runs.
  const own = legs.filter(
    ({ client, server }) => (client === '2025-11-25') === (server === 'legacy'),
  )
  const results = new Map<Leg, SuiteResults>()

  // The suite waits more than it works: several at once.
  beforeAll(async () => {
    const waiting = [...own]
    const runSome = async (): Promise<void> => {
      for (let leg = waiting.shift(); leg !== undefined; leg = waiting.shift())
        results.set(leg, await run(leg))
    }
    await Promise.all(Array.from({ length: 4 }, runSome))
  }, 400_000)

  async function run(leg: Leg): Promise<SuiteResults> {
    const args = [inImage.conformance, '--era', leg.server, '--transport', leg.transport]
    const http = {
      transport: 'http',
      port,
      args: [...args, '--port', `${port}`, '--host', '0.0.0.0'],
    }
    const runtime = {
      type: 'docker',
      engine: engine.name,
      image: testImage,
      ...(leg.transport === 'http' ? http : { args }),
    }
    const gateway = await startGateway(runtime, {}, {}, engine.env)
    try {
      return await runServerScenarios(gateway.url, leg.client, 240_000)
    } finally {
      await gateway.stop()
    }
  }

  it.each(own)(
    'a $client client of a $server server over $transport: all that it passes as a process',
    (leg) => {
      const found = results.get(leg) ?? {}
      expect(unexpected(found, leg)).toEqual({ problems: {}, unused: [] })
      expect(successes(found)).toEqual(wantedChecks(leg))
    },
  )
})
