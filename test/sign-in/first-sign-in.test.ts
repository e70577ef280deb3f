import { expect, it } from 'vitest'
import { z } from 'zod'
import { eventually } from '../support/eventually.ts'
import { browse, isCallback } from './browser.ts'
import { openWorld } from './signed-gateway.ts'

it('a server that wants a sign-in says so at once, and works after it', async () => {
  const world = await openWorld()
  const refused = await world.gateway.call('cloud', 'tools/call', { name: 'whoami' })
  expect(refused.failure?.code).toBe('sign_in_needed')
  expect(refused.error?.message).toContain('gateway auth cloud')
  const { core } = world.gateway
  expect(core.server('cloud')).toMatchObject({ status: 'stopped', last_error: null })
  expect((await world.signIn()).view).toMatchObject({
    state: 'needed',
    issuer: world.authorizationServer.issuer,
    scopes: ['read'],
  })
  const asked = world.server.seen.length
  expect((await world.gateway.call('cloud', 'tools/list')).failure?.code).toBe('sign_in_needed')
  expect(world.server.seen).toHaveLength(asked)
  const page = await world.asPerson()
  expect(page).toMatchObject({ status: 200, text: expect.stringContaining('Signed in') })
  expect(await world.whoami()).toBe('ada')
  expect((await world.signIn()).view).toMatchObject({ state: 'signed_in', renews: true })
  expect(core.server('cloud').status).toBe('running')
})

it('calls wait while a person signs in, and go on', async () => {
  const world = await openWorld()
  const signIn = await world.signIn()
  const { url } = await signIn.start()
  const waiting = [world.whoami(), world.whoami(), world.whoami()]
  await eventually(() => expect(world.gateway.core.server('cloud').reason).toContain('sign-in'))
  expect(world.gateway.core.server('cloud').status).toBe('stopped')
  await browse(url)
  expect(await Promise.all(waiting)).toEqual(['ada', 'ada', 'ada'])
  expect(world.authorizationServer.tokenRequests).toHaveLength(1)
})

it('calls wait no longer than they should, and a link that is out stays out', async () => {
  const world = await openWorld({ signIns: { callWaitMs: 100 } })
  const signIn = await world.signIn()
  const { url } = await signIn.start()
  const late = await world.gateway.call('cloud', 'tools/list')
  expect(late.failure?.code).toBe('sign_in_needed')
  expect(signIn.view?.state).toBe('in_progress')
  expect((await signIn.start()).url).toBe(url)
  await browse(url)
  expect(await world.whoami()).toBe('ada')
})

it('the link carries PKCE, state, the resource and the scopes, and the tokens are for that resource', async () => {
  const world = await openWorld()
  await world.whoami()
  const { url } = await (await world.signIn()).start()
  const asked = Object.fromEntries(new URL(url).searchParams)
  expect(asked).toMatchObject({
    response_type: 'code',
    code_challenge_method: 'S256',
    resource: world.server.url,
    scope: 'read offline_access',
    redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/callback$/),
  })
  expect(asked['state']?.length).toBeGreaterThan(40)
  await browse(url)
  expect(world.authorizationServer.tokenRequests).toEqual([
    expect.objectContaining({ grantType: 'authorization_code', resource: world.server.url }),
  ])
})

it('a refused consent is said, on the page and to who asks, without a word of the issuer’s', async () => {
  const world = await openWorld()
  await world.whoami()
  world.authorizationServer.person = undefined
  const page = await world.asPerson()
  expect(page.text).toContain('was not granted')
  expect(page.text).not.toContain('said')
  const { view } = await world.signIn()
  expect(view).toMatchObject({ state: 'failed', problem: expect.stringContaining('refused') })
  expect((await world.gateway.call('cloud', 'tools/list')).error?.message).toContain('refused')
  world.authorizationServer.person = 'ada'
  await world.asPerson()
  expect(await world.whoami()).toBe('ada')
})

it('a browser that is closed leaves nothing open', async () => {
  const world = await openWorld({ signIns: { linkMs: 200 } })
  const signIn = await world.signIn()
  const { url } = await signIn.start()
  const waiting = world.gateway.call('cloud', 'tools/list')
  expect((await waiting).failure?.code).toBe('sign_in_needed')
  expect(signIn.view).toMatchObject({ state: 'needed', problem: expect.stringContaining('Nobody') })
  const { searchParams } = new URL(url)
  await expect(fetch(`${searchParams.get('redirect_uri')}?state=x`)).rejects.toThrow()
})

it('what a person gives up is over at once', async () => {
  const world = await openWorld()
  const signIn = await world.signIn()
  await signIn.start()
  const waiting = world.gateway.call('cloud', 'tools/list')
  await signIn.cancel()
  expect((await waiting).failure?.code).toBe('sign_in_needed')
  expect(signIn.view?.state).toBe('needed')
})

it('takes the pasted address, of this link and no other', async () => {
  const world = await openWorld()
  const signIn = await world.signIn()
  const first = await browse((await signIn.start()).url, isCallback)
  await signIn.cancel()
  const second = await browse((await signIn.start()).url, isCallback)
  await expect(signIn.finish(first.url.href)).rejects.toThrow('not the address')
  await expect(signIn.finish('what?')).rejects.toThrow('not the address')
  await signIn.finish(` ${second.url.href}\n`)
  expect(await world.whoami()).toBe('ada')
  await expect(signIn.finish(second.url.href)).rejects.toMatchObject({ code: 'not_found' })
})

it('the listener answers its own address alone, and repeats nothing of what it was sent', async () => {
  const world = await openWorld()
  const { url } = await (await world.signIn()).start()
  const redirect = new URL(new URL(url).searchParams.get('redirect_uri') ?? '')
  const wrong = await fetch(`${redirect.href}?state=%3Cscript%3E&code=abc&error=%3Cb%3E`)
  expect(wrong.status).toBe(400)
  expect(await wrong.text()).not.toMatch(/script|abc|<b>/)
  expect(wrong.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(wrong.headers.get('cache-control')).toBe('no-store')
  expect((await fetch(redirect, { method: 'POST' })).status).toBe(405)
  expect((await fetch(new URL('/', redirect))).status).toBe(404)
  const foreign = await fetch(redirect.href.replace('127.0.0.1', 'localhost')).catch(
    () => undefined,
  )
  expect(foreign?.status ?? 403).toBe(403)
  const page = await browse(url)
  expect(page.text).toContain('Signed in')
})

it('an answer of another issuer is not taken, and its code goes nowhere', async () => {
  const world = await openWorld()
  const signIn = await world.signIn()
  const { url } = await browse((await signIn.start()).url, isCallback)
  url.searchParams.set('iss', `${world.authorizationServer.issuer}/`)
  await expect(signIn.finish(url.href)).rejects.toThrow('another issuer')
  expect(world.authorizationServer.tokenRequests).toEqual([])
  expect(signIn.view).toMatchObject({ state: 'failed' })
})

it('of another issuer’s answer not even the error is believed', async () => {
  const world = await openWorld()
  const signIn = await world.signIn()
  const { searchParams } = new URL((await signIn.start()).url)
  const url = new URL(searchParams.get('redirect_uri') ?? '')
  url.searchParams.set('error', 'access_denied')
  url.searchParams.set('state', searchParams.get('state') ?? '')
  url.searchParams.set('iss', 'https://evil.example.test')
  const page = await browse(url.href)
  expect(page.text).toContain('came to nothing')
  expect(page.text).not.toContain('evil')
  expect(signIn.view?.problem).toContain('another issuer')
})

it('an AI client that can show links gets one for what it calls', async () => {
  const world = await openWorld()
  await world.asPerson()
  const session = await world.gateway.session({ capabilities: { elicitation: { url: {} } } })
  expect(await session.tool('cloud__whoami')).toBe('ada')
  await world.authorizationServer.revoke(world.server.seen.at(-1)?.token ?? '')
  const answer = await session.request('tools/call', { name: 'cloud__whoami' })
  expect(answer.error).toMatchObject({ code: -32042 })
  const [{ mode, url }] = elicitations.parse(answer.error).data.elicitations
  expect(mode).toBe('url')
  await browse(url)
  expect(await session.tool('cloud__whoami')).toBe('ada')
})

const elicitations = z.object({
  data: z.object({ elicitations: z.tuple([z.object({ mode: z.string(), url: z.string() })]) }),
})
