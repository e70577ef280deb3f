import { createRequire } from 'node:module'

const { version }: { version: string } = createRequire(import.meta.url)('electron/package.json')

/** Makes this process look like Electron to those who ask: its executable and versions. */
export function becomeElectron(executable: string): void {
  const versions = { ...process.versions, electron: version, chrome: '0.0.0.0' }
  Object.defineProperty(process, 'versions', { value: Object.freeze(versions) })
  process.execPath = executable
}

export function executablePath(): string {
  const executable = process.env['ELECTRON_STAND_IN_EXECUTABLE']
  if (executable === undefined) throw new Error('Start the stand-in by its executable.')
  return executable
}
