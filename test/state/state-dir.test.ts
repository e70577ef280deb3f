import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  prepareFolder,
  prepareStateDir,
  privateStateDir,
  stateDir,
  stateFiles,
} from '../../src-main/state-dir.ts'

function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mcp-gateway-state-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

const modeOf = (file: string): number => fs.statSync(file).mode & 0o777

describe('where the state is', () => {
  const linux = { env: {}, platform: 'linux', homedir: '/home/a' } as const

  test.each([
    [linux, '/home/a/.local/state/mcp-gateway'],
    [{ ...linux, env: { XDG_STATE_HOME: '/x' } }, '/x/mcp-gateway'],
    [{ ...linux, env: { XDG_STATE_HOME: 'relative' } }, '/home/a/.local/state/mcp-gateway'],
    [{ ...linux, env: { MCP_GATEWAY_STATE_DIR: '/own' } }, '/own'],
    [
      { ...linux, platform: 'darwin' as const },
      '/home/a/Library/Application Support/mcp-gateway/state',
    ],
  ])('%j is %s', (surroundings, expected) => {
    expect(stateDir(surroundings)).toBe(expected)
  })

  test('--state-dir wins over the environment', () => {
    const env = { MCP_GATEWAY_STATE_DIR: '/environment' }
    expect(stateDir({ ...linux, env }, '/flag')).toBe('/flag')
  })

  test('each catalog has a private folder of its own', () => {
    const a = privateStateDir('/s', '/catalogs/a.yaml')
    expect(a).toMatch(/^\/s\/private\/[0-9a-f]{16}$/)
    expect(privateStateDir('/s', '/catalogs/b.yaml')).not.toBe(a)
  })
})

describe('the socket', () => {
  test('lies in the folder', () => {
    expect(stateFiles('/s', 'linux', 1000).socket).toBe('/s/gateway.sock')
  })

  test('has a short name of its own where the path is too long for the system', () => {
    const long = `/${'ü'.repeat(50)}`
    const { socket } = stateFiles(long, 'linux', 1000)
    expect(socket).toMatch(/^\/tmp\/mcp-gateway-1000\/[0-9a-f]{16}\.sock$/)
    expect(stateFiles(`${long}/b`, 'linux', 1000).socket).not.toBe(socket)
  })

  test('is a pipe on Windows', () => {
    expect(stateFiles('C:\\s', 'win32').socket).toMatch(/^\\\\\.\\pipe\\mcp-gateway-[0-9a-f]{16}$/)
  })
})

describe('the folder', () => {
  test('is made for its owner alone', () => {
    const folder = path.join(temporaryFolder(), 'a', 'b')
    prepareStateDir(stateFiles(folder))
    expect(modeOf(folder)).toBe(0o700)
  })

  test('that others could enter is closed to them', () => {
    const folder = path.join(temporaryFolder(), 'open')
    fs.mkdirSync(folder)
    fs.chmodSync(folder, 0o755)
    prepareFolder(folder)
    expect(modeOf(folder)).toBe(0o700)
  })

  test('that everybody writes to is refused and left as it is', () => {
    const folder = path.join(temporaryFolder(), 'tmp')
    fs.mkdirSync(folder)
    fs.chmodSync(folder, 0o1777)
    expect(() => prepareFolder(folder)).toThrow(/everybody can write.*--state-dir/)
    expect(fs.statSync(folder).mode & 0o7777).toBe(0o1777)
  })

  test('for the short socket must not be a link, which another user could have laid', () => {
    const folder = temporaryFolder()
    fs.symlinkSync(folder, path.join(folder, 'link'))
    expect(() => prepareFolder(path.join(folder, 'link'), true)).toThrow('not a folder')
    expect(() => prepareFolder(path.join(folder, 'link'))).not.toThrow()
  })

  test.runIf(process.getuid?.() === 0)('of another user is refused', () => {
    const folder = path.join(temporaryFolder(), 'theirs')
    fs.mkdirSync(folder)
    fs.chownSync(folder, 1234, 1234)
    expect(() => prepareFolder(folder)).toThrow('belongs to another user (uid 1234)')
  })
})
