import { expect, it } from 'vitest'
import { openWorld } from './signed-gateway.ts'

it('a server that wants a sign-in says so at once, and works after it', async () => {
  const world = await openWorld()
  const refused = await world.gateway.call('cloud', 'tools/call', { name: 'whoami' })
  expect(refused.failure?.code).toBe('sign_in_needed')
  expect(refused.error?.message).toContain('gateway auth cloud')
  expect(world.gateway.core.server('cloud')).toMatchObject({ status: 'stopped' })
  expect((await world.signIn()).view).toMatchObject({
    state: 'needed',
    issuer: world.authorizationServer.issuer,
    scopes: ['read'],
  })
  const page = await world.asPerson()
  expect(page.text).toContain('Signed in')
  expect(page.status).toBe(200)
  expect(await world.whoami()).toBe('ada')
  expect((await world.signIn()).view).toMatchObject({ state: 'signed_in', renews: true })
})
