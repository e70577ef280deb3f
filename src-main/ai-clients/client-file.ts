import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { GatewayError } from '../../src-shared/errors.ts'
import { sha256 } from '../catalog/content-version.ts'
import { errorCode, isAbsent } from '../catalog/file-error.ts'

/** Nobody's settings are larger; what is, is something else. */
const maxBytes = 10 * 1024 * 1024

/** The version of a file that is not there. */
export const absentVersion = 'absent'

/** A client's file as it was when it was looked at. */
export interface ClientFile {
  /** As the client names it. */
  path: string
  /** What a write replaces: where its links lead. */
  target: string
  /** Undefined: there is no such file. */
  bytes: Buffer | undefined
  text: string
  /** Of the bytes, or `absentVersion`. */
  version: string
}

/** Where a write stands; a test ends the process there. */
export type WriteStep = 'draft' | 'synced' | 'renamed'

/** Throws GatewayError `conflict`, `forbidden` or `too_large`, with the reason and what to do. */
export async function readClientFile(file: string): Promise<ClientFile> {
  const target = await followLinks(file)
  let handle: fs.FileHandle
  try {
    // A named pipe would wait for its writer.
    handle = await fs.open(target, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (thrown) {
    if (isAbsent(thrown))
      return { path: file, target, bytes: undefined, text: '', version: absentVersion }
    throw cannot('read', file, thrown)
  }
  try {
    const found = await handle.stat()
    if (!found.isFile())
      throw refused(file, found.isDirectory() ? 'it is a folder' : 'it is no ordinary file')
    if (found.size > maxBytes)
      throw new GatewayError(
        'too_large',
        `${file} is larger than 10 MB, which no settings are. Nothing was read.`,
      )
    const bytes = await handle.readFile()
    return { path: file, target, bytes, text: decoded(file, bytes), version: sha256(bytes) }
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown
    throw cannot('read', file, thrown)
  } finally {
    await handle.close()
  }
}

/** Throws GatewayError `forbidden` where a write would fail, or would change what is not ours to change. */
export async function assertWritable({ path: file, target, bytes }: ClientFile): Promise<void> {
  if (bytes === undefined) {
    const folder = await existingFolder(path.dirname(target))
    await assertFolder(file, folder)
    return
  }
  const found = await fs.stat(target)
  const uid = process.getuid?.()
  if (uid !== undefined && found.uid !== uid)
    throw new GatewayError(
      'forbidden',
      `${file} belongs to another user (uid ${found.uid}). Nothing was written. Run this as that user.`,
    )
  if ((found.mode & 0o200) === 0)
    throw new GatewayError(
      'forbidden',
      `${file} is read-only. Nothing was written. Make it writable first, if you want it changed.`,
    )
  await assertFolder(file, path.dirname(target))
}

/**
 * Replaces the file by a text in one step, its mode and its links kept; a new one is its owner's alone. Throws
 * GatewayError `precondition_failed` if it is no longer what `file` was read as. Returns the new version, and the
 * topmost folder that had to be made.
 */
export async function writeClientFile(
  file: ClientFile,
  text: string | Buffer,
  onStep: (step: WriteStep) => void = () => {},
): Promise<{ version: string; madeFolder: string | undefined }> {
  await assertUnchanged(file)
  await assertWritable(file)
  const folder = path.dirname(file.target)
  const draft = path.join(folder, `.${path.basename(file.target)}.${randomUUID()}.tmp`)
  const bytes = typeof text === 'string' ? Buffer.from(text, 'utf8') : text
  let madeFolder: string | undefined
  try {
    madeFolder = await fs.mkdir(folder, { recursive: true, mode: 0o700 })
    await removeOldDrafts(file.target)
    await writeDraft(file, draft, bytes, onStep)
    await assertUnchanged(file)
    await replace(draft, file.target)
    onStep('renamed')
  } catch (thrown) {
    await fs.rm(draft, { force: true }).catch(() => {})
    throw thrown instanceof GatewayError ? thrown : cannot('written', file.path, thrown)
  }
  await syncFolder(folder)
  return { version: sha256(bytes), madeFolder }
}

/** Takes away a file that was made by us, and the folders made for it that are empty. */
export async function removeClientFile(file: ClientFile, madeFolder: string | null): Promise<void> {
  await assertUnchanged(file)
  await fs.rm(file.target)
  if (madeFolder === null) return
  for (
    let folder = path.dirname(file.target);
    folder === madeFolder || folder.startsWith(madeFolder + path.sep);
    folder = path.dirname(folder)
  ) {
    try {
      await fs.rmdir(folder)
    } catch {
      return
    }
  }
}

async function assertUnchanged(file: ClientFile): Promise<void> {
  const now = await readClientFile(file.path)
  if (now.version !== file.version || now.target !== file.target)
    throw new GatewayError(
      'precondition_failed',
      `${file.path} has changed since it was looked at. Nothing was written. Look at the preview again.`,
    )
}

/** Of writers that were killed; there is no other one now, since whoever writes holds the lock. */
async function removeOldDrafts(target: string): Promise<void> {
  const folder = path.dirname(target)
  const names = await fs.readdir(folder)
  const drafts = names.filter(
    (name) => name.startsWith(`.${path.basename(target)}.`) && /\.[0-9a-f-]{36}\.tmp$/.test(name),
  )
  await Promise.all(drafts.map((name) => fs.rm(path.join(folder, name), { force: true })))
}

async function writeDraft(
  file: ClientFile,
  draft: string,
  bytes: Buffer,
  onStep: (step: WriteStep) => void,
): Promise<void> {
  const model = file.bytes === undefined ? undefined : await fs.stat(file.target)
  const handle = await fs.open(draft, 'wx', 0o600)
  try {
    await handle.writeFile(bytes)
    onStep('draft')
    if (model !== undefined) {
      const own = await handle.stat()
      // The group may be one that this user is not in.
      if (own.gid !== model.gid) await handle.chown(own.uid, model.gid).catch(() => {})
      await handle.chmod(model.mode & 0o7777)
    }
    await handle.sync()
    onStep('synced')
  } finally {
    await handle.close()
  }
}

/** On Windows a virus scanner or the client itself may hold the file for a moment. */
async function replace(draft: string, target: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await fs.rename(draft, target)
      return
    } catch (thrown) {
      const isHeld =
        process.platform === 'win32' && /^(?:EPERM|EACCES|EBUSY)$/.test(errorCode(thrown) ?? '')
      if (!isHeld || attempt === 10) throw thrown
      await setTimeout(20 * attempt)
    }
  }
}

/** So that the rename survives a power cut; not every file system can. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await fs.open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

/** A link to a file that does not exist yet counts as well. */
async function followLinks(file: string): Promise<string> {
  let current = file
  for (let hops = 0; hops < 40; hops++) {
    try {
      return await fs.realpath(current)
    } catch (thrown) {
      if (errorCode(thrown) === 'ELOOP') break
      if (!isAbsent(thrown)) throw cannot('read', file, thrown)
    }
    try {
      current = path.resolve(path.dirname(current), await fs.readlink(current))
    } catch {
      return current
    }
  }
  throw refused(file, 'its symbolic links lead in a circle')
}

async function existingFolder(folder: string): Promise<string> {
  for (let current = folder; ; current = path.dirname(current)) {
    const found = await fs.stat(current).catch(() => undefined)
    if (found !== undefined || current === path.dirname(current)) return current
  }
}

async function assertFolder(file: string, folder: string): Promise<void> {
  const found = await fs.stat(folder)
  if (!found.isDirectory()) throw refused(file, `${folder} is no folder`)
  try {
    await fs.access(folder, constants.W_OK | constants.X_OK)
  } catch (thrown) {
    throw cannot('written', file, thrown)
  }
}

function decoded(file: string, bytes: Buffer): string {
  if (bytes[0] === 0xff || bytes[0] === 0xfe)
    throw refused(file, 'it is UTF-16; save it as UTF-8 in an editor')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw refused(file, 'it is not UTF-8 text')
  }
}

function refused(file: string, why: string): GatewayError {
  return new GatewayError(
    'conflict',
    `${file} cannot be changed because ${why}. Nothing was written.`,
  )
}

function cannot(what: 'read' | 'written', file: string, cause: unknown): GatewayError {
  const remedies: Record<string, string> = {
    EROFS: 'It is on a read-only file system; change it where it comes from.',
    EACCES: 'You may not; change the permissions, or edit the file by hand.',
    EPERM: 'You may not; change the permissions, or edit the file by hand.',
    EBUSY: 'It is in use, or mounted by itself; quit the client and try again.',
    ENOSPC: 'The disk is full.',
    ENOTDIR: 'A part of its path is a file instead of a folder.',
  }
  const code = errorCode(cause) ?? ''
  const why = Object.hasOwn(remedies, code) ? ` ${remedies[code]}` : ''
  const detail = cause instanceof Error ? cause.message : String(cause)
  const isForbidden = code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
  return new GatewayError(
    isForbidden ? 'forbidden' : 'conflict',
    `${file} cannot be ${what} (${detail}).${why} Nothing was written.`,
    { cause },
  )
}
