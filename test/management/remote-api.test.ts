import { onTestFinished, expect, test } from 'vitest'
import type { ApiEvent } from '../../src-shared/api.ts'
import { createRemoteApi } from '../../src-main/management/remote-api.ts'
import type { RemoteApi } from '../../src-main/management/remote-api.ts'
import { eventually } from '../support/eventually.ts'
import { scriptedServer } from '../support/gateway.ts'
import { openHost } from './host.ts'
import type { TestHost } from './host.ts'

async function attach({ call, host }: TestHost, key?: string): Promise<RemoteApi> {
  const main = key ?? (await call('key.reveal', {})).key
  const api = createRemoteApi({
    url: host.url,
    key: () => main,
    firstDelayMs: 10,
    longestDelayMs: 40,
  })
  onTestFinished(() => api.close())
  return api
}

test('calls and their errors arrive as if the gateway was here', async () => {
  const host = await openHost({ servers: [scriptedServer('one')] })
  const api = await attach(host)
  expect(await api.call('gateway.info', {})).toEqual(await host.call('gateway.info', {}))
  expect(await api.call('server.start', { id: 'one' })).toMatchObject({ status: 'running' })
  await expect(api.call('server.get', { id: 'two' })).rejects.toMatchObject({
    code: 'server_not_found',
    message: "Server 'two' not found",
  })
  await expect(api.call('catalog.save', { text: 'servers: 7', etag: '' })).rejects.toMatchObject({
    code: 'catalog_invalid',
    data: { problems: [expect.objectContaining({ line: 1 })] },
  })
})

test('events come, and with a call its progress', async () => {
  const host = await openHost({ servers: [scriptedServer('one')] })
  const api = await attach(host)
  const events: ApiEvent[] = []
  const end = api.onEvent((event) => void events.push(event))
  await eventually(async () => {
    await api.call('catalog.reload', {})
    expect(events.map(({ type }) => type)).toContain('reload')
  })
  await api.call('server.call', {
    id: 'one',
    call_id: 'p',
    method: 'tools/call',
    params: { name: 'progress', arguments: { count: 2, everyMs: 1 } },
  })
  await eventually(() =>
    expect(events.filter(({ type }) => type === 'call_progress')).toMatchObject([
      { progress: 1 },
      { progress: 2 },
    ]),
  )
  end()
})

test('a wrong key, and a gateway that is not there, say so', async () => {
  const host = await openHost()
  const stranger = await attach(host, 'wrong')
  await expect(stranger.call('gateway.info', {})).rejects.toMatchObject({ code: 'forbidden' })
  const api = await attach(host)
  await host.host.close()
  await expect(api.call('gateway.info', {})).rejects.toThrow('does not answer')
})

test('a lost gateway is told, and found again', async () => {
  const first = await openHost({ config: { auth: 'none' } })
  const { port } = new URL(first.host.url)
  const api = createRemoteApi({
    url: first.host.url,
    key: () => undefined,
    firstDelayMs: 10,
    longestDelayMs: 40,
  })
  onTestFinished(() => api.close())
  const events: ApiEvent[] = []
  api.onEvent((event) => void events.push(event))
  await eventually(async () => {
    await api.call('catalog.reload', {})
    expect(events.map(({ type }) => type)).toContain('reload')
  })
  await first.host.close()
  await eventually(() => expect(events.at(-1)).toEqual({ type: 'connection', ok: false }))
  const second = await openHost({ config: { auth: 'none', listen_addr: `127.0.0.1:${port}` } })
  await eventually(() => expect(events.at(-1)).toEqual({ type: 'connection', ok: true }))
  await second.call('gateway.pause', {})
  await eventually(() =>
    expect(events.at(-1)).toMatchObject({ type: 'gateway', info: { paused: true } }),
  )
})
