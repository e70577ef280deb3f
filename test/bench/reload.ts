import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Bench, sleep, within } from './bench-context.ts'
import { catalogText, type Gateway, startGateway } from './gateway-target.ts'

async function longestBlockMs(gateway: Gateway): Promise<number> {
  const answer = once(gateway.child, 'message', { signal: AbortSignal.timeout(20_000) })
  gateway.child.send('longest-block')
  const [message]: unknown[] = await answer
  if (typeof message !== 'object' || message === null || !('longestBlockMs' in message)) return NaN
  return Number(message.longestBlockMs)
}

/** The longest block of the gateway's own event loop while it takes in a changed catalog. */
export async function measureReload(bench: Bench): Promise<void> {
  const { figures, options } = bench
  const preload = path.join(import.meta.dirname, 'loop-delay.cjs')
  const fillers = Math.max(0, options.servers - 2)
  const gateway = await startGateway(bench, { catalog: catalogText(fillers), preload })
  const rounds = Math.min(options.rounds, 5)
  try {
    await sleep(2_000)
    for (let round = 0; round < rounds; round++) {
      bench.say(`reload: round ${round + 1} of ${rounds}`)
      await longestBlockMs(gateway)
      await sleep(2_000)
      figures.record(
        'longest block of the loop, ms',
        'doing nothing for 2 s',
        await longestBlockMs(gateway),
      )

      // Every entry differs, in what launches it too, and the watcher sees the save beside the request.
      writeFileSync(gateway.catalogPath, catalogText(fillers, round + 1))
      const since = performance.now()
      await within(30_000, 'A reload', gateway.rest('POST', '/admin/reload'))
      figures.record('a reload takes, ms', `${options.servers} servers`, performance.now() - since)
      await sleep(2_000)
      const block = await longestBlockMs(gateway)
      figures.record('longest block of the loop, ms', `reload of ${options.servers} servers`, block)
    }
  } finally {
    await gateway.stop()
  }
}
