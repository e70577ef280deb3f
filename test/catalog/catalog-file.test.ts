import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CatalogFile } from '../../src-main/catalog/catalog-file.ts'
import { loadCatalogFile } from '../../src-main/catalog/parse-cache.ts'
import { temporaryFolder } from './temporary-folder.ts'

function fileWith(text: string): { path: string; folder: string; file: CatalogFile } {
  const folder = temporaryFolder()
  const path = join(folder, 'catalog.yaml')
  writeFileSync(path, text)
  return { path, folder, file: new CatalogFile(path) }
}

describe('CatalogFile', () => {
  it('reads what it writes, byte order mark and line ends included', async () => {
    const { file, path } = fileWith('servers: []')
    const { etag } = await file.read()
    const written = await file.write('\ufeffservers: [] # ü\r\n', etag)
    expect(readFileSync(path)).toEqual(Buffer.from('\ufeffservers: [] # ü\r\n'))
    expect(await file.read()).toEqual({ text: '\ufeffservers: [] # ü\r\n', etag: written.etag })
    expect((await loadCatalogFile(path)).etag).toBe(written.etag)
    expect(etag).not.toBe(written.etag)
  })

  it('refuses to write over somebody else’s change', async () => {
    const { file, path, folder } = fileWith('servers: []')
    const { etag } = await file.read()
    writeFileSync(path, 'servers: [] # theirs')
    await expect(file.write('servers: [] # mine', etag)).rejects.toMatchObject({
      code: 'precondition_failed',
      message: `${path} has changed since it was read, so nothing was written. Read it again and repeat the edit.`,
    })
    expect(readFileSync(path, 'utf8')).toBe('servers: [] # theirs')
    expect(readdirSync(folder)).toEqual(['catalog.yaml'])
  })

  it('notices a change up to the last moment, with an etag and without', async () => {
    const { path, folder } = fileWith('servers: []')
    const file = new CatalogFile(path, {
      beforeRename: async () => writeFileSync(path, 'servers: [] # theirs'),
    })
    const { etag } = await file.read()
    await expect(file.write('servers: [] # mine', etag)).rejects.toMatchObject({
      code: 'precondition_failed',
    })
    writeFileSync(path, 'servers: []')
    await expect(file.write('servers: [] # mine')).rejects.toMatchObject({
      code: 'precondition_failed',
    })
    expect(readFileSync(path, 'utf8')).toBe('servers: [] # theirs')
    expect(readdirSync(folder)).toEqual(['catalog.yaml'])
  })

  it('understands If-Match lists and *', async () => {
    const { file } = fileWith('servers: []')
    const { etag } = await file.read()
    const next = await file.write('a: 1', `"x", ${etag}`)
    await file.write('a: 2', '*')
    await expect(file.write('a: 3', next.etag)).rejects.toMatchObject({
      code: 'precondition_failed',
    })
  })

  it('keeps mode and owner', async () => {
    const { file, path } = fileWith('servers: []')
    chmodSync(path, 0o640)
    const isRoot = process.getuid?.() === 0
    if (isRoot) chownSync(path, 12345, 12346)
    await file.write('servers: [] #')
    const { mode, uid, gid } = statSync(path)
    expect(mode & 0o7777).toBe(0o640)
    if (isRoot) expect([uid, gid]).toEqual([12345, 12346])
  })

  it('writes through symlinks, also to a file that is not there yet', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'real'))
    symlinkSync('real/b.yaml', join(folder, 'b.yaml'))
    symlinkSync(join(folder, 'b.yaml'), join(folder, 'a.yaml'))
    const file = new CatalogFile(join(folder, 'a.yaml'))
    for (const text of ['servers: []', 'servers: [] #']) {
      await file.write(text)
      expect(readFileSync(join(folder, 'real/b.yaml'), 'utf8')).toBe(text)
    }
    expect(readlinkSync(join(folder, 'b.yaml'))).toBe('real/b.yaml')
    expect(lstatSync(join(folder, 'a.yaml')).isSymbolicLink()).toBe(true)
    expect(readdirSync(join(folder, 'real'))).toEqual(['b.yaml'])
  })

  it('creates a missing file for its owner only, but not with an etag', async () => {
    const path = join(temporaryFolder(), 'catalog.yaml')
    const file = new CatalogFile(path)
    await expect(file.read()).rejects.toMatchObject({ code: 'not_found' })
    await expect(file.write('servers: []', '*')).rejects.toMatchObject({
      code: 'precondition_failed',
    })
    await file.write('servers: []')
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('never shows half a file, and lets one of many writers with the same etag win', async () => {
    const { file, path } = fileWith('servers: []')
    const { etag } = await file.read()
    const texts = Array.from({ length: 10 }, (_, n) => `# ${String(n).repeat(100_000)}`)
    const writes = texts.map((text) => file.write(text, etag))
    let done = false
    const settled = Promise.allSettled(writes).finally(() => (done = true))
    while (!done) {
      expect(['servers: []', texts[0]]).toContain(readFileSync(path, 'utf8'))
      await new Promise(setImmediate)
    }
    const won = (await settled).map(({ status }) => status === 'fulfilled')
    expect(won).toEqual([true, ...Array.from({ length: 9 }, () => false)])
  })

  it('does one write after the other', async () => {
    const { file, path } = fileWith('')
    const writes = [1, 2, 3].map((n) => file.write(`# ${n}`))
    await Promise.all(writes)
    expect(readFileSync(path, 'utf8')).toBe('# 3')
  })

  it('says why it cannot write, and refuses what is no text', async () => {
    const folder = temporaryFolder()
    const file = new CatalogFile(join(folder, 'none', 'catalog.yaml'))
    await expect(file.write('servers: []')).rejects.toThrow('Its folder does not exist; create it.')
    await expect(file.write('a\0b')).rejects.toMatchObject({ code: 'catalog_invalid' })
    expect(existsSync(join(folder, 'none'))).toBe(false)
  })
})
