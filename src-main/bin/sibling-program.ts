import fs from 'node:fs'
import path from 'node:path'
import type { LaunchFacts } from '../ai-clients/shim-launcher.ts'

/** Another program of the same build (`dist/NAME.cjs`), or undefined when this one runs from its source. */
export function siblingProgram(name: string): string | undefined {
  const folder = programFolder()
  if (folder === undefined) return undefined
  const file = path.join(folder, `${name}.cjs`)
  return fs.existsSync(file) ? file : undefined
}

/** How AI clients start the shim of the same build, with the Node that runs now. */
export function nodeLaunch(): LaunchFacts | undefined {
  const shim = siblingProgram('gateway-stdio')
  return shim === undefined ? undefined : { by: 'node', node: process.execPath, shim }
}

/** The dashboard of the same build, which may have been left out. */
export function uiFolder(): string | undefined {
  const folder = programFolder()
  if (folder === undefined) return undefined
  // From its source, a program uses what was built last.
  return path.basename(folder) === 'bin'
    ? path.join(folder, '..', '..', 'dist', 'ui')
    : path.join(folder, 'ui')
}

/** Where this program lies, links followed. */
export function programFolder(): string | undefined {
  const self = process.argv[1]
  return self === undefined ? undefined : path.dirname(fs.realpathSync(self))
}
