import fs from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { openHost } from './host.ts'

describe('settings', () => {
  test('the file is made on the first change; what needs a restart is named', async () => {
    const { call, configPath } = await openHost()
    const before = await call('settings.get', {})
    expect(before).toMatchObject({
      config_path: configPath,
      key_source: 'generated',
      history: true,
    })
    const after = await call('settings.set', { history: false, listen_addr: '127.0.0.1:5555' })
    expect(after).toMatchObject({ history: false, listen_addr: '127.0.0.1:5555' })
    expect(after.restart_needed).toEqual(expect.arrayContaining(['history', 'listen_addr']))
    expect(await fs.readFile(configPath, 'utf8')).toBe(
      'listen_addr: 127.0.0.1:5555\nhistory: false\n',
    )
    expect((await fs.stat(configPath)).mode & 0o777).toBe(0o600)
  })

  test('comments, order and variables of the file stay', async () => {
    const text = `# mine
listen_addr: 127.0.0.1:0 # free

hot_reload: false
drain_timeout_seconds: 1
log_level: "\${NO_SUCH_LEVEL:-warn}" # quiet
`
    const { call, configPath } = await openHost({ configText: text, config: { log_level: 'warn' } })
    expect((await call('settings.get', {})).restart_needed).toEqual([])
    await call('settings.set', { hot_reload: true, idle_timeout_seconds: 7 })
    expect(await fs.readFile(configPath, 'utf8')).toBe(
      `${text.replace('hot_reload: false', 'hot_reload: true')}idle_timeout_seconds: 7\n`,
    )
  })

  test('log level and time limits apply at once', async () => {
    const { call, host, log } = await openHost({
      config: { log_level: 'error' },
      configText:
        'listen_addr: 127.0.0.1:0\nlog_level: error\nhot_reload: false\ndrain_timeout_seconds: 1\n',
    })
    host.log.info({}, 'not to be seen')
    const { restart_needed: needed } = await call('settings.set', {
      log_level: 'info',
      idle_timeout_seconds: 1,
    })
    expect(needed).toEqual([])
    host.log.info({}, 'now it is')
    expect(log()).toContain('now it is')
    expect(log()).not.toContain('not to be seen')
  })

  test.each([
    [{ listen_addr: 'nonsense' }, 'host:port'],
    [{ listen_addr: '0.0.0.0:4444' }, 'no key is configured'],
  ])('%j is refused, and nothing is written', async (patch, why) => {
    const { call, configPath } = await openHost()
    await expect(call('settings.set', patch)).rejects.toThrow(why)
    await expect(fs.access(configPath)).rejects.toThrow()
  })

  test('a file that cannot be read says where it is wrong', async () => {
    const { call, configPath } = await openHost({ configText: 'listen_addr: 127.0.0.1:0\n' })
    await fs.writeFile(configPath, 'hot_reload: maybe\n')
    await expect(call('settings.set', { history: false })).rejects.toMatchObject({
      code: 'catalog_invalid',
      data: { problems: [expect.objectContaining({ line: 1 })] },
    })
  })
})

describe('the key', () => {
  test('is shown; a new one is in force at once, the old one ends', async () => {
    const { call, host, dir } = await openHost()
    const get = async (key: string) =>
      (await fetch(`${host.url}/stats`, { headers: { authorization: `Bearer ${key}` } })).status
    const { key: old } = await call('key.reveal', {})
    expect(await get(old)).toBe(200)
    const { key } = await call('key.rotate', {})
    expect(key).not.toBe(old)
    expect([await get(key), await get(old)]).toEqual([200, 403])
    expect(await call('key.reveal', {})).toEqual({ key })
    const file = `${dir}/state/key`
    expect(await fs.readFile(file, 'utf8')).toBe(`${key}\n`)
    expect((await fs.stat(file)).mode & 0o777).toBe(0o600)
    expect(host.redactor.redact(`${key} ${old}`)).toBe('*** ***')
  })

  test('of the config is the config’s to change', async () => {
    const { call } = await openHost({ config: { api_key: 'k'.repeat(40) } })
    expect(await call('settings.get', {})).toMatchObject({ key_source: 'config' })
    await expect(call('key.rotate', {})).rejects.toMatchObject({ code: 'conflict' })
  })

  test('is none with auth: none', async () => {
    const { call } = await openHost({ config: { auth: 'none' } })
    expect(await call('settings.get', {})).toMatchObject({ key_source: 'none' })
    await expect(call('key.reveal', {})).rejects.toMatchObject({ code: 'not_found' })
    await expect(call('key.rotate', {})).rejects.toMatchObject({ code: 'conflict' })
  })
})
