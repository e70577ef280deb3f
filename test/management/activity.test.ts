import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { scriptedServer } from '../support/gateway.ts'
import { openHost } from './host.ts'

const call = (call_id: string, text: string) => ({
  id: 'one',
  call_id,
  method: 'tools/call',
  params: { name: 'echo', arguments: { text, token: 'Bearer abcdefghijkl' } },
})

test('requests are listed, opened, sent again and forgotten', async () => {
  const { call: api, events } = await openHost({ servers: [scriptedServer('one')] })
  await api('server.call', call('a', 'hello'))
  const entries = await eventually(async () => {
    const { entries: found, enabled } = await api('activity.list', { server_id: 'one' })
    expect(enabled).toBe(true)
    expect(found).toMatchObject([{ method: 'tools/call', target: 'echo', outcome: 'ok' }])
    return found
  })
  const id = entries[0]?.id ?? 0
  const detail = await api('activity.get', { id })
  expect(detail.request).toContain('hello')
  expect(detail.request).not.toContain('abcdefghijkl')
  await api('server.call', {
    ...call('b', ''),
    params: { name: 'progress', arguments: { count: 1, everyMs: 1 } },
  })
  const again = await eventually(async () => {
    const { entries: found } = await api('activity.list', { text: 'progress' })
    expect(found).toHaveLength(1)
    return found
  })
  const replayed = await api('activity.replay', { id: again[0]?.id ?? 0, call_id: 'again' })
  expect(replayed.response).toMatchObject({ result: { content: [{ text: 'done' }] } })
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'call_progress', call_id: 'again' }),
  )
  await eventually(async () =>
    expect((await api('activity.list', { text: 'progress' })).entries).toHaveLength(2),
  )
  await api('activity.clear', {})
  expect((await api('activity.list', {})).entries).toEqual([])
  await expect(api('activity.get', { id })).rejects.toMatchObject({ code: 'not_found' })
})

test('without a history there is nothing to list, and it says how to have one', async () => {
  const { call: api } = await openHost({ config: { history: false } })
  expect(await api('activity.list', {})).toMatchObject({ enabled: false, entries: [] })
  await expect(api('activity.get', { id: 1 })).rejects.toMatchObject({
    code: 'not_found',
    message: expect.stringContaining('history: true'),
  })
  expect(await api('activity.clear', {})).toEqual({})
})
