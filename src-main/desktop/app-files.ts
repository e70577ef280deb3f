import path from 'node:path'
import { app } from 'electron'

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
export function programFile(name: 'parse-worker'): string {
  return app.isPackaged
    ? path.join(process.resourcesPath, 'programs', `${name}.cjs`)
    : path.join(app.getAppPath(), 'dist', `${name}.cjs`)
}
