import { randomUUID } from 'node:crypto'
import { open, readlink, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { GatewayError } from '../../src-shared/errors.ts'
import { etagOf, matchesEtag } from './content-version.ts'
import { errorCode, isAbsent } from './file-error.ts'
import { readCatalogBytes } from './parse-cache.ts'
import { decodeSource } from './source-text.ts'

/** The version of a file that is not there; matches no If-Match but its own. */
const absent = '"absent"'

export interface CatalogFileOptions {
  /** Called when the new text is on disk and the old one still in place; tests change the file here. */
  beforeRename?: () => Promise<void>
}

/**
 * The catalog's file as its user keeps it: a write replaces it in one step (never half a file), keeps mode, owner and
 * symlink, and is refused if the file changed since it was read.
 */
export class CatalogFile {
  /** Absolute; may be a symlink. */
  readonly path: string
  readonly #options: CatalogFileOptions
  #lastWrite: Promise<unknown> = Promise.resolve()

  constructor(path: string, options: CatalogFileOptions = {}) {
    this.path = resolve(path)
    this.#options = options
  }

  /** Throws GatewayError `not_found`; CatalogError if it is not text. */
  async read(): Promise<{ text: string; etag: string }> {
    const bytes = await readCatalogBytes(this.path)
    return { text: decodeSource(bytes, this.path), etag: etagOf(bytes) }
  }

  /**
   * Replaces the text. `ifMatch`: the etag of what the caller has read. Throws GatewayError `precondition_failed` if
   * the file is another by now, whoever changed it. Writes of this object happen one after the other.
   */
  write(text: string, ifMatch?: string): Promise<{ etag: string }> {
    const write = this.#lastWrite.then(() => this.#write(text, ifMatch))
    this.#lastWrite = write.catch(() => {})
    return write
  }

  async #write(text: string, ifMatch: string | undefined): Promise<{ etag: string }> {
    const bytes = Buffer.from(text, 'utf8')
    decodeSource(bytes, this.path)
    const before = await this.#version()
    if (ifMatch !== undefined && (before === absent || !matchesEtag(ifMatch, before))) {
      throw this.#changed()
    }
    const target = await followLinks(this.path)
    const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`)
    try {
      await writeLike(target, temporary, bytes)
      await this.#options.beforeRename?.()
      if ((await this.#version()) !== before) throw this.#changed()
      await replace(temporary, target)
    } catch (thrown) {
      await rm(temporary, { force: true }).catch(() => {})
      throw thrown instanceof GatewayError ? thrown : cannotWrite(target, thrown)
    }
    await syncFolder(dirname(target))
    return { etag: etagOf(bytes) }
  }

  async #version(): Promise<string> {
    try {
      return etagOf(await readCatalogBytes(this.path))
    } catch (thrown) {
      if (thrown instanceof GatewayError && thrown.code === 'not_found') return absent
      throw thrown
    }
  }

  #changed(): GatewayError {
    return new GatewayError(
      'precondition_failed',
      `${this.path} has changed since it was read, so nothing was written. Read it again and repeat the edit.`,
    )
  }
}

/** The file that a write must replace. A link to a file that does not exist yet counts as well. */
async function followLinks(path: string): Promise<string> {
  let current = path
  for (let hops = 0; hops < 40; hops++) {
    try {
      return await realpath(current)
    } catch (thrown) {
      if (!isAbsent(thrown)) throw cannotWrite(path, thrown)
    }
    try {
      current = resolve(dirname(current), await readlink(current))
    } catch {
      return current
    }
  }
  return current
}

/** Writes and syncs a new file beside `target`, with its mode and, where we may, its owner. */
async function writeLike(target: string, temporary: string, bytes: Buffer): Promise<void> {
  const model = await stat(target).catch(() => undefined)
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(bytes)
    if (model !== undefined) {
      await keepOwner(handle, model)
      await handle.chmod(model.mode & 0o7777)
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function keepOwner(handle: FileHandle, model: { uid: number; gid: number }): Promise<void> {
  const own = await handle.stat()
  if (own.uid === model.uid && own.gid === model.gid) return
  try {
    await handle.chown(model.uid, model.gid)
  } catch {
    // Only root may give files away; the group alone may still work.
    await handle.chown(own.uid, model.gid).catch(() => {})
  }
}

/** On Windows a virus scanner or an editor may hold the file for a moment. */
async function replace(temporary: string, target: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(temporary, target)
      return
    } catch (thrown) {
      const held =
        process.platform === 'win32' && /^(?:EPERM|EACCES|EBUSY)$/.test(errorCode(thrown) ?? '')
      if (!held || attempt === 10) throw thrown
      await setTimeout(20 * attempt)
    }
  }
}

/** So that the rename survives a power cut; not every file system can. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

function cannotWrite(target: string, cause: unknown): GatewayError {
  const remedies: Record<string, string> = {
    EROFS: 'It is on a read-only file system; change it where it comes from.',
    EACCES: 'The gateway may not write to its folder; change the permissions, or edit it by hand.',
    EPERM: 'The gateway may not write to its folder; change the permissions, or edit it by hand.',
    EBUSY: 'It is mounted as a single file, which cannot be replaced; mount its folder instead.',
    ENOSPC: 'The disk is full.',
    ENOENT: 'Its folder does not exist; create it.',
  }
  const code = errorCode(cause) ?? ''
  const why = Object.hasOwn(remedies, code) ? ` ${remedies[code]}` : ''
  const message = cause instanceof Error ? cause.message : String(cause)
  return new GatewayError('internal', `${target} cannot be written (${message}).${why}`, { cause })
}
