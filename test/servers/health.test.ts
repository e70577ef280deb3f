import fs from 'node:fs/promises'
import { expect, test } from 'vitest'
import { FakeClock } from '../support/fake-clock.ts'
import { eventually } from '../support/eventually.ts'
import { readJournal, scriptedServer, startGateway } from '../support/gateway.ts'
import type { TestGateway } from '../support/gateway.ts'

async function start(more: object = {}) {
  const clock = new FakeClock()
  const gateway = await startGateway({ servers: [], clock })
  const [silent, journal] = [gateway.file('silent'), gateway.file('journal')]
  const options = [`--no-ping=${silent}`, `--journal=${journal}`]
  await gateway.reload([scriptedServer('one', options, { idle_timeout_seconds: 0, ...more })])
  return { gateway, clock, silent, journal }
}

async function pingsRead(journal: string, count: number): Promise<void> {
  await eventually(async () => {
    const pings = (await readJournal(journal)).filter(({ method }) => method === 'ping')
    expect(pings).toHaveLength(count)
  })
}

const statusOf = (gateway: TestGateway) => gateway.core.server('one').status

test('a server that answers no ping is unhealthy, then stopped and started anew', async () => {
  const { gateway, clock, silent, journal } = await start()
  const pid = await gateway.tool('one', 'pid')
  clock.advance(31_000)
  await eventually(async () => expect((await readJournal(journal)).at(-1)?.answered).toBe('ping'))
  expect(statusOf(gateway)).toBe('running')
  await fs.writeFile(silent, '')
  clock.advance(30_000)
  await pingsRead(journal, 2)
  clock.advance(10_000)
  await eventually(() =>
    expect(gateway.core.server('one')).toMatchObject({
      status: 'unhealthy',
      reason: 'It did not answer the last ping.',
    }),
  )
  clock.advance(20_000)
  await pingsRead(journal, 3)
  clock.advance(10_000)
  await eventually(() =>
    expect(gateway.core.server('one').last_error).toContain('did not answer two pings in a row'),
  )
  expect(statusOf(gateway)).toBe('unhealthy')
  await fs.rm(silent)
  const again = gateway.tool('one', 'pid')
  await eventually(() => {
    clock.advance(250)
    expect(statusOf(gateway)).toBe('running')
  })
  expect(await again).not.toBe(pid)
})

test('a server that answers again is well again', async () => {
  const { gateway, clock, silent, journal } = await start()
  await gateway.tool('one', 'pid')
  await fs.writeFile(silent, '')
  clock.advance(31_000)
  await pingsRead(journal, 1)
  clock.advance(10_000)
  await eventually(() => expect(statusOf(gateway)).toBe('unhealthy'))
  await fs.rm(silent)
  clock.advance(20_000)
  await pingsRead(journal, 2)
  await eventually(() => expect(statusOf(gateway)).toBe('running'))
})

test('a server that is busy in a call is left alone', async () => {
  const { gateway, clock, silent, journal } = await start({ request_timeout_seconds: 3600 })
  await fs.writeFile(silent, '')
  const file = gateway.file('go')
  const held = gateway.tool('one', 'hold', { file })
  await eventually(() => expect(statusOf(gateway)).toBe('running'))
  clock.advance(10 * 60_000)
  expect(statusOf(gateway)).toBe('running')
  await pingsRead(journal, 0)
  await fs.writeFile(file, '')
  expect(Number(await held)).toBe(gateway.core.server('one').pids[0])
})

test('a ping without an answer does not count if the server was given a call since', async () => {
  const { gateway, clock, silent, journal } = await start({ request_timeout_seconds: 3600 })
  await gateway.tool('one', 'pid')
  await fs.writeFile(silent, '')
  const pid = gateway.core.server('one').pids[0]
  for (let pings = 1; pings <= 3; pings++) {
    clock.advance(31_000)
    await pingsRead(journal, pings)
    const file = gateway.file(`go-${pings}`)
    const held = gateway.tool('one', 'hold', { file })
    clock.advance(20_000)
    await fs.writeFile(file, '')
    expect(Number(await held)).toBe(pid)
    expect(statusOf(gateway)).toBe('running')
  }
})
