import fs from 'node:fs'
import path from 'node:path'

/** Another program of the same build (`dist/NAME.cjs`), or undefined when this one runs from its source. */
export function siblingProgram(name: string): string | undefined {
  const self = process.argv[1]
  if (self === undefined) return undefined
  const file = path.join(path.dirname(fs.realpathSync(self)), `${name}.cjs`)
  return fs.existsSync(file) ? file : undefined
}
