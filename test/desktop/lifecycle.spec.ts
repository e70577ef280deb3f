import fs from 'node:fs'
import path from 'node:path'
import { isAlive } from '../support/processes.ts'
import { expect, onLinux, test } from './desktop-app.ts'
import type { DesktopApp } from './desktop-app.ts'
import { sampleServer, serverTree } from './desktop-user.ts'

onLinux()

const status = async (app: DesktopApp, id: string): Promise<unknown> => {
  const rows = (await app.ok('servers.list')) as { id: string; status: string }[]
  return rows.find((row) => row.id === id)?.status
}

test('the tray shows the servers, and its clicks start, restart and stop them', async ({
  user,
  launch,
}) => {
  user.install([sampleServer('sample', { display_name: 'Sample & Co' })])
  const app = await launch()
  await expect.poll(() => app.tray.labels()).toContain('○ Sample && Co')
  expect(await app.tray.toolTip()).toBe('Open MCP Gateway: 0 of 1 servers run')
  await app.tray.click('○ Sample && Co', 'Start')
  await expect.poll(() => app.tray.labels()).toContain('● Sample && Co')
  expect(await app.tray.toolTip()).toBe('Open MCP Gateway: 1 of 1 servers runs')
  const [first] = user.serverProcesses()
  expect(first).toBeGreaterThan(0)
  await app.tray.click('● Sample && Co', 'Restart')
  await expect.poll(() => user.serverProcesses().filter((pid) => pid !== first)).toHaveLength(1)
  await expect.poll(() => status(app, 'sample')).toBe('running')
  await expect.poll(() => app.tray.labels()).toContain('● Sample && Co')
  await app.tray.click('● Sample && Co', 'Stop')
  await expect.poll(() => app.tray.labels()).toContain('○ Sample && Co')
  expect(user.serverProcesses()).toEqual([])
})

test('pausing from the tray stops all servers and starts none until it is resumed', async ({
  user,
  launch,
}) => {
  user.install([sampleServer('one'), sampleServer('two')])
  const app = await launch()
  await app.ok('server.start', { id: 'one' })
  await expect.poll(() => app.tray.labels()).toContain('● one')
  await app.tray.click('Pause all servers')
  await expect.poll(() => app.tray.labels()).toContain('Resume')
  await expect.poll(() => user.serverProcesses()).toEqual([])
  expect(await app.ask('server.start', { id: 'two' })).toHaveProperty('error')
  await app.tray.click('Resume')
  await expect.poll(() => app.tray.labels()).toContain('Pause all servers')
  await app.ok('server.start', { id: 'two' })
  await expect.poll(() => status(app, 'two')).toBe('running')
})

test('what fails in the tray opens the window at its server', async ({ user, launch }) => {
  user.install([{ id: 'broken', runtime: { type: 'local-process', command: 'no-such-program' } }])
  const app = await launch({ args: ['--hidden'] })
  await expect.poll(() => app.tray.labels()).toContain('○ broken')
  await app.tray.click('○ broken', 'Start')
  const page = await app.page()
  await expect.poll(() => new URL(page.url()).hash).toBe('#/servers/broken')
})

test('quitting from the tray leaves no process of any server', async ({ user, launch }) => {
  user.install([serverTree('tree'), serverTree('second', '--ignore-eof')])
  const app = await launch()
  await app.ok('server.start', { id: 'tree' })
  await app.ok('server.start', { id: 'second' })
  const pids = user.serverProcesses()
  expect(pids).toHaveLength(6)
  await app.tray.click('Quit')
  expect(await app.exited).toBe(0)
  expect(pids.filter(isAlive)).toEqual([])
  expect(user.gateway()).toBeUndefined()
})

test('a call in flight finishes before the app quits; a second quit does not wait for it', async ({
  user,
  launch,
}) => {
  user.install([serverTree('tree')])
  const held = path.join(user.home, 'held')
  const callHeld = (app: DesktopApp) =>
    app.ask('server.call', {
      id: 'tree',
      call_id: 'held',
      method: 'tools/call',
      params: { name: 'hold', arguments: { file: held } },
    })
  const first = await launch()
  const answer = callHeld(first)
  await expect.poll(() => status(first, 'tree')).toBe('running')
  await expect
    .poll(async () => JSON.stringify(await first.ok('server.get', { id: 'tree' })))
    .toContain('"request_count":1')
  const quit = (app: DesktopApp) => app.electron.evaluate(({ app: electron }) => electron.quit())
  await quit(first)
  fs.writeFileSync(held, '')
  expect(await answer).toMatchObject({ ok: { response: { result: {} } } })
  expect(await first.exited).toBe(0)

  fs.rmSync(held)
  const second = await launch()
  const lost = callHeld(second).catch(() => {})
  await expect.poll(() => status(second, 'tree')).toBe('running')
  const pids = user.serverProcesses()
  await quit(second)
  await quit(second).catch(() => {})
  expect(await second.exited).toBe(1)
  await lost
  await expect.poll(() => pids.filter(isAlive)).toEqual([])
})

test.describe('ended from outside', () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    test(`${signal} is a quit`, async ({ user, launch }) => {
      user.install([serverTree('tree')])
      const app = await launch()
      await app.ok('server.start', { id: 'tree' })
      const pids = user.serverProcesses()
      process.kill(app.pid, signal)
      expect(await app.exited).toBe(0)
      expect(pids.filter(isAlive)).toEqual([])
    })

  test('a bug in the app ends the servers with it', async ({ user, launch }) => {
    user.install([serverTree('tree')])
    const app = await launch()
    await app.ok('server.start', { id: 'tree' })
    const pids = user.serverProcesses()
    await app.electron
      .evaluate(() => {
        setTimeout(() => {
          throw new Error('a bug')
        })
      })
      .catch(() => {})
    expect(await app.exited).toBe(1)
    await expect.poll(() => pids.filter(isAlive)).toEqual([])
    expect(user.gateway()).toBeUndefined()
  })

  test('after a kill the next start ends what was left, and runs', async ({ user, launch }) => {
    user.install([serverTree('tree', '--ignore-eof')])
    const first = await launch()
    await first.ok('server.start', { id: 'tree' })
    const pids = user.serverProcesses()
    expect(pids).toHaveLength(3)
    first.kill()
    await first.exited
    expect(pids.filter(isAlive)).toHaveLength(3)
    const second = await launch()
    await second.page()
    await expect.poll(() => pids.filter(isAlive)).toEqual([])
    await second.ok('server.start', { id: 'tree' })
    await expect.poll(() => status(second, 'tree')).toBe('running')
  })
})

test('when the machine wakes up, every running server is asked whether it lives', async ({
  user,
  launch,
}) => {
  const journal = path.join(user.home, 'journal')
  user.install([serverTree('tree', `--journal=${journal}`)])
  const app = await launch()
  await app.ok('server.start', { id: 'tree' })
  const pings = (): number =>
    fs
      .readFileSync(journal, 'utf8')
      .split('\n')
      .filter((line) => line.includes('"answered":"ping"')).length
  expect(pings()).toBe(0)
  await app.electron.evaluate(({ powerMonitor }) => powerMonitor.emit('resume'))
  await expect.poll(pings).toBe(1)
})

test('the log is beside the state, for a person to look at, and holds no key', async ({
  user,
  app,
}) => {
  const { key } = (await app.ok('key.reveal')) as { key: string }
  const log = fs.readFileSync(path.join(user.stateDir, 'gateway.log'), 'utf8')
  expect(log).toContain('is listening')
  expect(log).not.toContain(key)
})

test('launch at login is written where the desktop looks, for an app that is installed', async ({
  user,
  app,
  kind,
  program,
}) => {
  const entry = path.join(user.home, '.config', 'autostart', 'open-mcp-gateway.desktop')
  if (kind !== 'packaged' || typeof program === 'string') {
    expect(await app.ok('desktop.get')).toMatchObject({ can_launch_at_login: false })
    expect(await app.ask('desktop.set', { launch_at_login: true })).toMatchObject({
      error: { code: 'conflict', message: expect.stringContaining('from its sources') },
    })
    expect(fs.existsSync(entry)).toBe(false)
    return
  }
  await expect.poll(() => app.tray.labels()).toContain('Launch at login')
  await app.tray.click('Launch at login')
  await expect.poll(() => app.ok('desktop.get')).toMatchObject({ launch_at_login: true })
  expect(fs.readFileSync(entry, 'utf8')).toContain(`\nExec=${program.executablePath} --hidden\n`)
  await expect
    .poll(async () => (await app.tray.items()).find(({ label }) => label === 'Launch at login'))
    .toMatchObject({ checked: true })
  expect(await app.ok('desktop.set', { launch_at_login: false })).toMatchObject({
    launch_at_login: false,
  })
  expect(fs.existsSync(entry)).toBe(false)
})
