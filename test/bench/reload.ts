import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Bench, sleep, within } from './bench-context.ts'
import { catalogText, type Gateway, startGateway } from './gateway-target.ts'

/** Records the longest block since it was asked last. */
async function recordBlock(bench: Bench, gateway: Gateway, when: string): Promise<void> {
  const answer = once(gateway.child, 'message', { signal: AbortSignal.timeout(20_000) })
  gateway.child.send('longest-block')
  const [message]: unknown[] = await answer
  if (
    typeof message !== 'object' ||
    message === null ||
    !('clockMs' in message && 'processorMs' in message)
  ) {
    throw new Error(`The preload answered: ${JSON.stringify(message)}`)
  }
  bench.figures.record('longest block of the loop, ms', when, Number(message.clockMs))
  const figure = 'longest block of the loop, ms of processor time'
  bench.figures.record(figure, when, Number(message.processorMs))
}

/** How long the gateway's own event loop stands still at most while it takes in a changed catalog. */
export async function measureReload(bench: Bench): Promise<void> {
  const { figures, options } = bench
  const preload = path.join(import.meta.dirname, 'loop-delay.cjs')
  const fillers = Math.max(0, options.servers - 2)
  const gateway = await startGateway(bench, { catalog: catalogText(fillers), preload })
  try {
    await sleep(2_000)
    // The first REST request loads the REST routes, which is no part of a reload.
    await gateway.rest('GET', '/stats')
    await recordBlock(bench, gateway, 'start and the first REST request')
    for (let round = 0; round < options.rounds; round++) {
      bench.say(`reload: round ${round + 1} of ${options.rounds}`)
      await sleep(2_000)
      await recordBlock(bench, gateway, 'doing nothing for 2 s')

      // Every entry differs, in what launches it too, and the watcher sees the save beside the request.
      writeFileSync(gateway.catalogPath, catalogText(fillers, round + 1))
      const since = performance.now()
      await within(30_000, 'A reload', gateway.rest('POST', '/admin/reload'))
      figures.record('a reload takes, ms', `${options.servers} servers`, performance.now() - since)
      await sleep(2_000)
      await recordBlock(bench, gateway, `reload of ${options.servers} servers`)
    }
  } finally {
    await gateway.stop()
  }
}
