import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { SecretFile } from '../../src-main/secrets/secret-file.ts'
import { Secrets } from '../../src-main/secrets/secrets.ts'

function folder(): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'secret-file-'))
  onTestFinished(() => fs.rmSync(dir, { recursive: true, force: true }))
  return dir
}

const inDir = (dir: string) => ({
  file: path.join(dir, 'secrets.json'),
  keyFile: path.join(dir, 'secrets.key'),
})

test('gives back what it was given, to whoever opens it anew', async () => {
  const dir = folder()
  const model = new Map<string, string>()
  await fc.assert(
    fc.asyncProperty(
      fc.stringMatching(/^[A-Za-z0-9_.-]{1,20}$/),
      fc.option(fc.string({ unit: 'grapheme', minLength: 1 }), { freq: 4 }),
      async (name, value) => {
        const secrets = new SecretFile(dir)
        if (value === null) expect(await secrets.remove(name)).toBe(model.delete(name))
        else {
          await secrets.set(name, value)
          model.set(name, value)
        }
        const again = new SecretFile(dir)
        expect(await again.get(name)).toBe(model.get(name))
        expect(new Set(await again.names())).toEqual(new Set(model.keys()))
      },
    ),
    { numRuns: 60 },
  )
})

test('holds neither names nor values in the clear, never the same bytes, for its owner alone', async () => {
  const dir = folder()
  const { file, keyFile } = inDir(dir)
  const secrets = new SecretFile(dir)
  await secrets.set('MY_NAME', 'my-value')
  const text = fs.readFileSync(file, 'utf8')
  const sealed = JSON.parse(text)
  expect(sealed).toMatchObject({ format: 'open-mcp-gateway/secrets', version: 1 })
  for (const part of Object.values(sealed)) {
    const plain = Buffer.from(String(part), 'base64').toString('latin1')
    expect(plain).not.toMatch(/MY_NAME|my-value/)
  }
  await secrets.set('MY_NAME', 'my-value')
  expect(JSON.parse(fs.readFileSync(file, 'utf8')).data).not.toBe(sealed.data)
  for (const each of [file, keyFile]) expect(fs.statSync(each).mode & 0o777).toBe(0o600)
  fs.chmodSync(file, 0o644)
  await secrets.get('MY_NAME')
  expect(fs.statSync(file).mode & 0o777).toBe(0o600)
  expect(fs.readdirSync(dir).toSorted()).toEqual(['secrets.json', 'secrets.key'])
})

test('many changes at once are all kept', async () => {
  const dir = folder()
  const names = Array.from({ length: 12 }, (_, i) => `N${i}`)
  await Promise.all(names.map((name) => new SecretFile(dir).set(name, `value of ${name}`)))
  expect(new Set(await new SecretFile(dir).names())).toEqual(new Set(names))
})

const damages: Record<string, (at: ReturnType<typeof inDir>) => void> = {
  'cut short': ({ file }) => fs.truncateSync(file, fs.statSync(file).size - 20),
  empty: ({ file }) => fs.truncateSync(file, 0),
  'no file of ours': ({ file }) => fs.writeFileSync(file, '{"TOKEN":"plain"}'),
  'of another version': ({ file }) => alter(file, 'version', 2),
  'with another tag': ({ file }) => alter(file, 'tag', Buffer.alloc(16).toString('base64')),
  'with a short tag': ({ file }) => alter(file, 'tag', 'AAAA'),
  'with another nonce': ({ file }) => alter(file, 'nonce', Buffer.alloc(12).toString('base64')),
  'without a nonce': ({ file }) => alter(file, 'nonce', ''),
  'with other data': ({ file }) => alter(file, 'data', 'AAAA'),
  'without its key': ({ keyFile }) => fs.rmSync(keyFile),
  'with another key': ({ keyFile }) =>
    fs.writeFileSync(keyFile, Buffer.alloc(32, 1).toString('base64')),
  'with a damaged key': ({ keyFile }) => fs.writeFileSync(keyFile, 'x'),
  'a folder': ({ file }) => {
    fs.rmSync(file)
    fs.mkdirSync(file)
  },
  'a link to another file': ({ file }) => {
    fs.renameSync(file, `${file}.moved`)
    fs.symlinkSync(`${file}.moved`, file)
  },
}

function alter(file: string, member: string, value: unknown): void {
  const sealed = JSON.parse(fs.readFileSync(file, 'utf8'))
  fs.writeFileSync(file, JSON.stringify({ ...sealed, [member]: value }))
}

test.each(Object.entries(damages))(
  'a file %s is named, and neither it nor its key is written over',
  async (_name, damage) => {
    const dir = folder()
    const at = inDir(dir)
    const secrets = new Secrets({ stateDir: dir, keychain: undefined })
    await secrets.set('TOKEN', 'value-one')
    damage(at)
    const look = () =>
      Object.values(at).map((file) =>
        fs.lstatSync(file, { throwIfNoEntry: false })?.isFile() ? fs.readFileSync(file) : file,
      )
    const before = look()
    for (const attempt of [
      () => secrets.get('TOKEN'),
      () => secrets.set('TOKEN', 'value-two'),
      () => secrets.remove('TOKEN'),
      () => secrets.list(),
    ])
      await expect(attempt()).rejects.toThrow(/secrets\.(json|key)/)
    expect(look()).toEqual(before)
  },
)

test('any one byte that differs is noticed', async () => {
  const dir = folder()
  const { file } = inDir(dir)
  const secrets = new SecretFile(dir)
  await secrets.set('TOKEN', 'value-one')
  const sealed = JSON.parse(fs.readFileSync(file, 'utf8'))
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('nonce', 'tag', 'data'),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (member, at, flip) => {
        const bytes = Buffer.from(sealed[member], 'base64')
        const index = at % bytes.length
        bytes[index] = (bytes[index] ?? 0) ^ flip
        const altered = { ...sealed, [member]: bytes.toString('base64') }
        fs.writeFileSync(file, JSON.stringify(altered))
        await expect(secrets.get('TOKEN')).rejects.toThrow('damaged')
      },
    ),
    { numRuns: 60 },
  )
})

test.each(['', 'a b', 'ü', 'x'.repeat(129), '../x'])('%j is no name', async (name) => {
  const secrets = new Secrets({ stateDir: folder(), keychain: undefined })
  await expect(secrets.set(name, 'value')).rejects.toMatchObject({ code: 'invalid_params' })
})

test.each(['', 'x'.repeat(16 * 1024 + 1)])(
  'a value must be neither empty nor endless',
  async (value) => {
    const secrets = new Secrets({ stateDir: folder(), keychain: undefined })
    await expect(secrets.set('NAME', value)).rejects.toMatchObject({ code: 'invalid_params' })
  },
)
