import { expect, it, onTestFinished } from 'vitest'
import { AuthorizationServer } from '../sign-in/authorization-server.ts'
import { browse, isCallback } from '../sign-in/browser.ts'
import { ProtectedServer } from '../sign-in/protected-server.ts'
import { eventually } from '../support/eventually.ts'
import { openHost } from './host.ts'

async function open() {
  const authorizationServer = await AuthorizationServer.start()
  onTestFinished(() => authorizationServer.stop())
  const server = await ProtectedServer.start(authorizationServer)
  onTestFinished(() => server.stop())
  const host = await openHost({
    servers: [
      { id: 'cloud', runtime: { type: 'remote-http', url: server.url } },
      { id: 'local', runtime: { type: 'local-process', command: 'true' } },
    ],
  })
  return { authorizationServer, ...host }
}

it('a window sees every step of a sign-in, and no token', async () => {
  const { authorizationServer, call, events, log } = await open()
  const { sign_in: before } = await call('server.get', { id: 'cloud' })
  expect(before).toBe(null)
  // Nobody has asked the server yet: the start does.
  const { url, expires_at } = await call('sign_in.start', { id: 'cloud' })
  expect(Date.parse(expires_at)).toBeGreaterThan(Date.now())
  expect(await call('sign_in.start', { id: 'cloud' })).toMatchObject({ url })
  expect(await call('sign_in.cancel', { id: 'cloud' })).toMatchObject({
    status: 'stopped',
    sign_in: { state: 'needed', scopes: ['read'] },
  })
  const { url: again } = await call('sign_in.start', { id: 'cloud' })
  const end = await browse(again, isCallback)
  const row = await call('sign_in.finish', { id: 'cloud', redirect_url: end.url.href })
  expect(row.sign_in).toMatchObject({ state: 'signed_in', issuer: authorizationServer.issuer })
  const { tools } = await call('server.lists', { id: 'cloud' })
  expect(tools).toHaveLength(2)
  const { server, note } = await call('sign_in.sign_out', { id: 'cloud' })
  expect([server.sign_in?.state, note]).toEqual(['needed', null])
  const states = (): (string | undefined)[] =>
    events.flatMap((event) =>
      event.type === 'server' && event.server.id === 'cloud' ? [event.server.sign_in?.state] : [],
    )
  await eventually(() =>
    expect(states()).toEqual(expect.arrayContaining(['needed', 'in_progress', 'signed_in'])),
  )
  const shown = JSON.stringify(events) + log()
  for (const token of authorizationServer.given) expect(shown).not.toContain(token)
  expect((await call('secrets.list', {})).secrets).toEqual([])
})

it('who has no sign-in is told so', async () => {
  const { call } = await open()
  await expect(call('sign_in.start', { id: 'local' })).rejects.toMatchObject({
    code: 'bad_request',
  })
  await expect(call('sign_in.start', { id: 'gone' })).rejects.toMatchObject({
    code: 'server_not_found',
  })
  await expect(
    call('sign_in.finish', { id: 'cloud', redirect_url: 'http://127.0.0.1/' }),
  ).rejects.toMatchObject({ code: 'not_found' })
})
