import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chromium, type Browser, type Page } from '@playwright/test'
import { expect, vi } from 'vitest'

/**
 * A packaged app that runs, seen through its DevTools port: Playwright's own way into Electron needs `--inspect`,
 * which the fuses of a package turn off.
 */
export class RunningApp {
  readonly page: Page
  readonly #child: ChildProcess
  readonly #browser: Browser

  private constructor(child: ChildProcess, browser: Browser, page: Page) {
    this.#child = child
    this.#browser = browser
    this.page = page
  }

  /** Resolves when its window is there. */
  static async start(
    executable: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
  ): Promise<RunningApp> {
    const child = spawn(executable, ['--remote-debugging-port=0', ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    try {
      let output = ''
      const collect = (chunk: Buffer): void => void (output += chunk.toString())
      child.stdout.on('data', collect)
      child.stderr.on('data', collect)
      const address = await vi.waitFor(
        () => {
          expect(child.exitCode, output).toBeNull()
          const found = /DevTools listening on (\S+)/.exec(output)?.[1]
          if (found === undefined) throw new Error(`No DevTools yet. It said:\n${output}`)
          return found
        },
        { timeout: 20_000, interval: 20 },
      )
      const browser = await chromium.connectOverCDP(address)
      const [context] = browser.contexts()
      if (context === undefined) throw new Error('The app has no browser context.')
      const page = context.pages()[0] ?? (await context.waitForEvent('page'))
      return new RunningApp(child, browser, page)
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Asks it to quit, as a session's end does; its exit code. On Windows there is no asking. */
  async quit(): Promise<number | null> {
    const exit = once(this.#child, 'exit')
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGTERM')
      await exit
    }
    await this.#browser.close()
    return this.#child.exitCode
  }
}
