import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { pidsWithEnvironment } from '../support/processes.ts'
import { systemClock } from '../../src-main/servers/clock.ts'
import { silentLog } from '../../src-main/telemetry/log.ts'
import {
  LoginEnvironment,
  type LoginEnvironmentOptions,
} from '../../src-main/runtimes/login-environment.ts'
import { readLoginEnvironment } from '../../src-main/runtimes/login-shell.ts'
import { eventually } from '../support/eventually.ts'

let home = ''
beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'login-'))
})
afterEach(() => fs.rmSync(home, { recursive: true, force: true }))

function create(
  env: Record<string, string>,
  login: Record<string, string> | Error,
  more: Partial<LoginEnvironmentOptions> = {},
) {
  const readShell = vi.fn(() =>
    login instanceof Error ? Promise.reject(login) : Promise.resolve(login),
  )
  const warnings: string[] = []
  const log = { ...silentLog, warn: (_fields: object, message: string) => warnings.push(message) }
  const environment = new LoginEnvironment({
    env,
    platform: 'linux',
    log,
    clock: systemClock,
    readShell,
    ...more,
  })
  return { environment, readShell, warnings }
}

function program(folder: string, name: string, mode = 0o755): string {
  fs.mkdirSync(path.join(home, folder), { recursive: true })
  const file = path.join(home, folder, name)
  fs.writeFileSync(file, '#!/bin/sh\n', { mode })
  return file
}
const where = () => ({ serverId: 'postgres', cwd: home, baseDir: home })

describe('PATH', () => {
  const login = { PATH: '/home/ada/.nvm/bin:/usr/bin:/bin', EXTRA: 'x' }
  const terminal = { SHLVL: '1', TERM: 'xterm' }

  test('started from a terminal is the terminal’s; the login shell is not even asked', async () => {
    const { environment, readShell } = create({ ...terminal, PATH: '/venv/bin:/usr/bin' }, login)
    expect(await environment.path()).toBe('/venv/bin:/usr/bin')
    expect(readShell).not.toHaveBeenCalled()
  })

  test('started by launchd or a desktop is the login shell’s first', async () => {
    const bare = create({ PATH: '/usr/bin:/bin:/usr/sbin:/sbin' }, login, { platform: 'darwin' })
    expect(await bare.environment.path()).toBe('/home/ada/.nvm/bin:/usr/bin:/bin:/usr/sbin:/sbin')
    const desktop = create(
      { PATH: '/home/ada/.local/bin:/usr/bin', DISPLAY: ':0', SHLVL: '0' },
      login,
    )
    expect(await desktop.environment.path()).toBe(
      '/home/ada/.nvm/bin:/usr/bin:/bin:/home/ada/.local/bin',
    )
  })

  test('that somebody wrote down for a service comes before the login shell’s', async () => {
    const { environment } = create({ PATH: '/opt/venv/bin:/usr/bin' }, login)
    expect(await environment.path()).toBe('/opt/venv/bin:/usr/bin:/home/ada/.nvm/bin:/bin')
  })

  test('is the process’s own, with one warning, when the login shell fails', async () => {
    const { environment, warnings, readShell } = create({ PATH: '/usr/bin' }, new Error('broken'))
    expect(await Promise.all([environment.path(), environment.path()])).toEqual([
      '/usr/bin',
      '/usr/bin',
    ])
    expect(readShell).toHaveBeenCalledTimes(1)
    expect(warnings).toHaveLength(1)
  })

  test('and variables are looked up in the process first, then in the login shell once it is loaded', async () => {
    const { environment } = create({ ...terminal, HOME: '/h' }, { HOME: '/other', EXTRA: 'x' })
    expect(environment.lookup('EXTRA')).toBeUndefined()
    await environment.load()
    expect(environment.lookup('EXTRA')).toBe('x')
    expect(environment.lookup('HOME')).toBe('/h')
    expect(environment.lookup('toString')).toBeUndefined()
  })
})

describe('a command', () => {
  const terminal = { SHLVL: '1', TERM: 'xterm' }

  test('that the terminal’s PATH does not have is found in the login shell’s, which the child then gets', async () => {
    const file = program('login', 'tool')
    const { environment } = create(
      { ...terminal, PATH: '/usr/bin' },
      { PATH: path.join(home, 'login') },
    )
    expect(await environment.resolveCommand('tool', where())).toEqual({
      file,
      path: `/usr/bin:${path.join(home, 'login')}`,
    })
  })

  test('that is in the first folder without being executable is taken from the next', async () => {
    program('first', 'tool', 0o644)
    const file = program('second', 'tool')
    const PATH = ['first', 'second'].map((folder) => path.join(home, folder)).join(':')
    const { environment } = create({ ...terminal, PATH }, {})
    expect((await environment.resolveCommand('tool', where())).file).toBe(file)
  })

  test('is looked for in the entry’s own PATH only, if it has one', async () => {
    program('own', 'tool')
    const { environment, readShell } = create({ ...terminal, PATH: path.join(home, 'own') }, {})
    const searchPath = path.join(home, 'elsewhere')
    await expect(environment.resolveCommand('tool', { ...where(), searchPath })).rejects.toThrow(
      'postgres did not start. The command `tool` was not found in PATH (1 folder searched). Install it, or set an absolute path.',
    )
    expect(readShell).not.toHaveBeenCalled()
  })

  test('with a slash is taken from the working folder, then from the catalog’s', async () => {
    const file = program('catalog/bin', 'tool')
    const { environment } = create({ ...terminal, PATH: '/usr/bin' }, {})
    const baseDir = path.join(home, 'catalog')
    const { file: found } = await environment.resolveCommand('bin/tool', { ...where(), baseDir })
    expect(found).toBe(file)
    await expect(
      environment.resolveCommand('bin/nothing', { ...where(), baseDir }),
    ).rejects.toThrow(
      /`bin\/nothing` does not exist \(looked for .*bin\/nothing and .*catalog\/bin\/nothing\)/,
    )
  })

  test('on Windows is found with its extension', async () => {
    const file = program('win', 'npx.cmd')
    const env = { Path: path.join(home, 'win'), PATHEXT: '.EXE;.cmd' }
    const { environment } = create(env, {}, { platform: 'win32' })
    const found = await environment.resolveCommand('npx', where())
    expect(path.normalize(found.file)).toBe(file)
    expect(found.path).toBe(env.Path)
  })
})

describe.runIf(fs.existsSync('/bin/bash'))('the login shell', () => {
  const env = () => ({ HOME: home, PATH: '/usr/bin:/bin', LOGIN_TEST: home })
  const profile = (text: string) => fs.writeFileSync(path.join(home, '.bash_profile'), text)
  const read = (timeoutMs = 5000) => readLoginEnvironment('/bin/bash', env(), timeoutMs)

  test('tells what its start-up files set, values of several lines and noise included', async () => {
    profile(`
      echo "welcome to PATH=/nowhere"; alias env='echo no'
      export PATH="$HOME/tools:$PATH" GREETING=$'first\\nSECOND=no\\n\\nlast' EMPTY=
      read answer`)
    const found = await read()
    expect(found).toMatchObject({
      PATH: expect.stringMatching(new RegExp(`^${home}/tools:.*/usr/bin`)),
      GREETING: 'first\nSECOND=no\n\nlast',
      EMPTY: '',
    })
    expect(found).not.toHaveProperty('SECOND')
    expect(found).not.toHaveProperty('SHLVL')
  })

  test('that hangs is given up on in time and leaves no process', async () => {
    profile('sleep 60')
    const startedAt = performance.now()
    await expect(read(300)).rejects.toThrow('did not answer')
    expect(performance.now() - startedAt).toBeLessThan(1500)
    await eventually(() => expect(pidsWithEnvironment(`LOGIN_TEST=${home}`)).toEqual([]))
  })

  test('whose start-up file leaves something running is read, and that is ended', async () => {
    profile('export READ=yes; sleep 60 &')
    expect(await read()).toMatchObject({ READ: 'yes' })
    await eventually(() => expect(pidsWithEnvironment(`LOGIN_TEST=${home}`)).toEqual([]))
  })

  test('that does not exist or does not speak POSIX is replaced', async () => {
    const odd = path.join(home, 'nu')
    fs.writeFileSync(odd, '#!/bin/sh\nexit 2\n', { mode: 0o755 })
    for (const shell of [odd, path.join(home, 'none')]) {
      expect(await readLoginEnvironment(shell, env(), 5000)).toMatchObject({ HOME: home })
    }
  })
})
