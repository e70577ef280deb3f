import path from 'node:path'
import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { scriptedServer, startGateway } from '../support/gateway.ts'
import { threadMs } from '../support/thread-time.ts'

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

/** The longest turn of the loop, in ms. */
async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let last = threadMs()
  let isDone = false
  const turn = (): void => {
    const now = threadMs()
    longest = Math.max(longest, now - last)
    last = now
    if (!isDone) setTimeout(turn, 1)
  }
  turn()
  await work()
  // The turn that the work ended in counts as well.
  isDone = true
  turn()
  return longest
}

test(
  'a reload of a thousand servers never holds up the loop for more than 20 ms',
  { timeout: 60_000 },
  async () => {
    const gateway = await startGateway({ servers: catalog(0), workerFile })
    await gateway.tool('server-1', 'pid')
    const turns: number[] = []
    for (let version = 1; version <= 5; version++) {
      // Written before, as a test's own JSON.stringify takes its time.
      await gateway.write(catalog(version))
      turns.push(await longestTurn(() => gateway.core.reload()))
    }
    expect(gateway.core.stats().total_servers).toBe(1000)
    // The first ones warm up the compiler; a collection of garbage may fall into one.
    expect(turns.slice(2).toSorted((a, b) => a - b)[1], String(turns)).toBeLessThan(20)
  },
)

test('removing a thousand servers and adding others is as quick', { timeout: 60_000 }, async () => {
  const gateway = await startGateway({ servers: catalog(0), workerFile })
  const renamed = catalog(0).map((server) => ({ ...server, id: `other-${server.id}` }))
  const turns: number[] = []
  for (let i = 0; i < 6; i++) {
    await gateway.write(i % 2 === 0 ? renamed : catalog(0))
    turns.push(
      await longestTurn(async () => {
        const { servers_added, servers_removed } = await gateway.core.reload()
        expect([servers_added.length, servers_removed.length]).toEqual([1000, 1000])
      }),
    )
  }
  expect(turns.slice(2).toSorted((a, b) => a - b)[1], String(turns)).toBeLessThan(20)
  await eventually(() => expect(gateway.core.isQuiet()).toBe(true))
})
