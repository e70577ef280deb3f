import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import { constants } from 'node:fs'
import { GatewayError } from '../../src-shared/errors.ts'

const maxBytes = 16 * 1024 * 1024

/**
 * The text of a file that only this user may read; undefined if there is none. Rights that are too wide are narrowed.
 * Rejects with GatewayError: `forbidden` if it belongs to another user, `internal` if it cannot be read.
 */
export async function readPrivateFile(file: string): Promise<string | undefined> {
  let handle: fs.FileHandle | undefined
  try {
    // No symbolic link is followed: it could name another user's file.
    handle = await fs.open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
    const { uid, mode, size } = await handle.stat()
    if (process.getuid !== undefined && uid !== process.getuid())
      throw new GatewayError(
        'forbidden',
        `${file} belongs to another user, who may know what is in it. Delete it, or set another state_dir.`,
      )
    if (process.getuid !== undefined && (mode & 0o077) !== 0) await handle.chmod(0o600)
    if (size > maxBytes) throw new Error(`it is larger than ${maxBytes / 2 ** 20} MiB`)
    return await handle.readFile('utf8')
  } catch (error) {
    if (error instanceof GatewayError) throw error
    if (isErrno(error, 'ENOENT')) return undefined
    throw failed(file, 'read', error)
  } finally {
    await handle?.close()
  }
}

/** Puts a file in place whole, for its owner alone. Rejects with GatewayError `internal`. */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`
  try {
    await fs.writeFile(draft, text, { mode: 0o600, flag: 'wx', flush: true })
    await fs.rename(draft, file)
  } catch (error) {
    await fs.rm(draft, { force: true })
    throw failed(file, 'written', error)
  }
}

function failed(file: string, what: string, cause: unknown): GatewayError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new GatewayError('internal', `${file} cannot be ${what}: ${why}.`, { cause })
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
