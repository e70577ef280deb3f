import { spawn } from 'node:child_process'
import { once } from 'node:events'

interface Surroundings {
  env: Readonly<Record<string, string | undefined>>
  platform: NodeJS.Platform
  /** A person reads what we print, so that they sit where a browser would open. */
  isTerminal: boolean
}

/**
 * Shows an address in the user's browser. False if there is nobody or nothing to show it to (no terminal, no screen,
 * another machine), or the system has no way to do it; then the printed address has to do.
 */
export async function openBrowser(url: string, surroundings: Surroundings): Promise<boolean> {
  if (!hasScreen(surroundings)) return false
  const [command, ...args] = openers[surroundings.platform] ?? ['xdg-open']
  const child = spawn(command, [...args, url], {
    detached: true,
    stdio: 'ignore',
    env: surroundings.env,
    windowsHide: true,
  })
  child.unref()
  try {
    await once(child, 'spawn')
    return true
  } catch {
    return false // it is not installed
  }
}

const openers: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  // Unlike cmd's `start`, it takes the address as one argument, whatever is in it.
  win32: ['rundll32.exe', 'url.dll,FileProtocolHandler'],
}

function hasScreen({ env, platform, isTerminal }: Surroundings): boolean {
  if (!isTerminal || env['SSH_CONNECTION']) return false
  if (platform === 'darwin' || platform === 'win32') return true
  return Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY'])
}
