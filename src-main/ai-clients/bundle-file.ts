import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import type { Entry, ZipFile } from 'yauzl'
import { GatewayError } from '../../src-shared/errors.ts'
import { sha256 } from '../catalog/content-version.ts'
import { prepareFolder } from '../state-dir.ts'
import { parseManifest } from './bundle-manifest.ts'
import type { Manifest } from './bundle-manifest.ts'

/** What a bundle may be at most: with all that it brings, it is a program and its libraries. */
const limits = {
  bundleBytes: 512 * 1024 * 1024,
  unpackedBytes: 2 * 1024 * 1024 * 1024,
  files: 100_000,
  manifestBytes: 1024 * 1024,
}

const manifestName = 'manifest.json'

/** An MCP bundle (`.mcpb`, `.dxt`): a zip file with a manifest at its top. */
export interface Bundle {
  manifest: Manifest
  /** Of the bytes. */
  version: string
  /** Where it is unpacked, or would be: below the state directory, another one for other bytes. */
  folder: string
  /** Unpacks it, whole or not at all. False if it was there already. Throws GatewayError `bad_request`. */
  unpack(): Promise<boolean>
  /** Takes away what `unpack` has made. */
  remove(): Promise<void>
}

/** Undefined for what is no zip file. Throws GatewayError for one that is no bundle, is damaged, or is too large. */
export async function readBundle(file: string, stateDir: string): Promise<Bundle | undefined> {
  const bytes = await zipBytes(file)
  if (bytes === undefined) return undefined
  const manifest = await inZip(file, bytes, (zip) => manifestOf(zip))
  const version = sha256(bytes)
  const name = `${manifest.name}-${manifest.version}`.replaceAll(/[^A-Za-z0-9._-]+/g, '-')
  const parent = path.join(stateDir, 'bundles')
  const folder = path.join(
    parent,
    `${name.replace(/^[.-]+/, '').slice(0, 80)}-${version.slice(0, 12)}`,
  )
  return {
    manifest,
    version,
    folder,
    async unpack() {
      if (await isThere(folder)) return false
      prepareFolder(stateDir)
      prepareFolder(parent)
      // Of a process that was killed: only one unpacks at a time.
      for (const name of await fs.readdir(parent))
        if (name.endsWith('.tmp')) await fs.rm(path.join(parent, name), { recursive: true })
      const draft = `${folder}.${randomUUID()}.tmp`
      try {
        await inZip(file, bytes, (zip) => unpackAll(zip, draft, manifest.server.type === 'binary'))
        await fs.rename(draft, folder)
      } catch (thrown) {
        await fs.rm(draft, { recursive: true, force: true })
        throw thrown
      }
      return true
    },
    remove: () => fs.rm(folder, { recursive: true, force: true }),
  }
}

async function zipBytes(file: string): Promise<Buffer | undefined> {
  let handle: fs.FileHandle
  try {
    handle = await fs.open(file)
  } catch {
    // Whoever reads it as a text says what is wrong.
    return undefined
  }
  try {
    const found = await handle.stat()
    if (!found.isFile()) return undefined
    const start = Buffer.alloc(4)
    await handle.read(start, 0, 4, 0)
    if (start.readUInt32LE() !== 0x04034b50) return undefined
    if (found.size > limits.bundleBytes) throw damaged(file, 'it is larger than 512 MB')
    return withoutSignature(await handle.readFile())
  } finally {
    await handle.close()
  }
}

/** A signature stands behind the zip's own end, where a strict reader expects nothing. */
function withoutSignature(bytes: Buffer): Buffer {
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]))
  if (end === -1 || end + 22 > bytes.length) return bytes
  const whole = end + 22 + bytes.readUInt16LE(end + 20)
  return whole < bytes.length ? bytes.subarray(0, whole) : bytes
}

async function inZip<T>(
  file: string,
  bytes: Buffer,
  act: (zip: ZipFile) => Promise<T>,
): Promise<T> {
  const { fromBufferPromise } = await import('yauzl')
  try {
    const zip = await fromBufferPromise(bytes, { lazyEntries: true, strictFileNames: true })
    try {
      return await act(zip)
    } finally {
      zip.close()
    }
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown
    const why = thrown instanceof Error ? thrown.message : String(thrown)
    throw damaged(file, why, thrown)
  }
}

async function manifestOf(zip: ZipFile): Promise<Manifest> {
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName !== manifestName) continue
    if (entry.uncompressedSize > limits.manifestBytes)
      throw new Error('its manifest.json is larger than 1 MB')
    const parts: Buffer[] = []
    for await (const part of await zip.openReadStreamPromise(entry)) parts.push(Buffer.from(part))
    const text = Buffer.concat(parts).toString('utf8')
    return parseManifest(JSON.parse(text.replace(/^\ufeff/, '')))
  }
  throw new Error('it has no manifest.json at its top')
}

async function unpackAll(zip: ZipFile, folder: string, isBinary: boolean): Promise<void> {
  if (zip.entryCount > limits.files) throw new Error(`it has more than ${limits.files} files`)
  await fs.mkdir(folder, { mode: 0o700 })
  let left = limits.unpackedBytes
  for await (const entry of zip.eachEntry()) {
    const target = targetOf(folder, entry.fileName)
    if (entry.fileName.endsWith('/')) {
      await fs.mkdir(target, { recursive: true })
      continue
    }
    // A link could lead out of the folder, for itself or for what comes after it.
    if (isLink(entry)) throw new Error(`${entry.fileName} in it is a link`)
    left -= entry.uncompressedSize
    if (left < 0) throw new Error('it unpacks to more than 2 GB')
    await fs.mkdir(path.dirname(target), { recursive: true })
    const check = new Checksum()
    // The reader itself refuses bytes beyond the size that the entry names.
    const out = createWriteStream(target, { flags: 'wx', mode: modeOf(entry, isBinary) })
    await pipeline(await zip.openReadStreamPromise(entry), check, out)
    if (check.value !== entry.crc32) throw new Error(`${entry.fileName} in it is damaged`)
  }
}

/** yauzl refuses `..` and absolute names; what is left is what Windows takes for something else. */
function targetOf(folder: string, name: string): string {
  const target = path.resolve(folder, name)
  const isInside = target === folder || target.startsWith(folder + path.sep)
  if (!isInside || /[\0:]/.test(name)) throw new Error(`${name} in it leads out of its folder`)
  return target
}

const unix = 3
const fileType = 0o170000
const linkType = 0o120000

function isLink({ versionMadeBy, externalFileAttributes }: Entry): boolean {
  return versionMadeBy >> 8 === unix && ((externalFileAttributes >>> 16) & fileType) === linkType
}

/** Packed on Windows, no file says that it is a program. */
function modeOf({ versionMadeBy, externalFileAttributes }: Entry, isBinary: boolean): number {
  const mode = versionMadeBy >> 8 === unix ? externalFileAttributes >>> 16 : 0
  return (mode & 0o111) !== 0 || (isBinary && mode === 0) ? 0o700 : 0o600
}

class Checksum extends Transform {
  value = 0

  override _transform(part: Buffer, _encoding: string, done: (error: null, part: Buffer) => void) {
    this.value = crc32(part, this.value)
    done(null, part)
  }
}

async function isThere(folder: string): Promise<boolean> {
  return (await fs.stat(folder).catch(() => undefined))?.isDirectory() === true
}

function damaged(file: string, why: string, cause?: unknown): GatewayError {
  return new GatewayError('bad_request', `${file} is no bundle that can be used: ${why}.`, {
    cause,
  })
}
