import { app } from 'electron'
import { Autostart } from './autostart-file.ts'

/** Whether the app starts, hidden, when its user logs in. */
export interface LoginItem {
  isOn(): boolean
  /** Throws if the system does not let us. */
  set(on: boolean): void
}

const args = ['--hidden']

/** Undefined where it makes no sense: an app that runs from its sources. */
export function setupLoginItem(): LoginItem | undefined {
  if (!app.isPackaged) return undefined
  if (process.platform === 'linux') {
    const autostart = new Autostart({
      // An AppImage runs from a folder that is gone at the next login.
      executable: process.env['APPIMAGE'] ?? app.getPath('exe'),
      args,
      env: process.env,
      homedir: app.getPath('home'),
    })
    autostart.repair()
    return autostart
  }
  return {
    isOn: () => app.getLoginItemSettings({ args }).openAtLogin,
    set: (openAtLogin) => app.setLoginItemSettings({ openAtLogin, args }),
  }
}

/** On macOS, which passes no arguments to login items. */
export function wasOpenedAtLogin(): boolean {
  return process.platform === 'darwin' && app.getLoginItemSettings().wasOpenedAtLogin
}
