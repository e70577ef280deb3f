import path from 'node:path'
import { app } from 'electron'
import type { LaunchFacts } from '../ai-clients/shim-launcher.ts'

/** The window's files, in the asar. */
export function uiFolder(): string {
  return path.join(app.getAppPath(), 'dist', 'ui')
}

/** The script between the window and this process; in the asar. */
export function preloadFile(): string {
  return path.join(app.getAppPath(), 'dist', 'desktop', 'preload.cjs')
}

/** Beside the asar in a package, since the system reads pictures itself. */
export function trayPicture(name: string): string {
  return app.isPackaged
    ? path.join(process.resourcesPath, 'tray', name)
    : path.join(app.getAppPath(), 'resources', 'tray', name)
}

/** The window's icon, where the system does not take the executable's: Linux. */
export function windowIcon(): string {
  return app.isPackaged
    ? path.join(process.resourcesPath, 'icons', '256x256.png')
    : path.join(app.getAppPath(), 'resources', 'app', '256x256.png')
}

/** A program that plain Node runs; beside the asar. */
export function programFile(name: 'parse-worker' | 'gateway-stdio'): string {
  return app.isPackaged
    ? path.join(process.resourcesPath, 'programs', `${name}.cjs`)
    : path.join(app.getAppPath(), 'dist', `${name}.cjs`)
}

/** How AI clients start the shim of this app. */
export function appLaunch(stateDir: string): LaunchFacts {
  const shim = programFile('gateway-stdio')
  const { APPIMAGE: appImage, APPDIR: mount } = process.env
  // A terminal out of an AppImage leaves its own variables to what is started in it.
  const isInside = mount !== undefined && process.execPath.startsWith(mount + path.sep)
  return appImage !== undefined && isInside
    ? { by: 'appimage', appImage, shim, stateDir }
    : { by: 'app', executable: process.execPath, shim }
}
