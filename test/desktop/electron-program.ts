import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { packageApp, stageApp } from '../packaging/package-app.ts'
import { root } from './desktop-user.ts'

/** What the specs run on: each is a project of playwright.config.ts. */
export type ProgramKind = 'stand-in' | 'electron' | 'packaged'

export interface ElectronProgram {
  executablePath: string
  /** The app, for an executable that is not the app itself. */
  args: string[]
  /** Removes what was made for it. */
  end(): void
}

/** The program, or why it is not here. */
export async function findProgram(kind: ProgramKind): Promise<ElectronProgram | string> {
  if (kind === 'electron') return realElectron()
  if (process.platform !== 'linux') return 'The stand-in for Electron runs on Linux alone.'
  if (kind === 'packaged') return packagedApp()
  const executablePath = path.join(root, 'test', 'support', 'electron-stand-in', 'electron')
  return { executablePath, args: [root], end() {} }
}

/** Never by `require('electron')`, which would download it. */
function realElectron(): ElectronProgram | string {
  const dist =
    process.env['ELECTRON_OVERRIDE_DIST_PATH'] ??
    path.join(root, 'node_modules', 'electron', 'dist')
  const executablePath = path.join(dist, executableName())
  if (!fs.existsSync(path.join(dist, 'version')) || !fs.existsSync(executablePath))
    return `Electron's own executable is not in ${dist}.`
  return { executablePath, args: [root], end() {} }
}

function executableName(): string {
  if (process.platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron'
  return process.platform === 'win32' ? 'electron.exe' : 'electron'
}

async function packagedApp(): Promise<ElectronProgram> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'desktop-package-'))
  await stageApp()
  const { folder: installed } = await packageApp('linux', folder)
  return {
    executablePath: path.join(installed, 'open-mcp-gateway'),
    args: [],
    end: () => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  }
}
