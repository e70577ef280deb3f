import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { cacheFormat, loadCatalogFile } from '../../src-main/catalog/parse-cache.ts'
import { CatalogError } from '../../src-main/catalog/problem.ts'
import { createSampleCatalog, sampleCatalog } from '../../src-main/catalog/sample-catalog.ts'
import { parseCatalog } from '../../src-main/catalog/parse.ts'
import { catalogSchema } from '../../src-shared/catalog.ts'
import { temporaryFolder } from './temporary-folder.ts'

const text = (id: string): string =>
  `servers:\n  - { id: ${id}, runtime: { type: local-process, command: x } }\n`

describe('loadCatalogFile', () => {
  it('gives catalog, text, etag and folder', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'catalog.yaml')
    writeFileSync(path, `\ufeff${text('a')}`)
    const loaded = await loadCatalogFile(path)
    expect(loaded).toMatchObject({ text: `\ufeff${text('a')}`, path, baseDir: folder })
    expect(loaded.etag).toMatch(/^"[0-9a-f]{32}"$/)
    expect(loaded.catalog.servers.map(({ id }) => id)).toEqual(['a'])
  })

  it('keeps the parse by content, for the owner only, and the latest few', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'catalog.yaml')
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) {
      writeFileSync(path, text(id))
      await loadCatalogFile(path, { stateDir: folder })
    }
    const cache = join(folder, 'cache')
    const entries = readdirSync(cache)
    expect(entries).toHaveLength(4)
    const latest = `catalog-${createHash('sha256').update(text('f')).digest('hex')}.json`
    expect(entries).toContain(latest)
    expect(statSync(join(cache, latest)).mode & 0o777).toBe(0o600)
    expect(statSync(cache).mode & 0o777).toBe(0o700)
  })

  it('answers from the cache, and not from a corrupt one', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'catalog.yaml')
    writeFileSync(path, text('a'))
    const first = await loadCatalogFile(path, { stateDir: folder })
    const entry = join(folder, 'cache', readdirSync(join(folder, 'cache'))[0] ?? '')
    const written = readFileSync(entry, 'utf8')
    // Proof that it is read: an entry with another catalog and a right digest.
    const other = written.slice(written.indexOf('\n') + 1).replace('"a"', '"other"')
    const digest = createHash('sha256').update(other).digest('hex')
    writeFileSync(entry, `${JSON.stringify({ format: cacheFormat, digest })}\n${other}`)
    const cached = await loadCatalogFile(path, { stateDir: folder })
    expect(cached.catalog.servers[0]?.id).toBe('other')
    for (const broken of [
      '',
      '{',
      written.slice(0, -5),
      written.replace('"a"', '"b"'),
      `x${written}`,
    ]) {
      writeFileSync(entry, broken)
      expect(await loadCatalogFile(path, { stateDir: folder })).toEqual(first)
      expect(readFileSync(entry, 'utf8')).toBe(written)
    }
  })

  it('loads neither the YAML parser nor the schema for an unchanged catalog', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'catalog.yaml')
    writeFileSync(path, text('a'))
    await loadCatalogFile(path, { stateDir: folder })
    const module = join(import.meta.dirname, '../../src-main/catalog/parse-cache.ts')
    const script = `
      import { registerHooks } from 'node:module'
      const seen = []
      registerHooks({ load(url, context, next) { seen.push(url); return next(url, context) } })
      const { loadCatalogFile } = await import(${JSON.stringify(module)})
      await loadCatalogFile(${JSON.stringify(path)}, { stateDir: ${JSON.stringify(folder)} })
      console.log(JSON.stringify(seen.filter((url) => /node_modules|parse\\.ts|src-shared.catalog/.test(url))))
    `
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      env: {},
    })
    expect(run.stderr).toBe('')
    expect(JSON.parse(run.stdout)).toEqual([])
  })

  it('works where the cache cannot be written', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'catalog.yaml')
    writeFileSync(path, text('a'))
    const loaded = await loadCatalogFile(path, { stateDir: path })
    expect(loaded.catalog.servers).toHaveLength(1)
  })

  it('says that there is no such file, and what is wrong in one', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'catalog.yaml')
    await expect(loadCatalogFile(path)).rejects.toMatchObject({ code: 'not_found' })
    await expect(loadCatalogFile(folder)).rejects.toMatchObject({ code: 'internal' })
    writeFileSync(path, 'servers: 5')
    await expect(loadCatalogFile(path, { stateDir: folder })).rejects.toThrow(CatalogError)
    await expect(loadCatalogFile(path)).rejects.toThrow(`${path}:1:10: 'servers' must be a list`)
  })
})

it('the cache format is changed together with the schema', () => {
  // Titles and descriptions are words for people: they change nothing that is cached.
  const isWords = (key: string, value: unknown): boolean =>
    typeof value === 'string' && (key === 'title' || key === 'description')
  const schema = JSON.stringify(z.toJSONSchema(catalogSchema, { io: 'output' }), (key, value) =>
    isWords(key, value) ? undefined : value,
  )
  const fingerprint = createHash('sha256').update(schema).digest('hex').slice(0, 16)
  // The schema has changed? Then old caches are wrong: count cacheFormat up, and put both new values here.
  expect({ cacheFormat, fingerprint }).toEqual({
    cacheFormat: '5',
    fingerprint: 'ea4c1df8de564505',
  })
})

describe('the sample catalog', () => {
  it('is valid, also with everything in it uncommented', () => {
    expect(parseCatalog(sampleCatalog, 'c.yaml').servers).toEqual([])
    const used = sampleCatalog
      .replace('servers: []', 'servers:')
      .replace(/^ {2}# Take.*$/m, '')
      .replace(/^ {2}# ?/gm, '  ')
    expect(parseCatalog(used, 'c.yaml').servers.map(({ id }) => id)).toEqual([
      'files',
      'database',
      'notes',
      'tickets',
    ])
  })

  it('is written once, for the owner only, and never over a file', async () => {
    const path = join(temporaryFolder(), 'new', 'catalog.yaml')
    expect(await createSampleCatalog(path)).toBe(true)
    expect(readFileSync(path, 'utf8')).toBe(sampleCatalog)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    chmodSync(path, 0o644)
    writeFileSync(path, 'mine')
    expect(await createSampleCatalog(path)).toBe(false)
    expect(readFileSync(path, 'utf8')).toBe('mine')
  })
})
