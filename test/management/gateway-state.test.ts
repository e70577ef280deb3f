import fs from 'node:fs/promises'
import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { scriptedServer } from '../support/gateway.ts'
import { isAlive } from '../support/processes.ts'
import { openHost } from './host.ts'

test('tells where it is and what it has', async () => {
  const { call, host, catalogPath } = await openHost({ servers: [scriptedServer('one')] })
  expect(await call('gateway.info', {})).toMatchObject({
    url: host.url,
    pid: process.pid,
    paused: false,
    sessions: 0,
    total_requests: 0,
    catalog_path: catalogPath,
    last_reload: { ok: true, errors: [] },
  })
})

test('an unknown procedure and a wrong input are told apart, and the field is named', async () => {
  const { host } = await openHost()
  const caller = { principal: 'desktop', session: 'window' }
  const call = (name: string, input: unknown) => host.management.call(name, input, caller)
  await expect(call('no.such', {})).rejects.toMatchObject({ code: 'not_found' })
  await expect(call('toString', {})).rejects.toMatchObject({ code: 'not_found' })
  await expect(call('desktop.get', {})).rejects.toMatchObject({ code: 'not_found' })
  await expect(call('server.get', { id: 7 })).rejects.toMatchObject({
    code: 'invalid_params',
    message: expect.stringContaining("The field 'id' of server.get"),
    data: { field: 'id' },
  })
  await expect(call('catalog.edit', { text: '', edits: [{ op: 'burn' }] })).rejects.toMatchObject({
    data: { field: 'edits.0.op' },
  })
})

test('pausing lets calls in flight finish, stops every server and refuses starts until it is resumed', async () => {
  const { call, events, dir } = await openHost({
    servers: [scriptedServer('one'), scriptedServer('always', [], { always_on: true })],
    config: { drain_timeout_seconds: 5 },
  })
  const slow = call('server.call', {
    id: 'one',
    call_id: 'slow',
    method: 'tools/call',
    params: { name: 'hold', arguments: { file: `${dir}/go` } },
  })
  const pids = await eventually(async () => {
    const details = await Promise.all([
      call('server.get', { id: 'one' }),
      call('server.get', { id: 'always' }),
    ])
    expect(details.map(({ status }) => status)).toEqual(['running', 'running'])
    return details.flatMap((detail) => detail.pids)
  })

  const paused = call('gateway.pause', {})
  const late = await call('server.call', {
    id: 'one',
    call_id: 'late',
    method: 'tools/call',
    params: { name: 'echo' },
  })
  expect(late.response).toMatchObject({
    error: { message: 'The gateway is paused. Resume it in the tray or the window.' },
  })
  await fs.writeFile(`${dir}/go`, '')
  expect(await paused).toMatchObject({ paused: true })
  expect((await slow).response).toHaveProperty('result')
  expect(pids.filter(isAlive)).toEqual([])
  expect(await call('servers.list', {})).toMatchObject([
    { id: 'one', status: 'stopped', reason: 'the gateway is paused' },
    { id: 'always', status: 'stopped', reason: 'the gateway is paused' },
  ])
  await expect(call('server.start', { id: 'one' })).rejects.toMatchObject({
    code: 'paused',
    status: 503,
  })

  expect(await call('gateway.resume', {})).toMatchObject({ paused: false })
  await eventually(async () =>
    expect(await call('server.get', { id: 'always' })).toMatchObject({ status: 'running' }),
  )
  expect(await call('server.start', { id: 'one' })).toMatchObject({ status: 'running' })
  expect(events.flatMap((event) => (event.type === 'gateway' ? [event.info.paused] : []))).toEqual([
    true,
    false,
  ])
})

test('a gateway knows whether somebody looks at it', async () => {
  const { host } = await openHost()
  expect(host.gateway.isFollowed).toBe(true) // the test itself follows
  const other = await openHost({ follow: false })
  expect(other.host.gateway.isFollowed).toBe(false)
  const end = other.host.management.onEvent(() => {}, { principal: 'desktop', session: 'a' })
  await expect.poll(() => other.host.gateway.isFollowed).toBe(true)
  end()
  expect(other.host.gateway.isFollowed).toBe(false)
})
