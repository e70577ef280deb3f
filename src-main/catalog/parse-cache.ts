import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { basename, dirname, join, resolve } from 'node:path'
import type { Catalog } from '../../src-shared/catalog.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { etagOf, sha256 } from './content-version.ts'
import { isAbsent } from './file-error.ts'
import { readCatalogLines, runOffThread, type OffThreadOptions } from './off-thread.ts'
import { decodeSource, maxSourceBytes } from './source-text.ts'

/**
 * Says which schema the cached catalogs were checked against. Change it whenever src-shared/catalog.ts or the parser
 * changes what a text means; a test reminds of it.
 */
export const cacheFormat = '5'

const kept = 4

export interface LoadedCatalog {
  catalog: Catalog
  /** As it stands in the file, byte order mark included. */
  text: string
  /** Quoted, of the file's bytes. */
  etag: string
  /** Absolute. */
  path: string
  /** The folder that relative paths of the catalog start from. */
  baseDir: string
}

export interface LoadCatalogOptions extends OffThreadOptions {
  /** Where parsed catalogs are kept between starts (`<stateDir>/cache`). Without it nothing is kept. */
  stateDir?: string | undefined
}

/**
 * Loads a catalog file. An unchanged one comes from the cache, without loading the YAML parser and the schema; a
 * changed one is parsed in a thread. Throws CatalogError if it is not valid, `not_found` if there is no such file.
 */
export async function loadCatalogFile(
  file: string,
  options: LoadCatalogOptions = {},
): Promise<LoadedCatalog> {
  const path = resolve(file)
  const bytes = await readCatalogBytes(path)
  const loaded = {
    text: decodeSource(bytes, path),
    etag: etagOf(bytes),
    path,
    baseDir: dirname(path),
  }
  const { stateDir } = options
  const entry =
    stateDir === undefined ? undefined : join(stateDir, 'cache', `catalog-${sha256(bytes)}.json`)
  const cached = entry === undefined ? undefined : await readEntry(entry)
  if (cached !== undefined) return { catalog: cached, ...loaded }
  const lines = await runOffThread({ kind: 'parse', text: loaded.text, file: path }, options)
  if (entry !== undefined) await writeEntry(entry, lines)
  return { catalog: await readCatalogLines(lines), ...loaded }
}

/** The file's bytes; a GatewayError if it cannot be read. More than the largest catalog is not read. */
export async function readCatalogBytes(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path)
    // One byte too many, which the decoder then refuses.
    if (size > maxSourceBytes) return Buffer.alloc(maxSourceBytes + 1)
    return await readFile(path)
  } catch (cause) {
    if (isAbsent(cause)) {
      throw new GatewayError('not_found', `There is no catalog at ${path}.`, { cause })
    }
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new GatewayError('internal', `The catalog ${path} cannot be read: ${why}.`, { cause })
  }
}

/** First line: format and digest of the rest. Anything unexpected in the file means "not cached". */
async function readEntry(path: string): Promise<Catalog | undefined> {
  try {
    const content = await readFile(path, 'utf8')
    const end = content.indexOf('\n')
    const lines = content.slice(end + 1)
    if (content.slice(0, end) !== header(lines)) return undefined
    return await readCatalogLines(lines)
  } catch {
    return undefined
  }
}

function header(lines: string): string {
  return JSON.stringify({ format: cacheFormat, digest: sha256(lines) })
}

/** The cache is a convenience: what keeps it from being written (a full or read-only disk) is not an error. */
async function writeEntry(path: string, lines: string): Promise<void> {
  const folder = dirname(path)
  const temporary = join(folder, `.${randomUUID()}.tmp`)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(temporary, `${header(lines)}\n${lines}`, { mode: 0o600, flag: 'wx' })
    await rename(temporary, path)
    await removeOldEntries(folder, basename(path))
  } catch {
    await rm(temporary, { force: true }).catch(() => {})
  }
}

async function removeOldEntries(folder: string, current: string): Promise<void> {
  const names = (await readdir(folder)).filter(
    (name) => /^catalog-[0-9a-f]{64}\.json$/.test(name) && name !== current,
  )
  const dated = await Promise.all(
    names.map(async (name) => ({ name, time: (await stat(join(folder, name))).mtimeMs })),
  )
  const old = dated.toSorted((a, b) => b.time - a.time).slice(kept - 1)
  await Promise.all(old.map(({ name }) => rm(join(folder, name), { force: true })))
}
