import path from 'node:path'
import { _electron, expect, test as base } from '@playwright/test'
import type { ElectronApplication, Page } from '@playwright/test'
import type { ApiAnswer, ProcedureName } from '../../src-shared/api.ts'
import { DesktopUser } from './desktop-user.ts'
import { findProgram } from './electron-program.ts'
import type { ElectronProgram, ProgramKind } from './electron-program.ts'
import { DesktopTray } from './desktop-tray.ts'

interface Bridge {
  call(name: string, input: unknown): Promise<ApiAnswer>
}

interface LaunchOptions {
  args?: string[]
  env?: Record<string, string>
}

/** A running desktop app. */
export class DesktopApp {
  readonly electron: ElectronApplication
  readonly tray: DesktopTray
  readonly pid: number
  readonly exited: Promise<number | null>
  /** What the window's console said in anger. */
  readonly complaints: string[] = []
  private hasExited = false

  constructor(electron: ElectronApplication) {
    this.electron = electron
    this.tray = new DesktopTray(electron)
    const child = electron.process()
    this.pid = child.pid ?? 0
    this.exited = new Promise((resolve) => {
      child.once('exit', (code) => {
        this.hasExited = true
        resolve(code)
      })
    })
    const listen = (page: Page): void => {
      page.on('pageerror', (error) => this.complaints.push(error.message))
      page.on('console', (message) => {
        if (message.type() === 'error') this.complaints.push(message.text())
      })
    }
    electron.on('window', listen)
    for (const page of electron.windows()) listen(page)
  }

  /** The window's page, once our own page is in it. */
  async page(): Promise<Page> {
    const page = await this.electron.firstWindow()
    await page.waitForFunction(
      () => 'openMcpGateway' in window && document.readyState === 'complete',
    )
    return page
  }

  /** As the window asks; answered whatever the answer is. */
  async ask(name: string, input: unknown = {}): Promise<ApiAnswer> {
    const page = await this.page()
    return page.evaluate(
      ([asked, given]) => {
        const bridge: Bridge | undefined = Reflect.get(window, 'openMcpGateway')
        if (bridge === undefined) throw new Error('There is no bridge.')
        return bridge.call(asked, given)
      },
      [name, input] as const,
    )
  }

  async ok(name: ProcedureName, input: unknown = {}): Promise<unknown> {
    const answer = await this.ask(name, input)
    expect(answer).toHaveProperty('ok')
    return 'ok' in answer ? answer.ok : undefined
  }

  /** True for a window that is on the screen, or in the taskbar. */
  windowState(): Promise<{ visible: boolean; minimized: boolean } | undefined> {
    return this.electron.evaluate(({ BrowserWindow }) => {
      const [window] = BrowserWindow.getAllWindows()
      return window === undefined
        ? undefined
        : { visible: window.isVisible(), minimized: window.isMinimized() }
    })
  }

  async quit(): Promise<void> {
    if (this.hasExited) return
    await this.electron.evaluate(({ app }) => app.quit()).catch(() => {})
    await this.exited
  }

  kill(): void {
    process.kill(this.pid, 'SIGKILL')
  }
}

interface TestFixtures {
  user: DesktopUser
  /** Starts the app for the user; all are ended with the test. */
  launch: (options?: LaunchOptions) => Promise<DesktopApp>
  /** The app, started. */
  app: DesktopApp
}

interface WorkerFixtures {
  kind: ProgramKind
  program: ElectronProgram | string
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  kind: ['stand-in', { option: true, scope: 'worker' }],
  program: [
    async ({ kind }, use) => {
      const program = await findProgram(kind)
      await use(program)
      if (typeof program !== 'string') program.end()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  user: async ({}, use) => {
    const user = new DesktopUser()
    await use(user)
    expect(await user.end(), 'processes that were left behind').toEqual([])
  },
  launch: async ({ program, user }, use) => {
    if (typeof program === 'string') return test.skip(true, program)
    const apps: DesktopApp[] = []
    await use(async ({ args = [], env = {} } = {}) => {
      const electron = await _electron.launch({
        executablePath: program.executablePath,
        args: [...program.args, `--user-data-dir=${user.dataDir}`, ...args],
        cwd: user.home,
        env: { ...user.env, ...env },
        // Playwright's own folder stays behind where the app is killed.
        artifactsDir: path.join(user.home, 'artifacts'),
        timeout: 20_000,
      })
      const app = new DesktopApp(electron)
      apps.push(app)
      return app
    })
    for (const app of apps) {
      await app.quit()
      expect.soft(app.complaints, 'errors in the console').toEqual([])
    }
  },
  app: async ({ launch }, use) => {
    const app = await launch()
    await app.page()
    await use(app)
  },
})

/** For specs that look into /proc, send signals or ask a panel of Linux. */
export function onLinux(): void {
  test.skip(process.platform !== 'linux', 'This looks at how Linux does it.')
}

export { expect }
