import fs from 'node:fs/promises'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway.ts'
import { browse, isCallback } from './browser.ts'
import { ProtectedServer } from './protected-server.ts'
import { cloudEntry, openWorld, worldOf } from './signed-gateway.ts'
import type { World } from './signed-gateway.ts'

/** Ends the gateway and starts another in its folder. */
async function restarted(world: World, servers?: readonly object[]): Promise<World> {
  const { gateway, authorizationServer, server, clock } = world
  await gateway.close()
  const next = await startGateway({
    servers: servers ?? [cloudEntry(server.url)],
    dir: gateway.dir,
    clock,
    signIns: {},
  })
  return worldOf(authorizationServer, server, next, clock)
}

/** Every file below the state directory, as text. */
async function stateText(world: World): Promise<string> {
  const dir = world.gateway.file('state')
  const names = await fs.readdir(dir, { recursive: true, withFileTypes: true })
  const files = names.filter((it) => it.isFile()).map((it) => path.join(it.parentPath, it.name))
  return (await Promise.all(files.map((file) => fs.readFile(file, 'latin1')))).join('\n')
}

it('stays signed in across a restart, and shows it before anything is asked', async () => {
  const world = await openWorld()
  await world.asPerson()
  expect(await world.whoami()).toBe('ada')
  const next = await restarted(world)
  expect(next.gateway.core.servers.get('cloud')?.signIn?.view).toMatchObject({
    state: 'signed_in',
    issuer: world.authorizationServer.issuer,
    scopes: ['read', 'write'],
  })
  expect(await next.whoami()).toBe('ada')
  expect(world.authorizationServer.tokenRequests).toHaveLength(1)
})

it('a restart in mid-flow: the browser comes back to the next gateway', async () => {
  const world = await openWorld()
  const { url } = await (await world.signIn()).start()
  const next = await restarted(world)
  await eventually(() =>
    expect(next.gateway.core.servers.get('cloud')?.signIn?.view?.state).toBe('in_progress'),
  )
  const page = await browse(url)
  expect(page.text).toContain('Signed in')
  expect(await next.whoami()).toBe('ada')
})

it('a server that has moved never sees the old token, and the old one none of the new', async () => {
  const world = await openWorld()
  await world.asPerson()
  await world.whoami()
  const token = world.server.seen.at(-1)?.token ?? ''
  // As an instance has it that outlives the edit.
  const before = (await world.signIn()).authorization({ url: world.server.url, oauth: undefined })
  const { signal } = new AbortController()
  expect(await before.header(signal)).toBe(`Bearer ${token}`)
  const other = await ProtectedServer.start(world.authorizationServer)
  onTestFinished(() => other.stop())
  await world.gateway.reload([cloudEntry(other.url)])
  const refused = await world.gateway.call('cloud', 'tools/call', { name: 'whoami' })
  expect(refused.failure?.code).toBe('sign_in_needed')
  expect(other.seen.map(({ token: seen }) => seen)).not.toContain(token)
  expect(other.seen.every(({ token: seen }) => seen === undefined)).toBe(true)
  await world.asPerson()
  expect(await world.whoami()).toBe('ada')
  const given = other.seen.at(-1)?.token
  expect(world.server.seen.map(({ token: seen }) => seen)).not.toContain(given)
  expect(await before.header(signal)).toBe(undefined)
  const refusal = { status: 401, challenge: undefined, sent: undefined }
  expect(await before.refused(refusal, signal)).toBe(false)
  // What the old address was signed in with is of no use any more.
  await eventually(() => expect(world.authorizationServer.revocations).toBeGreaterThan(0))
})

it('signing out revokes the tokens, forgets them, and stops what runs', async () => {
  const world = await openWorld()
  await world.asPerson()
  await world.whoami()
  const token = world.server.seen.at(-1)?.token ?? ''
  expect(await (await world.signIn()).signOut()).toBe(null)
  expect(world.authorizationServer.revocations).toBeGreaterThan(0)
  expect(await world.authorizationServer.inspect(token, world.server.url)).toBe(undefined)
  const refused = await world.gateway.call('cloud', 'tools/call', { name: 'whoami' })
  expect(refused.failure?.code).toBe('sign_in_needed')
  expect((await world.signIn()).view).toMatchObject({ state: 'needed', scopes: [] })
  const next = await restarted(world)
  expect(next.gateway.core.servers.get('cloud')?.signIn).toBe(undefined)
})

it('an issuer that is away is told nothing, which is said', async () => {
  const world = await openWorld()
  await world.asPerson()
  await world.authorizationServer.stop()
  expect(await (await world.signIn()).signOut()).toContain('cannot be asked')
})

it('an entry that is removed is signed out; one that is only not in another catalog is not', async () => {
  const world = await openWorld()
  await world.asPerson()
  await world.whoami()
  const { gateway, authorizationServer } = world
  const elsewhere = await startGateway({
    servers: [],
    clock: world.clock,
    signIns: { catalogPath: gateway.file('other.yaml') },
    dir: gateway.dir,
  })
  await elsewhere.close()
  expect(authorizationServer.revocations).toBe(0)
  await gateway.reload([])
  await eventually(() => expect(authorizationServer.revocations).toBeGreaterThan(0))
  await eventually(async () =>
    expect(await fs.readFile(gateway.file('state/sign-ins.json'), 'utf8')).not.toContain('cloud'),
  )
})

it('an entry that is removed while no gateway runs is signed out by the next', async () => {
  const world = await openWorld()
  await world.asPerson()
  await restarted(world, [])
  await eventually(() => expect(world.authorizationServer.revocations).toBeGreaterThan(0))
})

it('no token, code, verifier or client secret is in a log, an answer or a plain file', async () => {
  const world = await openWorld({ authorizationServer: { secrets: true } })
  await world.gateway.call('cloud', 'tools/list')
  const signIn = await world.signIn()
  const { url } = await browse((await signIn.start()).url, isCallback)
  const code = url.searchParams.get('code') ?? ''
  const state = url.searchParams.get('state') ?? ''
  await signIn.finish(url.href)
  await world.whoami()
  world.clock.passedMs = 3_600_000
  await world.whoami()
  // A server that repeats in an error what it was sent.
  world.server.isEcho = true
  const echoed = await world.gateway.call('cloud', 'tools/call', { name: 'whoami' })
  expect(echoed.error?.message).toContain('you said Bearer ***')
  world.server.isEcho = false
  world.server.refusesAll = true
  const refused = await world.gateway.call('cloud', 'tools/call', { name: 'whoami' })
  const secrets = [code, state, ...world.authorizationServer.given]
  expect(secrets.length).toBeGreaterThanOrEqual(7)
  const { core } = world.gateway
  const shown = JSON.stringify([
    echoed,
    refused,
    core.server('cloud'),
    core.listServers(),
    core.logs('cloud'),
    signIn.view,
    world.gateway.events,
    world.gateway.log,
  ])
  const files = await stateText(world)
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(10)
    expect(shown).not.toContain(secret)
    expect(files).not.toContain(secret)
  }
})
