import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { readJournal, scriptedServer, startGateway } from '../support/gateway.ts'

test('a hundred first requests start one process and are answered in order', async () => {
  const gateway = await startGateway({ servers: [] })
  const journal = gateway.file('journal')
  await gateway.reload([scriptedServer('one', [`--journal=${journal}`])])
  const order: number[] = []
  const answers = await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      const said = await gateway.tool('one', 'echo', { text: String(i) })
      order.push(i)
      return said
    }),
  )
  expect(answers).toEqual(Array.from({ length: 100 }, (_, i) => String(i)))
  expect(order).toEqual(order.toSorted((a, b) => a - b))
  const entries = await readJournal(journal)
  expect(entries.filter(({ started }) => started)).toHaveLength(1)
  const calls = entries.filter(({ method }) => method === 'tools/call')
  expect(calls.map(({ text }) => text)).toEqual(answers)
})

test('a call that is cancelled while it waits for the start never reaches the server', async () => {
  const gateway = await startGateway({ servers: [] })
  const journal = gateway.file('journal')
  await gateway.reload([scriptedServer('one', [`--journal=${journal}`, '--slow-start=50'])])
  const call = (text: string) =>
    gateway.start('one', 'tools/call', { name: 'echo', arguments: { text } })
  const first = call('first')
  const cancelledEarly = call('cancelled at once')
  cancelledEarly.cancel()
  const cancelled = call('cancelled')
  const last = call('last')
  await eventually(async () => expect(await readJournal(journal)).not.toHaveLength(0))
  cancelled.cancel()
  await Promise.all([first.answer, last.answer])
  const calls = (await readJournal(journal)).filter(({ method }) => method === 'tools/call')
  expect(calls.map(({ text }) => text)).toEqual(['first', 'last'])
})
