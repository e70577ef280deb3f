/**
 * A lock file that ends with its process. Node has no flock, so the file names its holder (pid and start time), and a
 * holder that is gone has lost it. The shim bundles this file: no dependencies.
 */
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'

export interface LockHolder {
  pid: number
  /** See `startOf`. */
  start: string
}

export interface ProcessLock {
  /** Idempotent. */
  release(): void
}

/**
 * Takes the lock at `path`, or says who holds it. Never waits. Race-safe: a stale file is replaced only under a
 * second lock of the same kind, so that two heirs cannot both win.
 */
export function takeLock(path: string, depth = 0): ProcessLock | { heldBy: LockHolder } {
  const mine = JSON.stringify(ownHolder())
  for (let tries = 0; tries < 3; tries++) {
    if (create(path, mine)) return lockAt(path, mine)
    const seen = read(path)
    if (seen === undefined) continue
    const holder = parseHolder(seen.text)
    if (holder === undefined ? Date.now() - seen.changed < unreadableForMs : isAlive(holder))
      return { heldBy: holder ?? { pid: 0, start: '' } }
    // Each level is only ever needed when an heir died while it inherited.
    if (depth === 3) break
    const heir = takeLock(`${path}.heir`, depth + 1)
    if ('heldBy' in heir) return heir
    try {
      if (read(path)?.text === seen.text) {
        const temporary = `${path}.${process.pid}.new`
        writeFileSync(temporary, mine, { mode: 0o600 })
        renameSync(temporary, path)
        return lockAt(path, mine)
      }
    } finally {
      heir.release()
    }
  }
  return { heldBy: { pid: 0, start: '' } }
}

/** Who holds the lock at `path`; undefined if nobody does. */
export function lockHolder(path: string): LockHolder | undefined {
  const holder = parseHolder(read(path)?.text ?? '')
  return holder !== undefined && isAlive(holder) ? holder : undefined
}

/** A file system without hard links shows the file empty for a moment. */
const unreadableForMs = 5_000

function lockAt(path: string, mine: string): ProcessLock {
  let released = false
  return {
    release() {
      if (released) return
      released = true
      if (read(path)?.text === mine) rmSync(path, { force: true })
    },
  }
}

/** Creates the file with its whole content at once; false if there is one. */
function create(path: string, content: string): boolean {
  const temporary = `${path}.${process.pid}.new`
  writeFileSync(temporary, content, { mode: 0o600 })
  try {
    linkSync(temporary, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    // No hard links here.
    try {
      writeFileSync(path, content, { mode: 0o600, flag: 'wx' })
      return true
    } catch (second) {
      if (codeOf(second) === 'EEXIST') return false
      throw second
    }
  } finally {
    rmSync(temporary, { force: true })
  }
}

function read(path: string): { text: string; changed: number } | undefined {
  try {
    return { text: readFileSync(path, 'utf8'), changed: statSync(path).mtimeMs }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function parseHolder(text: string): LockHolder | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    if (!('pid' in value) || !('start' in value)) return undefined
    const { pid, start } = value
    return typeof pid === 'number' && typeof start === 'string' ? { pid, start } : undefined
  } catch {
    return undefined
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined
}

let own: LockHolder | undefined

/** This process, as a lock file names it. */
function ownHolder(): LockHolder {
  own ??= { pid: process.pid, start: linuxStart(process.pid) ?? String(ownStartMs()) }
  return own
}

function ownStartMs(): number {
  return Math.round(Date.now() - process.uptime() * 1000)
}

/** Whether the process that wrote this is still there, and no later one with its pid. */
function isAlive(holder: LockHolder): boolean {
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    // EPERM: it lives, but is somebody else's; nobody else writes our locks.
    if (codeOf(error) !== 'EPERM') return false
  }
  const start = startOf(holder.pid)
  if (start === undefined) return true
  if (start.includes(':') || holder.start.includes(':')) return start === holder.start
  return Math.abs(Number(start) - Number(holder.start)) < clockToleranceMs
}

/** `ps` tells whole seconds, and the clock may have been set. */
const clockToleranceMs = 3_000

/** Boot and start tick on Linux, milliseconds since 1970 elsewhere; undefined where it cannot be told. */
function startOf(pid: number): string | undefined {
  if (process.platform === 'linux') return linuxStart(pid)
  const { execFileSync } = process.getBuiltinModule('node:child_process')
  const [command, args] =
    process.platform === 'win32'
      ? ([
          'powershell.exe',
          ['-NoProfile', '-Command', `(Get-Process -Id ${pid}).StartTime.ToString('o')`],
        ] as const)
      : (['ps', ['-o', 'lstart=', '-p', String(pid)]] as const)
  try {
    const env = { ...process.env, LC_ALL: 'C' }
    const options = { encoding: 'utf8', env, timeout: 5_000, windowsHide: true } as const
    const started = Date.parse(execFileSync(command, args, options).trim())
    return Number.isNaN(started) ? undefined : String(started)
  } catch {
    return undefined
  }
}

function linuxStart(pid: number): string | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name in parentheses may hold anything; field 22 is counted from after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // A zombie holds nothing any more; its parent just has not asked for it yet.
    if (fields[0] === 'Z' || fields[0] === 'X') return 'dead:'
    const tick = fields[19]
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8)
    return tick === undefined ? undefined : `${boot}:${tick}`
  } catch {
    return undefined
  }
}
