import { monitorEventLoopDelay } from 'node:perf_hooks'
import path from 'node:path'
import { expect, test } from 'vitest'
import { eventually, scriptedServer, startGateway } from '../support/gateway.ts'

const workerFile = path.resolve(import.meta.dirname, '../../src-main/catalog/parse-worker.ts')

function catalog(version: number) {
  return Array.from({ length: 1000 }, (_, i) =>
    scriptedServer(`server-${i}`, [], {
      description: `version ${i % 3 === 0 ? version : 0} of it`,
      env: { VERSION: String(i % 2 === 0 ? version : 0), TOKEN: '${TOKEN:-none}' },
      tags: ['large', `tag-${i % 10}`],
    }),
  )
}

/** The longest time that the loop was held up, in ms. */
async function longestBlock(work: () => Promise<unknown>): Promise<number> {
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  await work()
  histogram.disable()
  return histogram.max / 1e6
}

test('a reload of a thousand servers never holds up the loop for more than 20 ms', async () => {
  const gateway = await startGateway({ servers: catalog(0), workerFile })
  await gateway.tool('server-1', 'pid')
  const blocks: number[] = []
  for (let version = 1; version <= 5; version++) {
    // Written before, as a test's own JSON.stringify takes its time.
    await gateway.write(catalog(version))
    blocks.push(await longestBlock(() => gateway.core.reload()))
  }
  expect(gateway.core.stats().total_servers).toBe(1000)
  // The first ones warm up the compiler; the machine may be busy with something else now and then.
  expect(Math.min(...blocks.slice(2)), String(blocks)).toBeLessThan(20)
  expect(blocks.slice(2).toSorted((a, b) => a - b)[1], String(blocks)).toBeLessThan(20)
})

test('removing a thousand servers and adding others is as quick', async () => {
  const gateway = await startGateway({ servers: catalog(0), workerFile })
  const renamed = catalog(0).map((server) => ({ ...server, id: `other-${server.id}` }))
  const blocks: number[] = []
  for (let i = 0; i < 6; i++) {
    await gateway.write(i % 2 === 0 ? renamed : catalog(0))
    blocks.push(
      await longestBlock(async () => {
        const { servers_added, servers_removed } = await gateway.core.reload()
        expect([servers_added.length, servers_removed.length]).toEqual([1000, 1000])
      }),
    )
  }
  expect(blocks.slice(2).toSorted((a, b) => a - b)[1], String(blocks)).toBeLessThan(20)
  await eventually(() => expect(gateway.core.isQuiet()).toBe(true))
})
