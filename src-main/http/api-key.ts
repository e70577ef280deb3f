import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { GatewayError } from '../../src-shared/errors.ts'
import type { Log } from '../telemetry/log.ts'

/** Where the generated key lives. */
export function keyPath(stateDir: string): string {
  return path.join(stateDir, 'key')
}

/**
 * The key of this user's gateway: 256 random bits, made on the first call (product.md 6). Two gateways that start at
 * once get the same one. Throws `forbidden` if the file belongs to another user, `internal` if it cannot be used.
 */
export function loadOrCreateKey(stateDir: string, log: Log): string {
  fs.mkdirSync(stateDir, { recursive: true, mode: 0o700 })
  const file = keyPath(stateDir)
  return readKey(stateDir, log) ?? createKey(file) ?? readKey(stateDir, log) ?? unusable(file)
}

/** The key, or undefined if none was made yet. Errors as in `loadOrCreateKey`. */
export function readKey(stateDir: string, log: Log): string | undefined {
  const file = keyPath(stateDir)
  let handle: number
  try {
    // No symbolic link is followed: it could name another user's file, or another user could move it.
    handle = fs.openSync(file, fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0))
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw new GatewayError(
      'internal',
      `The gateway's key ${file} cannot be read: ${reason(error)}.`,
      {
        cause: error,
      },
    )
  }
  try {
    checkMode(handle, file, log)
    const key = fs.readFileSync(handle, 'utf8').trim()
    return /^[\w-]{32,512}$/.test(key) ? key : unusable(file)
  } finally {
    fs.closeSync(handle)
  }
}

/** Undefined if somebody else was faster. */
function createKey(file: string): string | undefined {
  const key = randomBytes(32).toString('base64url')
  const draft = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`
  try {
    fs.writeFileSync(draft, `${key}\n`, { mode: 0o600, flag: 'wx' })
    try {
      // A link appears with its content, and only if the name is free: nobody ever reads half a key.
      fs.linkSync(draft, file)
    } catch (error) {
      if (isErrno(error, 'EEXIST')) return undefined
      // No hard links on this file system.
      fs.writeFileSync(file, `${key}\n`, { mode: 0o600, flag: 'wx' })
    }
    return key
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return undefined
    throw cannotWrite(file, error)
  } finally {
    fs.rmSync(draft, { force: true })
  }
}

/** Puts a new key in the place of the old one, in one step. Throws `internal` if it cannot be written. */
export function replaceKey(stateDir: string): string {
  const file = keyPath(stateDir)
  const key = randomBytes(32).toString('base64url')
  const draft = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`
  try {
    fs.writeFileSync(draft, `${key}\n`, { mode: 0o600, flag: 'wx', flush: true })
    fs.renameSync(draft, file)
    return key
  } catch (error) {
    fs.rmSync(draft, { force: true })
    throw cannotWrite(file, error)
  }
}

function checkMode(handle: number, file: string, log: Log): void {
  if (process.getuid === undefined) return // Windows: the profile folder is the user's own
  const { uid, mode } = fs.fstatSync(handle)
  if (uid !== process.getuid()) {
    throw new GatewayError(
      'forbidden',
      `The gateway's key ${file} belongs to another user, who may know it. Delete it, or set another state_dir.`,
    )
  }
  if ((mode & 0o077) === 0) return
  fs.fchmodSync(handle, 0o600)
  log.warn(
    { file, mode: (mode & 0o777).toString(8) },
    'Others on this machine could read the gateway key; its file is private now. Delete the file and restart to get a new key.',
  )
}

function cannotWrite(file: string, error: unknown): GatewayError {
  return new GatewayError(
    'internal',
    `The gateway's key ${file} cannot be written: ${reason(error)}.`,
    { cause: error },
  )
}

function unusable(file: string): never {
  throw new GatewayError(
    'internal',
    `The gateway's key ${file} is empty or damaged. Delete it; the next start makes a new one.`,
  )
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
