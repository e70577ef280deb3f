import fs from 'node:fs'
import path from 'node:path'

export const fixtures = path.join(import.meta.dirname, '..', 'fixtures')

/** True if there is such a process and it is no zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    if (process.platform !== 'linux') return true
    return !/\) [ZX] /.test(fs.readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

/** Living processes whose environment holds `text` (Linux); looked up independently of the code under test. */
export function pidsWithEnvironment(text: string): number[] {
  return fs
    .readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/environ`, 'latin1').includes(text) && isAlive(pid)
      } catch {
        return false
      }
    })
}

/** Of all processes (Linux), those that name one of these, such as an engine's helpers for a container. */
export function commandLinesWith(texts: readonly string[]): string[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      } catch {
        return ''
      }
    })
    .filter((line) => texts.some((text) => line.includes(text)))
}
