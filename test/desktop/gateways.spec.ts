import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { connect } from '../integration/sdk-client.ts'
import { isAlive } from '../support/processes.ts'
import { expect, onLinux, test } from './desktop-app.ts'
import { nodePath, root, sampleServer, serverTree } from './desktop-user.ts'
import type { DesktopUser } from './desktop-user.ts'

onLinux()

/** The shim, as an AI client starts it. */
const shim = (user: DesktopUser) => ({
  command: nodePath,
  args: [path.join(root, 'dist', 'gateway-stdio.cjs')],
  env: user.env,
})

/** `gateway-http` as a service: nobody's shim has started it. */
async function startService(user: DesktopUser) {
  const program = path.join(root, 'dist', 'gateway-http.cjs')
  const child = spawn(nodePath, [program], { env: user.env, cwd: user.home, stdio: 'ignore' })
  const exited = once(child, 'exit')
  await expect.poll(() => user.gateway()?.pid).toBe(child.pid)
  return {
    pid: child.pid ?? 0,
    end: async () => {
      child.kill('SIGTERM')
      await exited
    },
  }
}

test('a gateway that a shim has started is taken over in mid-session, and nothing is lost', async ({
  user,
  launch,
}) => {
  user.install([serverTree('tree')])
  const client = await connect('v1', { command: shim(user) })
  const before = await client.callTool('tree__echo', { text: 'turn 1' })
  const spawned = user.gateway()
  expect(spawned).toMatchObject({ spawned: true })
  const file = path.join(user.home, 'held')
  const inFlight = client.callTool('tree__hold', { file })
  const launched = launch()
  // The old gateway takes nothing new: what is asked for now is kept by the shim until somebody else does.
  await expect.poll(() => fs.existsSync(path.join(user.stateDir, 'gateway.sock'))).toBe(false)
  const waiting = ['a', 'b', 'c'].map((text) => client.callTool('tree__echo', { text }))
  fs.writeFileSync(file, '')
  expect(await inFlight).toMatchObject({ content: [{ type: 'text' }] })
  expect(await Promise.all(waiting)).toMatchObject(
    ['a', 'b', 'c'].map((text) => ({ content: [{ text }] })),
  )
  const app = await launched
  expect(user.gateway()).toMatchObject({ pid: app.pid, spawned: false })
  expect(isAlive(spawned?.pid ?? 0)).toBe(false)
  expect(await app.ok('desktop.get')).toMatchObject({ gateway: 'own', problem: null })
  // The same session goes on, with us.
  expect(await client.callTool('tree__echo', { text: 'turn 1' })).toEqual(before)
  await expect.poll(() => app.ok('gateway.info')).toMatchObject({ sessions: 1 })
  // Nobody has started a third one meanwhile.
  expect(user.processesOf('gateway-http')).toEqual([])
  await client.close()
})

test('the next shim finds the gateway of the app, and after quitting one starts its own', async ({
  user,
  app,
}) => {
  const client = await connect('v1', { command: shim(user) })
  await client.callTool('sample__echo', {})
  expect(user.gateway()?.pid).toBe(app.pid)
  await app.quit()
  // The app was somebody's own doing: the shim gives it a moment to come back, then helps itself.
  expect(await client.callTool('sample__echo', { after: true })).toMatchObject({
    content: [{ text: '{"after":true}' }],
  })
  const next = user.gateway()
  expect(next).toMatchObject({ spawned: true })
  await client.close()
  process.kill(next?.pid ?? 0, 'SIGTERM')
  await expect.poll(() => isAlive(next?.pid ?? 0)).toBe(false)
})

test('a gateway that runs as a service is attached to, with the same window, and left running', async ({
  user,
  launch,
}) => {
  const service = await startService(user)
  const app = await launch()
  expect(await app.ok('desktop.get')).toMatchObject({ gateway: 'attached', problem: null })
  expect(await app.ok('gateway.info')).toMatchObject({ pid: service.pid })
  await app.ok('server.start', { id: 'sample' })
  await expect.poll(() => app.tray.labels()).toContain('● sample')
  const page = await app.page()
  await expect(page.getByText('sample').first()).toBeVisible()
  await app.quit()
  expect(isAlive(service.pid)).toBe(true)
  expect(user.gateway()?.pid).toBe(service.pid)
  await service.end()
})

test('when the gateway that it is attached to ends, the app hosts one', async ({
  user,
  launch,
}) => {
  const service = await startService(user)
  const app = await launch()
  expect(await app.ok('desktop.get')).toMatchObject({ gateway: 'attached' })
  await service.end()
  await expect.poll(() => user.gateway()?.pid, { timeout: 15_000 }).toBe(app.pid)
  await expect.poll(() => app.ok('desktop.get')).toMatchObject({ gateway: 'own', problem: null })
  expect(await app.ok('servers.list')).toMatchObject([{ id: 'sample' }])
  await expect.poll(() => app.tray.labels()).toContain('○ sample')
  app.complaints.length = 0
})

test('a port that is taken is said in the window, by whom and what to do, and another try mends it', async ({
  user,
  launch,
}) => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  user.configure({ listen_addr: `127.0.0.1:${port}` })
  const app = await launch()
  const state = await app.ok('desktop.get')
  expect(state).toMatchObject({
    gateway: 'none',
    problem: expect.stringMatching(
      new RegExp(`Cannot listen on 127.0.0.1:${port}: another program .*choose another port`),
    ),
  })
  // Every call says the same, so every screen can.
  expect(await app.ask('servers.list')).toMatchObject({
    error: { code: 'conflict', message: expect.stringContaining('Cannot listen on') },
  })
  await expect.poll(() => app.tray.labels()).toContain('Try again')
  expect(await app.ask('desktop.restart_gateway')).toMatchObject({ error: { code: 'conflict' } })
  await new Promise((resolve) => other.close(resolve))
  await expect.poll(() => app.tray.labels()).toContain('Try again')
  await app.tray.click('Try again')
  await expect.poll(() => app.ok('desktop.get')).toMatchObject({ gateway: 'own', problem: null })
  expect(await app.ok('servers.list')).toMatchObject([{ id: 'sample' }])
  app.complaints.length = 0
})

test.describe('what keeps the gateway from starting is said, and the window opens anyway', () => {
  test('a state directory that cannot be used', async ({ user, launch }) => {
    fs.mkdirSync(path.dirname(user.stateDir), { recursive: true })
    fs.writeFileSync(user.stateDir, 'a file in its place')
    const app = await launch()
    expect(await app.ok('desktop.get')).toMatchObject({
      gateway: 'none',
      problem: expect.stringContaining(user.stateDir),
    })
    app.complaints.length = 0
  })

  test('a config with an unknown key', async ({ user, launch }) => {
    user.configure({ listen_adr: '127.0.0.1:0' })
    const app = await launch()
    expect(await app.ok('desktop.get')).toMatchObject({
      gateway: 'none',
      problem: expect.stringContaining("Did you mean 'listen_addr'?"),
    })
    user.configure({ listen_addr: '127.0.0.1:0' })
    const page = await app.page()
    const banner = page.getByRole('alert').filter({ hasText: 'The gateway did not start.' })
    await expect(banner).toContainText("Did you mean 'listen_addr'?")
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect(page.getByText('sample', { exact: true }).first()).toBeVisible()
    await expect(banner).toHaveCount(0)
    expect(await app.ok('servers.list')).toMatchObject([{ id: 'sample' }])
    app.complaints.length = 0
  })
})

test('nothing of the folder that the app is started in is read', async ({ user, launch }) => {
  // Playwright starts it in the home folder.
  fs.writeFileSync(path.join(user.home, 'config.yaml'), 'auth: none\nlisten_addr: 0.0.0.0:0\n')
  fs.writeFileSync(path.join(user.home, 'catalog.yaml'), 'servers: []\n')
  const app = await launch()
  expect(await app.ok('servers.list')).toMatchObject([{ id: 'sample' }])
  expect(user.gateway()?.url).toMatch(/^http:\/\/127\.0\.0\.1:/)
})

test('restarting the gateway keeps the window, and takes the settings on disk', async ({
  user,
  app,
}) => {
  const first = user.gateway()?.url
  user.install([sampleServer('sample'), sampleServer('more')])
  user.configure({ listen_addr: '127.0.0.1:0', idle_timeout_seconds: 7 })
  await app.ok('desktop.restart_gateway')
  expect(user.gateway()?.url).not.toBe(first)
  expect(await app.ok('settings.get')).toMatchObject({ idle_timeout_seconds: 7 })
  const page = await app.page()
  await expect(page.getByText('more').first()).toBeVisible()
})
