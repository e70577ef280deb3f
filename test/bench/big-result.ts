import { type Bench, bigServer, rotated, within } from './bench-context.ts'
import type { Client } from './client.ts'
import { catalogText, gatewayTargets, startGateway } from './gateway-target.ts'
import { directTarget, startFloor } from './plain-targets.ts'

const bytes = 8 * 1024 * 1024

/** The time of one 8 MiB answer, to its last byte. */
export async function measureBigResult(bench: Bench): Promise<void> {
  const { figures, options, children } = bench
  const floor = await startFloor(bench, bigServer, 'big')
  const gateway = options.gateway
    ? await startGateway(bench, { catalog: catalogText() })
    : undefined
  const targets = [directTarget(bench, bigServer, 'big'), floor]
  if (gateway) targets.push(...gatewayTargets(bench, gateway, 'big', 'big'))
  const lanes: { name: string; run: () => Promise<number>; client: Client }[] = []
  try {
    for (const target of targets) {
      const client = await target.open()
      const run = async () => {
        const since = performance.now()
        const got = await client.callTool(target.tool, { bytes })
        if (got < bytes) throw new Error(`${target.name} answered with ${got} bytes.`)
        return performance.now() - since
      }
      lanes.push({ name: target.name, run, client })
      await within(60_000, target.name, run())
      await within(60_000, target.name, run())
    }
    for (let round = 0; round < options.rounds; round++) {
      bench.say(`8 MiB: round ${round + 1} of ${options.rounds}`)
      for (const { name, run } of rotated(lanes, round)) {
        figures.record('8 MiB result, ms', name, await within(60_000, name, run()))
      }
    }
  } finally {
    for (const { client } of lanes) await client.close()
    await gateway?.stop()
    await children.end(floor.pid)
  }
}
