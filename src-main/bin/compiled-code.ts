import fs from 'node:fs'
import { enableCompileCache } from 'node:module'
import path from 'node:path'
import { programFolder } from './sibling-program.ts'

/**
 * The image has this program's code as V8 compiled it when the image was made (scripts/compile-ahead.mjs), so that a
 * start need not do it again. Node passes over what another version, processor, user or text of the code has left.
 * Nothing but the image has the folder: code that programs of the user can write to is not to be run.
 */
export function useCompiledCode(): void {
  const folder = programFolder()
  if (folder === undefined) return
  const directory = path.join(folder, 'compiled')
  if (fs.existsSync(directory)) enableCompileCache({ directory, portable: true })
}
