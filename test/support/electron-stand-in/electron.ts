/** What `electron` is for an app that runs on the stand-in. */
import { app as plainApp } from './app.ts'
import type { App } from './app.ts'
import { ipcMain as plainIpcMain } from './ipc-main.ts'
import type { InvokeHandlers } from './ipc-main.ts'
import { schemes } from './protocol.ts'
import type { CustomSchemes } from './protocol.ts'
import { strict } from './strict.ts'

export const app: App = strict('app', plainApp)
export const ipcMain: InvokeHandlers = strict('ipcMain', plainIpcMain)
export const protocol: CustomSchemes = strict('protocol', schemes)
export { BrowserWindow, webContents } from './browser-window.ts'
export { Menu, MenuItem, Tray } from './menu.ts'
export { session } from './session.ts'
export { nativeImage, nativeTheme, powerMonitor, screen, shell } from './system.ts'
