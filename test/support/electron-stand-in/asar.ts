import fs from 'node:fs'
import path from 'node:path'
import { extractAll } from '@electron/asar'

/** Electron reads files inside of an asar; here they are laid out in a folder, anew at each start. */
export function unpackedAsar(archive: string, folder: string): string {
  fs.rmSync(folder, { recursive: true, force: true })
  extractAll(archive, folder)
  return path.resolve(folder)
}
