import { parseArgs } from 'node:util'
import type { ParseArgsOptionsConfig } from 'node:util'
import { suggestion } from '../catalog/suggestion.ts'

/** What was typed is wrong; `message` says what and what is known. */
export class UsageError extends Error {}

/** Parses flags as `node:util` does, but names the nearest known one for a wrong one. Throws UsageError. */
export function parseFlags<const T extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: T,
  allowPositionals = false,
) {
  const known = Object.keys(options)
  for (const arg of args) {
    if (arg === '--') break
    const name = /^--([^=]+)/.exec(arg)?.[1]
    if (name !== undefined && !known.includes(name))
      throw new UsageError(
        `Unknown option --${name}.${suggestion(name, known)} Run it with --help to see all.`,
      )
  }
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}
