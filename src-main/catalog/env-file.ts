import { parseEnv } from 'node:util'
import type { Lookup } from './interpolate.ts'

/** `dotenv`: quotes are taken off, `#` begins a comment. `docker`: as `docker run --env-file` reads it. */
export type EnvFileStyle = 'dotenv' | 'docker'

/** The variables of a file. Throws Error for a line that is none. */
export function readEnv(text: string, style: EnvFileStyle, lookup: Lookup): Record<string, string> {
  const plain = text.replace(/^\ufeff/, '')
  const found = style === 'docker' ? readDockerEnv(plain, lookup) : Object.entries(parseEnv(plain))
  return Object.fromEntries(
    found.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

/** What stands after `=` is the value as it is: quotes, `#` and blanks belong to it. A name alone takes ours, if it is set. */
function readDockerEnv(text: string, lookup: Lookup): [string, string | undefined][] {
  return text.split(/\r?\n/).flatMap((written, index): [string, string | undefined][] => {
    const line = written.trimStart()
    if (line === '' || line.startsWith('#')) return []
    const at = line.indexOf('=')
    const name = at < 0 ? line : line.slice(0, at)
    if (name === '' || /\s/.test(name))
      throw new Error(
        `line ${index + 1} is no NAME=value: ${name === '' ? 'it has no name' : 'there are blanks in the name'}`,
      )
    return [[name, at < 0 ? lookup(name) : line.slice(at + 1)]]
  })
}
