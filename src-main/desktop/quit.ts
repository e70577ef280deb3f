import { app, powerMonitor } from 'electron'
import type { BrowserWindow } from 'electron'
import type { GatewayLink } from './gateway-link.ts'

export interface QuitOptions {
  link: GatewayLink
  /** The app is leaving: windows no longer refuse to close. */
  onLeave: () => void
}

export interface Quit {
  /** As the user asks for it: what is in flight finishes, every server ends. */
  now(): void
  /** The same, and then `last`, which ends the app in its own way. */
  after(last: () => void): void
}

/** Every way out of the app: the menu, a signal, the end of the session, a second request while the first is slow. */
export function setupQuit({ link, onLeave }: QuitOptions): Quit {
  let phase: 'running' | 'stopping' | 'stopped' = 'running'
  const stop = (last: () => void): void => {
    if (phase !== 'running') return killAndExit(link)
    phase = 'stopping'
    onLeave()
    link.close().then(
      () => {
        phase = 'stopped'
        last()
      },
      // Stopping took too long: what was left has been killed.
      () => app.exit(1),
    )
  }
  app.on('before-quit', (event) => {
    if (phase === 'stopped') return
    event.preventDefault()
    stop(() => app.exit(0))
  })
  // Only a tray is left, or a minimised window comes back: the app goes on.
  app.on('window-all-closed', () => {})
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => app.quit())
  // The session ends: the system gives us some seconds.
  if (process.platform !== 'win32')
    powerMonitor.on('shutdown', (...[event]: unknown[]) => {
      delay(event)
      app.quit()
    })
  return { now: () => app.quit(), after: stop }
}

/** The system waits a little for an app that asks it to; the types do not know that there is an event. */
function delay(event: unknown): void {
  if (typeof event !== 'object' || event === null || !('preventDefault' in event)) return
  const { preventDefault } = event
  if (typeof preventDefault === 'function') preventDefault.call(event)
}

/** Windows ends the process when this returns. */
export function endWithSession(window: BrowserWindow, link: GatewayLink): void {
  window.on('session-end', () => void link.kill())
}

function killAndExit(link: GatewayLink): void {
  const leave = (): void => app.exit(1)
  link.kill().then(leave, leave)
}

/** A bug: servers must not outlive the process that would have stopped them. */
export function setupCrash(link: GatewayLink): void {
  const crash = (thrown: unknown): void => {
    try {
      process.stderr.write(
        `Open MCP Gateway has a bug and ends; its servers are killed.\n${text(thrown)}\n`,
      )
    } finally {
      killAndExit(link)
    }
  }
  process.on('uncaughtException', crash)
  process.on('unhandledRejection', crash)
}

function text(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
}
