import { expect, it } from 'vitest'
import { describeEngines } from '../containers/engines.ts'
import { inImage, testImage } from '../containers/test-image.ts'
import { successes } from './direct-checks.ts'
import { unexpected } from './expected-failures.ts'
import { startGateway } from './gateway-process.ts'
import { legs, wantedChecks } from './legs.ts'
import { runServerScenarios } from './run-conformance.ts'

const port = 8080

describeEngines('a containerised server passes the official suite', (engine) => {
  // The suite waits more than it works: several at once.
  it.concurrent.each(legs)(
    'a $client client of a $server server over $transport: all that it passes as a process',
    { timeout: 400_000 },
    async (leg) => {
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
        // The suite gives a request ten seconds; the start of a container on a busy machine is none of them.
        const start = new URL('/servers/under-test/start', gateway.url)
        expect((await fetch(start, { method: 'POST' })).status).toBe(200)
        const results = await runServerScenarios(gateway.url, leg.client, 240_000)
        expect(unexpected(results, leg)).toEqual({ problems: {}, unused: [] })
        expect(successes(results)).toEqual(wantedChecks(leg))
      } finally {
        await gateway.stop()
      }
    },
  )
})
