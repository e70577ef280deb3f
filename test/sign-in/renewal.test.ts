import { expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway.ts'
import { cloudEntry, openWorld, worldOf } from './signed-gateway.ts'
import type { World } from './signed-gateway.ts'

const hourMs = 3_600_000

/** The token requests since the sign-in. */
function renewals(world: World) {
  return world.authorizationServer.tokenRequests.filter((it) => it.grantType === 'refresh_token')
}

/** The token of the last request. */
function lastToken(world: World): string {
  return world.server.seen.at(-1)?.token ?? ''
}

it('ten sessions at one expiry renew once, ahead of it, and none of them notices', async () => {
  const world = await openWorld({ entry: { isolation: 'session' } })
  await world.asPerson()
  const sessions = await Promise.all(
    Array.from({ length: 10 }, () => world.gateway.session({ serverId: 'cloud' })),
  )
  await Promise.all(sessions.map((session) => session.tool('whoami')))
  const before = lastToken(world)
  const { promise, resolve } = Promise.withResolvers<void>()
  world.authorizationServer.hold = promise
  world.clock.passedMs = hourMs + 1_000
  const answers = sessions.map((session) => session.tool('whoami'))
  await eventually(() => expect(world.authorizationServer.held).toBe(1))
  resolve()
  expect(await Promise.all(answers)).toEqual(Array.from({ length: 10 }, () => 'ada'))
  expect(renewals(world)).toHaveLength(1)
  expect(renewals(world)[0]?.resource).toBe(world.server.url)
  expect(lastToken(world)).not.toBe(before)
})

it('renews ahead of the end: no request carries a token that is about to expire', async () => {
  const world = await openWorld()
  await world.asPerson()
  await world.whoami()
  world.clock.passedMs = hourMs - 30_000
  await world.whoami()
  expect(renewals(world)).toHaveLength(1)
  expect((await world.signIn()).view?.expires_at).toMatch(/Z$/)
  // And again with what the first renewal gave: the refresh token has changed with it.
  world.clock.passedMs = 2 * hourMs - 40_000
  await world.whoami()
  expect(renewals(world).map(({ status }) => status)).toEqual([200, 200])
})

it('a token that the server takes for expired, whatever our clock says, is renewed and the call goes on', async () => {
  const world = await openWorld()
  await world.asPerson()
  await world.whoami()
  world.clock.passedMs = 40_000
  await world.authorizationServer.expire(lastToken(world))
  expect(await world.whoami()).toBe('ada')
  expect(renewals(world)).toHaveLength(1)
})

it('a clock that was set back a day does no harm', async () => {
  const world = await openWorld()
  await world.asPerson()
  await world.whoami()
  await world.authorizationServer.expire(lastToken(world))
  world.clock.passedMs = 40_000
  world.clock.setMs = -24 * hourMs
  expect(await world.whoami()).toBe('ada')
})

it('keys that were rotated: the old token is refused, the renewed one is good', async () => {
  const world = await openWorld({ authorizationServer: { tokens: 'jwt' } })
  await world.asPerson()
  expect(await world.whoami()).toBe('ada')
  world.clock.passedMs = 40_000
  world.authorizationServer.rotateKeys()
  expect(await world.whoami()).toBe('ada')
  expect(renewals(world)).toHaveLength(1)
})

it('what was revoked needs a person, says so, stops what runs, and is whole again after it', async () => {
  const world = await openWorld()
  await world.asPerson()
  await world.whoami()
  world.clock.passedMs = 40_000
  await world.authorizationServer.revoke(lastToken(world))
  const refused = await world.gateway.call('cloud', 'tools/call', { name: 'whoami' })
  expect(refused.failure?.code).toBe('sign_in_needed')
  expect(refused.error?.message).toContain('expired or was revoked')
  await eventually(() =>
    expect(world.gateway.core.server('cloud')).toMatchObject({ status: 'stopped' }),
  )
  expect(renewals(world).map(({ status }) => status)).toEqual([400])
  await world.asPerson()
  expect(await world.whoami()).toBe('ada')
})

it('a server that refuses even a new token is not asked for ever', async () => {
  const world = await openWorld()
  await world.asPerson()
  await world.whoami()
  world.server.refusesAll = true
  world.clock.passedMs = 40_000
  const refused = await world.gateway.call('cloud', 'tools/call', { name: 'whoami' })
  expect(refused.failure?.code).toBe('sign_in_needed')
  expect(refused.error?.message).toContain('has just given out')
  expect(renewals(world)).toHaveLength(1)
  // Started by hand, it is tried again with what there is.
  world.server.refusesAll = false
  await world.gateway.core.start('cloud')
  expect(await world.whoami()).toBe('ada')
})

it('an issuer that is away keeps nobody from using a token that is still good', async () => {
  const world = await openWorld()
  await world.asPerson()
  await world.whoami()
  await world.authorizationServer.stop()
  world.clock.passedMs = hourMs - 30_000
  // Opaque tokens are looked up in the issuer's memory, which is still there.
  expect(await world.whoami()).toBe('ada')
  world.clock.passedMs = hourMs + 1_000
  const refused = await world.gateway.call('cloud', 'tools/call', { name: 'whoami' })
  expect(refused.failure?.code).toBe('server_failed')
  expect((await world.signIn()).view?.state).toBe('signed_in')
})

it('an issuer that does not know its client any more gets a new one', async () => {
  const world = await openWorld()
  await world.asPerson()
  await world.whoami()
  world.authorizationServer.forgetClients()
  world.clock.passedMs = hourMs + 1_000
  const refused = await world.gateway.call('cloud', 'tools/call', { name: 'whoami' })
  expect(refused.failure?.code).toBe('sign_in_needed')
  await world.asPerson()
  expect(await world.whoami()).toBe('ada')
  expect(world.authorizationServer.registered).toHaveLength(2)
})

it('two gateways on one state directory renew once', async () => {
  const world = await openWorld()
  await world.asPerson()
  await world.whoami()
  const { dir } = world.gateway
  const { authorizationServer, server, clock } = world
  const gateway = await startGateway({
    servers: [cloudEntry(server.url)],
    dir,
    clock,
    signIns: {},
  })
  const other = worldOf(authorizationServer, server, gateway, clock)
  expect(await other.whoami()).toBe('ada')
  clock.passedMs = hourMs + 1_000
  expect(await Promise.all([world.whoami(), other.whoami()])).toEqual(['ada', 'ada'])
  expect(renewals(world)).toHaveLength(1)
})
