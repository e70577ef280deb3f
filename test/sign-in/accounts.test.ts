import { expect, it } from 'vitest'
import { browse } from './browser.ts'
import { cloudEntry, openWorld } from './signed-gateway.ts'

it('two entries of one service are two accounts, and isolated sessions keep to theirs', async () => {
  const world = await openWorld()
  const isolated = { isolation: 'session' }
  world.server.isLegacy = true
  await world.gateway.reload([
    { ...cloudEntry(world.server.url, {}, isolated), id: 'mine' },
    { ...cloudEntry(world.server.url, {}, isolated), id: 'ours' },
  ])
  await world.asPerson('mine')
  // One that is not signed in does not borrow.
  expect((await world.gateway.call('ours', 'tools/list')).failure?.code).toBe('sign_in_needed')
  world.authorizationServer.person = 'grace'
  await world.asPerson('ours')
  const session = (serverId: string) => world.gateway.session({ serverId })
  const sessions = await Promise.all(['mine', 'ours', 'mine', 'ours'].map(session))
  const said = await Promise.all(sessions.map((it) => it.tool('whoami')))
  expect(said).toEqual(['ada', 'grace', 'ada', 'grace'])
  const calls = world.server.seen.filter(({ method }) => method === 'tools/call')
  expect(new Set(calls.map((it) => it.session)).size).toBe(4)
  expect(new Set(calls.map((it) => it.token)).size).toBe(2)
  // Signing out of one leaves the other alone.
  await (await world.signIn('mine')).signOut()
  expect(await sessions[1]?.tool('whoami')).toBe('grace')
  expect(await sessions[0]?.tool('whoami')).toContain('needs a sign-in')
})

it('a client of the catalog is used, with its secret, and none is registered', async () => {
  const client = {
    client_id: 'by-hand',
    client_secret: 'the secret of by-hand',
    application_type: 'native' as const,
    redirect_uris: ['http://127.0.0.1/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
  }
  const world = await openWorld({
    authorizationServer: { clients: [client], registration: false, secrets: true },
    runtime: { oauth: { client_id: 'by-hand', client_secret: '${BY_HAND}', scopes: ['write'] } },
    env: { BY_HAND: client.client_secret },
  })
  const refused = await world.gateway.call('cloud', 'tools/list')
  expect(refused.failure?.code).toBe('sign_in_needed')
  await world.asPerson()
  expect(await world.whoami()).toBe('ada')
  world.clock.passedMs = 3_600_000
  expect(await world.whoami()).toBe('ada')
  expect(world.authorizationServer.registered).toEqual([])
  expect(world.authorizationServer.tokenRequests).toMatchObject([
    { grantType: 'authorization_code', clientId: 'by-hand', status: 200 },
    { grantType: 'refresh_token', clientId: 'by-hand', status: 200 },
  ])
  expect((await world.signIn()).view?.scopes).toContain('write')
  expect(JSON.stringify(world.gateway.core.server('cloud'))).not.toContain(client.client_secret)
})

it('an issuer that registers nobody is told of, with what to do', async () => {
  const world = await openWorld({ authorizationServer: { registration: false } })
  await expect((await world.signIn()).start()).rejects.toThrow(
    /lets no program register itself.*http:\/\/127\.0\.0\.1:\d+\/callback.*client_id/,
  )
})

it('a client that the issuer’s own page refuses is not used for the next attempt', async () => {
  const world = await openWorld()
  const signIn = await world.signIn()
  await signIn.start()
  world.authorizationServer.forgetClients()
  expect((await browse((await signIn.start()).url)).status).toBe(400)
  // The person closes that page, and has nothing but this.
  await signIn.cancel()
  expect((await world.asPerson()).text).toContain('Signed in')
  expect(world.authorizationServer.registered).toHaveLength(2)
})

it('more than was granted is asked for, once, and the call goes through after it', async () => {
  const world = await openWorld()
  await world.gateway.call('cloud', 'tools/list')
  await world.asPerson()
  const write = () => world.gateway.call('cloud', 'tools/call', { name: 'write', arguments: {} })
  const refused = await write()
  expect(refused.failure?.code).toBe('sign_in_needed')
  expect(refused.error?.message).toContain('wants more than was granted: write')
  const signIn = await world.signIn()
  expect(signIn.view).toMatchObject({ state: 'signed_in', scopes: ['read'] })
  // What it may do already, it does on.
  expect(await world.whoami()).toBe('ada')
  const { url } = await signIn.start()
  expect(new URL(url).searchParams.get('scope')?.split(' ')).toEqual(
    expect.arrayContaining(['read', 'write']),
  )
  await signIn.cancel()
  expect((await world.asPerson()).text).toContain('Signed in')
  expect(await world.gateway.tool('cloud', 'write')).toBe('ada wrote')
  expect(signIn.view).toMatchObject({ problem: null })
})

it('a server with a key of its own in the headers is never signed in to', async () => {
  const world = await openWorld({ runtime: { headers: { Authorization: 'Bearer my-own-key' } } })
  const refused = await world.gateway.call('cloud', 'tools/list')
  expect(refused.error?.message).toContain('Set `headers`')
  await expect(world.signIn()).rejects.toThrow('no sign-in')
})
