import fs from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { expect, onLinux, test } from './desktop-app.ts'

test('the window shows the app from its own scheme, sandboxed and in front', async ({ app }) => {
  const page = await app.page()
  await expect(page).toHaveTitle(/Open MCP Gateway$/)
  await expect(page.locator('#root > *').first()).toBeVisible()
  expect(
    await app.electron.evaluate(({ BrowserWindow }) => {
      const [window] = BrowserWindow.getAllWindows()
      return { url: window?.webContents.getURL().replace(/#.*/, ''), size: window?.getBounds() }
    }),
  ).toMatchObject({ url: 'app://gateway/', size: { width: 1100, height: 720 } })
  await expect.poll(() => app.windowState()).toEqual({ visible: true, minimized: false })
})

test('the page has the bridge and nothing else of the app', async ({ app }) => {
  const page = await app.page()
  expect(
    await page.evaluate(() => {
      const bridge: object = Reflect.get(window, 'openMcpGateway')
      let changed = false
      try {
        Object.assign(bridge, { call: () => 'mine' })
        changed = true
      } catch {
        // Frozen.
      }
      return {
        names: ['require', 'process', 'module', 'Buffer', 'ipcRenderer', 'electron'].filter(
          (name) => name in window,
        ),
        bridge: Object.keys(bridge),
        frozen: Object.isFrozen(bridge),
        changed,
      }
    }),
  ).toEqual({ names: [], bridge: ['call', 'onEvent'], frozen: true, changed: false })
})

test('scripts that are not files of the app do not run', async ({ app }) => {
  const page = await app.page()
  const ran = await page.evaluate(async () => {
    const violations: string[] = []
    const three = new Promise<void>((resolve) => {
      document.addEventListener('securitypolicyviolation', (event) => {
        violations.push(event.effectiveDirective)
        if (violations.length === 3) resolve()
      })
    })
    const inline = document.createElement('script')
    inline.textContent = 'window.ran = true'
    document.body.append(inline)
    const frame = document.createElement('iframe')
    frame.src = 'https://example.com/'
    document.body.append(frame)
    await fetch('https://example.com/').catch(() => {})
    await three
    return { ran: 'ran' in window, violations: violations.toSorted() }
  })
  expect(ran.ran).toBe(false)
  expect(ran.violations).toEqual(['connect-src', 'frame-src', 'script-src-elem'])
  expect(app.complaints.length).toBeGreaterThan(2)
  app.complaints.length = 0
})

test('nothing outside of the built window is served', async ({ app }) => {
  const page = await app.page()
  const statuses = await page.evaluate(async () => {
    const found: Record<string, number> = {}
    for (const path of [
      '/index.html',
      '/../package.json',
      '/..%2f..%2fpackage.json',
      '/%2e%2e/desktop/main.cjs',
      '/..\\desktop\\main.cjs',
      '/..%5cdesktop%5cmain.cjs',
      '//etc/passwd',
      '/%00',
      '/%zz',
      '/assets',
    ])
      found[path] = (await fetch(path).catch(() => ({ status: 0 }))).status
    return found
  })
  expect(statuses['/index.html']).toBe(200)
  expect(Object.entries(statuses).filter(([, status]) => status === 200)).toHaveLength(1)
  app.complaints.length = 0
})

test('the page goes nowhere: web addresses open in the browser, an AI client’s in it, others are dropped', async ({
  app,
}) => {
  let visits = 0
  const site = createServer((_request, response) => {
    visits++
    response.end('elsewhere')
  })
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  const { port } = site.address() as AddressInfo
  const web = `http://127.0.0.1:${port}/page`
  const page = await app.page()
  await app.electron.evaluate(({ shell }) => {
    const opened: string[] = []
    Object.assign(globalThis, { opened })
    shell.openExternal = (url) => {
      opened.push(url)
      return Promise.resolve()
    }
  })
  const opened = (): Promise<string[]> =>
    app.electron.evaluate((): string[] => Reflect.get(globalThis, 'opened'))
  const url = page.url()
  await page.evaluate((to) => {
    location.href = `${to}?1`
  }, web)
  await expect.poll(opened).toEqual([`${web}?1`])
  await page.evaluate((to) => void window.open(`${to}?2`), web)
  await expect.poll(opened).toEqual([`${web}?1`, `${web}?2`])
  await page.evaluate((to) => {
    const link = document.createElement('a')
    link.target = '_blank'
    link.rel = 'noreferrer'
    link.href = `${to}?3`
    document.body.append(link)
    link.click()
    for (const other of ['file:///etc/passwd', 'vscode://x', 'http://user:pw@127.0.0.1/'])
      window.open(other)
  }, web)
  await expect.poll(opened).toEqual([`${web}?1`, `${web}?2`, `${web}?3`])
  // How an AI client is asked to add us, and nothing else of its scheme.
  const link = 'cursor://anysphere.cursor-deeplink/mcp/install?name=gateway&config=e30'
  await page.evaluate((to) => {
    for (const other of ['cursor://anysphere.cursor-deeplink/command', to]) window.open(other)
  }, link)
  await expect.poll(opened).toEqual([`${web}?1`, `${web}?2`, `${web}?3`, link])
  expect(visits).toBe(0)
  expect(page.url()).toBe(url)
  expect(
    await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length),
  ).toBe(1)
  app.complaints.length = 0
  site.closeAllConnections()
  await new Promise((resolve) => site.close(resolve))
})

test('the page gets no permission but to copy', async ({ app }) => {
  const page = await app.page()
  expect(
    await page.evaluate(async () => {
      const states: Record<string, string> = {}
      for (const name of [
        'geolocation',
        'notifications',
        'camera',
        'microphone',
        'clipboard-read',
        'clipboard-write',
      ])
        states[name] = (await navigator.permissions.query({ name } as PermissionDescriptor)).state
      return states
    }),
  ).toEqual({
    geolocation: 'denied',
    notifications: 'denied',
    camera: 'denied',
    microphone: 'denied',
    'clipboard-read': 'denied',
    'clipboard-write': 'granted',
  })
  expect(await page.evaluate(() => Notification.requestPermission())).toBe('denied')
})

test('closing hides the window, and it comes back with what it showed', async ({ app }) => {
  const page = await app.page()
  await page.evaluate(() => {
    location.hash = '#/logs'
    Object.assign(window, { kept: true })
  })
  const close = () =>
    app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())
  await close()
  await expect.poll(() => app.windowState()).toMatchObject({ visible: false })
  await app.tray.click('Open window')
  await expect.poll(() => app.windowState()).toMatchObject({ visible: true })
  expect(await page.evaluate(() => 'kept' in window)).toBe(true)
})

test('where there is no tray the window stays in the taskbar', async ({ user, launch }) => {
  onLinux()
  user.showTray(false)
  const app = await launch()
  await app.page()
  expect(await app.ok('desktop.get')).toMatchObject({ has_tray: false })
  await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())
  await expect.poll(() => app.windowState()).toEqual({ visible: true, minimized: true })
  // The way out that the window offers; its answer may come too late.
  await app.ask('desktop.quit').catch(() => {})
  expect(await app.exited).toBe(0)
})

test('a second start shows the window of the first and is over', async ({ user, app, program }) => {
  await app.page()
  await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide())
  const { spawn } = await import('node:child_process')
  if (typeof program === 'string') return
  const second = spawn(
    program.executablePath,
    [...program.args, `--user-data-dir=${user.dataDir}`, '--no-sandbox'],
    { env: user.env, stdio: 'ignore' },
  )
  const code = await new Promise((resolve) => second.once('exit', resolve))
  expect(code).toBe(0)
  await expect.poll(() => app.windowState()).toMatchObject({ visible: true })
  expect(user.gateway()?.pid).toBe(app.pid)
})

test('started at login there is no window until it is asked for', async ({ launch }) => {
  const app = await launch({ args: ['--hidden'] })
  await expect.poll(() => app.tray.labels()).toContain('Open window')
  expect(await app.windowState()).toBeUndefined()
  await app.tray.click('Open window')
  await app.page()
  await expect.poll(() => app.windowState()).toMatchObject({ visible: true })
})

test('the window comes back where it was, with the screen that was open, even after a kill', async ({
  user,
  launch,
}) => {
  const first = await launch()
  const page = await first.page()
  await first.electron.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]?.setBounds({ x: 40, y: 50, width: 1000, height: 700 }),
  )
  await page.evaluate(() => {
    location.hash = '#/logs'
  })
  const kept = path.join(user.dataDir, 'window.json')
  await expect
    .poll(() => (fs.existsSync(kept) ? fs.readFileSync(kept, 'utf8') : ''))
    .toMatch(/"width":1000.*#\/logs/)
  first.kill()
  await first.exited
  const second = await launch()
  const again = await second.page()
  expect(
    await second.electron.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.getBounds(),
    ),
  ).toEqual({ x: 40, y: 50, width: 1000, height: 700 })
  expect(new URL(again.url()).hash).toBe('#/logs')
})

test('a page that crashes is loaded again', async ({ app }) => {
  await app.page()
  const url = await app.electron.evaluate(
    ({ BrowserWindow }) =>
      new Promise((resolve) => {
        const [window] = BrowserWindow.getAllWindows()
        window?.webContents.once('did-finish-load', () => resolve(window.webContents.getURL()))
        window?.webContents.forcefullyCrashRenderer()
      }),
  )
  expect(url).toMatch(/^app:\/\/gateway\//)
})
