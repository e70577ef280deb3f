import { type Bench, echoArguments, everything, rotated, within } from './bench-context.ts'
import { settledMb } from './children.ts'
import type { Client } from './client.ts'
import { median } from './figures.ts'
import { catalogText, spawnShim, startGateway } from './gateway-target.ts'
import { directTarget } from './plain-targets.ts'
import { bareIdleMb, bareNode } from './start.ts'
import { openStdio } from './stdio-client.ts'

const memoryCalls = 3_000
/** As many as the other figures of calls have had before they are taken: the gateway is up for days. */
const warmUpCalls = 1_000

/**
 * The shim against the server's own pipes, these two alone: everything else is asleep, and so the direct call is at its
 * fastest. The promise is of the run where all targets take turns (latency.ts). Then its memory after 3,000 calls.
 */
export async function measureShim(bench: Bench): Promise<void> {
  const { figures, options, children } = bench
  const gateway = await startGateway(bench, { catalog: catalogText() })
  const shim = spawnShim(bench, gateway, 'everything')
  const lanes: { name: string; client: Client }[] = [
    { name: 'direct stdio', client: await directTarget(bench, everything, 'echo').open() },
    { name: 'gateway, shim', client: await openStdio(shim, () => children.end(shim.pid)) },
  ]
  let carried = 0
  const block = async (client: Client, count: number) => {
    const times: number[] = []
    for (let n = 0; n < count; n++) {
      const since = performance.now()
      await client.callTool('echo', echoArguments)
      times.push(performance.now() - since)
    }
    return median(times)
  }
  try {
    for (const { client } of lanes)
      await within(60_000, 'Warming up the shim', block(client, warmUpCalls))
    carried += warmUpCalls
    for (let round = 0; round < options.rounds; round++) {
      for (const { name, client } of rotated(lanes, round)) {
        const p50 = await within(60_000, name, block(client, options.calls))
        figures.record('one call on pipes, alone, p50, ms', name, p50)
      }
      carried += options.calls
    }
    const [, throughShim] = lanes
    if (throughShim && carried < memoryCalls) {
      await within(
        60_000,
        'The rest of 3,000 calls',
        block(throughShim.client, memoryCalls - carried),
      )
    }
    const figure = 'shim memory after 3,000 calls, MB'
    figures.record(figure, 'gateway, shim', await settledMb(shim.pid ?? 0))
    figures.record(figure, bareNode, await bareIdleMb(bench))
  } finally {
    for (const { client } of lanes) await client.close()
    await gateway.stop()
  }
}
