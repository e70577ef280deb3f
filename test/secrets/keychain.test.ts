import fs from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Keychain, NoKeychainError } from '../../src-main/secrets/keychain.ts'
import { Secrets } from '../../src-main/secrets/secrets.ts'
import { canRunSecretService, SecretService } from './secret-service.ts'

describe.skipIf(!canRunSecretService)('a real Secret Service', () => {
  let service: SecretService
  beforeAll(async () => {
    service = await SecretService.open()
  })
  afterEach(() => service.stop())
  afterAll(() => service.close())

  let count = 0
  function store(): { secrets: Secrets; stateDir: string } {
    const stateDir = path.join(service.dir, `state-${count++}`)
    return { stateDir, secrets: new Secrets({ stateDir, keychain: new Keychain() }) }
  }

  test('keeps what it is given, whatever it is, also when it is started anew', async () => {
    await service.start({ unlocked: true })
    const keychain = new Keychain()
    const values = {
      A: 'plain',
      'b.c-d_1': 'grüße 🔑\nsecond line\u0000"',
      C: 'x'.repeat(16 * 1024),
    }
    for (const [name, value] of Object.entries(values)) await keychain.set(name, value)
    await service.stop()
    await service.start({ unlocked: true })
    for (const [name, value] of Object.entries(values)) expect(await keychain.get(name)).toBe(value)
    expect((await keychain.names()).toSorted()).toEqual(Object.keys(values).toSorted())
    await keychain.set('A', 'another')
    expect(await keychain.get('A')).toBe('another')
    for (const name of Object.keys(values)) expect(await keychain.remove(name)).toBe(true)
    expect(await keychain.remove('A')).toBe(false)
    expect(await keychain.get('A')).toBeUndefined()
    expect(await keychain.names()).toEqual([])
  })

  test('is where secrets go, and no file is made', async () => {
    await service.start({ unlocked: true })
    const { secrets, stateDir } = store()
    expect(await secrets.set('TOKEN', 'in the keychain')).toEqual({ store: 'keychain', note: null })
    expect(await secrets.get('TOKEN')).toBe('in the keychain')
    expect(await secrets.list()).toEqual({
      secrets: [{ name: 'TOKEN', store: 'keychain' }],
      problem: null,
    })
    expect(fs.existsSync(path.join(stateDir, 'secrets.json'))).toBe(false)
    expect(await secrets.remove('TOKEN')).toBe(true)
    expect(await secrets.remove('TOKEN')).toBe(false)
  })

  test('that is locked: the new value goes into the file, counts, and moves when it is open again', async () => {
    await service.start({ unlocked: true })
    const { secrets } = store()
    await secrets.set('TOKEN', 'old')
    await secrets.set('OTHER', 'only in the keychain')
    await service.stop()
    await service.start({ unlocked: false })
    const saved = await secrets.set('TOKEN', 'new')
    expect(saved).toEqual({ store: 'file', note: expect.stringContaining('The keychain refuses') })
    expect(await secrets.get('TOKEN')).toBe('new')
    await expect(secrets.get('OTHER')).rejects.toThrow('The keychain refuses')
    expect(await secrets.list()).toEqual({
      secrets: [{ name: 'TOKEN', store: 'file' }],
      problem: expect.stringContaining('The keychain refuses'),
    })
    await service.stop()
    await service.start({ unlocked: true })
    expect(await secrets.get('TOKEN')).toBe('new')
    expect((await secrets.set('TOKEN', 'newest')).store).toBe('keychain')
    expect(await secrets.get('TOKEN')).toBe('newest')
    expect((await secrets.list()).secrets).toContainEqual({ name: 'TOKEN', store: 'keychain' })
  })

  test('that is not there: the file is used, and nothing else is said but why', async () => {
    const { secrets } = store()
    await expect(new Keychain().get('TOKEN')).rejects.toThrow(NoKeychainError)
    expect(await secrets.get('TOKEN')).toBeUndefined()
    expect(await secrets.set('TOKEN', 'filed')).toEqual({
      store: 'file',
      note: expect.stringContaining('There is no keychain here'),
    })
    expect(await secrets.list()).toEqual({
      secrets: [{ name: 'TOKEN', store: 'file' }],
      problem: null,
    })
    expect(await secrets.remove('TOKEN')).toBe(true)
  })
})
