import type { Page } from '@playwright/test'
import { expect, test } from './desktop-app.ts'
import type { DesktopApp } from './desktop-app.ts'

test('the window calls the gateway by the table, and hears what happens', async ({ app }) => {
  const page = await app.page()
  expect(await app.ok('gateway.info')).toMatchObject({ pid: app.pid, paused: false })
  expect(await app.ok('servers.list')).toMatchObject([{ id: 'sample', status: 'stopped' }])
  await page.evaluate(() => {
    const heard: object[] = []
    const bridge: { onEvent(fn: (event: object) => void): () => void } = Reflect.get(
      window,
      'openMcpGateway',
    )
    Object.assign(window, { heard, deafen: bridge.onEvent((event) => heard.push(event)) })
  })
  const heard = (): Promise<object[]> =>
    page.evaluate(() => Reflect.get(window, 'heard') as object[])
  expect(await app.ok('server.start', { id: 'sample' })).toMatchObject({ status: 'running' })
  await expect.poll(heard).toContainEqual(
    expect.objectContaining({
      type: 'server',
      server: expect.objectContaining({ id: 'sample', status: 'running' }),
    }),
  )
  await expect.poll(heard).toContainEqual(expect.objectContaining({ type: 'log' }))
  const { response } = (await app.ok('server.call', {
    id: 'sample',
    call_id: 'one',
    method: 'tools/call',
    params: { name: 'echo', arguments: { words: 'grüße' } },
  })) as { response: object }
  expect(response).toMatchObject({ result: { content: [{ text: '{"words":"grüße"}' }] } })
  await page.evaluate(() => {
    const deafen: () => void = Reflect.get(window, 'deafen')
    deafen()
  })
  const before = (await heard()).length
  await app.ok('server.stop', { id: 'sample' })
  expect(await heard()).toHaveLength(before)
})

test('names and inputs are looked up and parsed before anything is done', async ({ app }) => {
  for (const name of ['servers.lost', '__proto__', 'toString', '', 7, null, {}])
    expect(await askRaw(app, name, {}), JSON.stringify(name)).toMatchObject({
      error: { code: 'not_found' },
    })
  for (const [name, input] of [
    ['server.start', {}],
    ['server.start', { id: '../evil' }],
    ['server.start', { id: 'sample', more: 1 }],
    ['servers.list', []],
    ['server.start', 'sample'],
    ['desktop.set', { launch_at_login: 'yes' }],
    ['desktop.quit', { now: true }],
  ] as const)
    expect(await askRaw(app, name, input), `${name} ${JSON.stringify(input)}`).toMatchObject({
      error: { code: 'invalid_params', message: expect.stringContaining(name) },
    })
  expect(await app.ask('server.start', { id: 'nobody' })).toMatchObject({
    error: { code: 'server_not_found', message: expect.stringContaining("'nobody'") },
  })
})

test('only the page of the one window is answered', async ({ app }) => {
  await app.page()
  // Another window with the same preload, whatever it shows.
  for (const url of ['app://gateway/', 'data:text/html,<title>other</title>']) {
    const opened = app.electron.waitForEvent('window')
    await app.electron.evaluate(({ app: electron, BrowserWindow }, address) => {
      const preload = `${electron.getAppPath()}/dist/desktop/preload.cjs`
      const other = new BrowserWindow({ webPreferences: { preload } })
      other.loadURL(address).catch(() => {})
    }, url)
    const page = await opened
    await page.waitForFunction(
      () => 'openMcpGateway' in window && document.readyState === 'complete',
    )
    expect(await askOn(page, 'gateway.info', {}), url).toMatchObject({
      error: { code: 'forbidden' },
    })
  }
  // Our window, with another page in it.
  const page = await app.page()
  await app.electron.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]?.loadURL('data:text/html,<title>foreign</title>'),
  )
  await page.waitForFunction(() => document.title === 'foreign' && 'openMcpGateway' in window)
  expect(await askOn(page, 'key.reveal', {})).toMatchObject({ error: { code: 'forbidden' } })
})

test('there is one handler and nothing beside it', async ({ app }) => {
  await app.page()
  // Electron refuses a second handler of a channel, so this finds those that are there.
  const taken = await app.electron.evaluate(({ ipcMain }) =>
    ['call', 'event', 'invoke', 'openmcp', 'key', 'quit'].filter((channel) => {
      try {
        ipcMain.handle(channel, () => {})
        ipcMain.removeHandler(channel)
        return false
      } catch {
        return true
      }
    }),
  )
  expect(taken).toEqual(['call'])
})

async function askRaw(app: DesktopApp, name: unknown, input: unknown): Promise<unknown> {
  return askOn(await app.page(), name, input)
}

function askOn(page: Page, name: unknown, input: unknown): Promise<unknown> {
  return page.evaluate(
    (asked) => {
      const bridge: { call(...args: unknown[]): unknown } = Reflect.get(window, 'openMcpGateway')
      return bridge.call(...asked)
    },
    [name, input],
  )
}
