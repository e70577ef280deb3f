import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { isAlive, pidsWithEnvironment } from '../support/processes.ts'
import {
  dist,
  endGatewaysAfterwards,
  freshUser,
  infoOf,
  Program,
  sampleCatalog,
} from './programs.ts'
import { eventually } from '../support/eventually.ts'

function user() {
  const { home, state, env } = freshUser()
  endGatewaysAfterwards(home)
  const config = path.join(home, '.config', 'mcp-gateway')
  sampleCatalog(config)
  return { home, state, config, env }
}

const echo = { name: 'sample__echo', arguments: { a: 1 } }

describe('without a gateway', () => {
  test('ten shims at once start one, and all of them are served', async () => {
    const { home, state, env } = user()
    const shims = Array.from({ length: 10 }, () => new Program('gateway-stdio', { env, cwd: home }))
    await Promise.all(shims.map((shim) => shim.initialize()))
    const gateways = pidsWithEnvironment(`HOME=${home}\0`).filter((pid) =>
      fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('gateway-http'),
    )
    expect(gateways).toEqual([infoOf(state)?.pid])
    const answers = await Promise.all(shims.map((shim) => shim.request('tools/call', echo)))
    for (const { result } of answers)
      expect(result).toMatchObject({ content: [{ text: '{"a":1}' }] })
    for (const { stderr } of shims) expect(stderr).toBe('')
    expect(fs.existsSync(path.join(state, 'start.lock'))).toBe(false)
    // Nobody else on this machine can open the socket.
    expect(fs.statSync(state).mode & 0o777).toBe(0o700)
    expect(fs.statSync(path.join(state, 'gateway.sock')).mode & 0o777).toBe(0o600)
    expect(fs.statSync(path.join(state, 'gateway.json')).mode & 0o777).toBe(0o600)
  })

  test('nothing of a hostile current directory is read', async () => {
    const { home, state, env } = user()
    const hostile = path.join(home, 'cloned')
    const trap = path.join(hostile, 'trapped')
    const bait = `require('node:fs').writeFileSync(${JSON.stringify(trap)}, 'x')`
    for (const name of ['zod', 'yaml', 'node:net', 'chokidar'])
      write(path.join(hostile, 'node_modules', name.replace(':', ''), 'index.js'), bait)
    sampleCatalog(hostile, ['evil'])
    write(path.join(hostile, 'config.yaml'), 'listen_addr: 0.0.0.0:1\nauth: none\n')
    write(
      path.join(hostile, '.env'),
      'MCP_GATEWAY_STATE_DIR=./evil\nNODE_OPTIONS=--require ./bait.cjs\n',
    )
    write(path.join(hostile, 'bait.cjs'), bait)
    write(path.join(hostile, 'package.json'), '{"type":"module","main":"bait.cjs"}')
    write(path.join(hostile, '.npmrc'), 'node-options=--require ./bait.cjs\n')
    const shim = new Program('gateway-stdio', { env, cwd: hostile })
    await shim.initialize()
    const list = await shim.request('tools/list')
    expect(JSON.stringify(list)).toContain('sample__echo')
    expect(JSON.stringify(list)).not.toContain('evil')
    const { pid, url } = infoOf(state) ?? { pid: 0, url: '' }
    expect(fs.readlinkSync(`/proc/${pid}/cwd`)).toBe(fs.realpathSync(home))
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:/)
    expect(fs.existsSync(trap)).toBe(false)
    expect(fs.readdirSync(hostile)).not.toContain('evil')
  })

  test('a gateway that cannot start is told to the client and on stderr, with what it said', async () => {
    const { home, env, config } = user()
    write(path.join(config, 'config.yaml'), 'listen_adr: 127.0.0.1:4444\n')
    const shim = new Program('gateway-stdio', { env, cwd: home })
    const { error } = await shim.request('initialize')
    expect(error).toMatchObject({
      message: expect.stringMatching(/could not be started[^]*listen_adr/),
    })
    expect(await shim.exit).toBe(1)
    expect(shim.stderr).toContain("Did you mean 'listen_addr'?")
  })

  test('--catalog starts a private one, on a port of its own, once for each catalog', async () => {
    const { home, state, env } = user()
    const mine = sampleCatalog(path.join(home, 'project'), ['mine'])
    const link = path.join(home, 'link.yaml')
    fs.symlinkSync(mine, link)
    const common = new Program('gateway-stdio', { env, cwd: home })
    const first = new Program('gateway-stdio', { env, cwd: home, args: ['--catalog', mine] })
    const second = new Program('gateway-stdio', { env, cwd: home, args: ['--catalog', link] })
    await Promise.all([common, first, second].map((shim) => shim.initialize()))
    expect(JSON.stringify(await common.request('tools/list'))).toContain('sample__echo')
    expect(JSON.stringify(await first.request('tools/list'))).toContain('mine__echo')
    expect(JSON.stringify(await second.request('tools/list'))).toContain('mine__echo')
    const folders = fs.readdirSync(path.join(state, 'private'))
    expect(folders).toHaveLength(1)
    const theirs = infoOf(path.join(state, 'private', folders[0] ?? ''))
    expect(theirs?.url).not.toBe(infoOf(state)?.url)
  })

  test('one that a shim has started ends when nobody uses it, and leaves nothing', async () => {
    const { home, state, env } = user()
    write(path.join(home, '.config/mcp-gateway/config.yaml'), 'idle_timeout_seconds: 1\n')
    const shim = new Program('gateway-stdio', {
      env: { ...env, MCP_GATEWAY_QUIET_SECONDS: '0.5' },
      cwd: home,
    })
    await shim.initialize()
    const { result } = await shim.request('tools/call', { name: 'sample__pid' })
    const server = Number(/\d+/.exec(JSON.stringify(result))?.[0])
    const pid = infoOf(state)?.pid ?? 0
    expect(isAlive(pid) && isAlive(server)).toBe(true)
    shim.child.stdin?.end()
    await shim.exit
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 12_000, interval: 50 })
    expect(isAlive(server)).toBe(false)
    const log = fs.readFileSync(path.join(state, 'gateway.log'), 'utf8')
    expect(log).toContain('nobody uses')
    expect(fs.readdirSync(state).toSorted(), log).toEqual([
      'cache',
      'gateway.log',
      'history.sqlite',
      'key',
      'processes',
    ])
  })
})

describe('a restart in mid-session', () => {
  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'after %s the next call starts a gateway',
    async (signal) => {
      const { home, state, env } = user()
      const shim = new Program('gateway-stdio', { env, cwd: home, args: ['--server', 'sample'] })
      await shim.initialize()
      await shim.request('tools/list')
      const old = infoOf(state)?.pid ?? 0
      process.kill(old, signal)
      await vi.waitFor(() => expect(isAlive(old)).toBe(false), { timeout: 10_000 })
      // Whether a killed gateway has still seen a call cannot be told; a list may be sent twice.
      const list = await shim.request('tools/list')
      expect(list).toMatchObject({ result: { tools: [{ name: 'echo' }, {}, {}] } })
      const answer = await shim.request('tools/call', { name: 'echo', arguments: { again: true } })
      expect(answer['result']).toMatchObject({ content: [{ text: '{"again":true}' }] })
      expect(infoOf(state)?.pid).not.toBe(old)
    },
  )

  test('calls in flight at SIGTERM are answered by the old one, calls after it by the new one', async () => {
    const { home, state, env } = user()
    const shim = new Program('gateway-stdio', { env, cwd: home, args: ['--server', 'sample'] })
    await shim.initialize()
    await shim.request('tools/call', { name: 'pid' })
    const old = infoOf(state)?.pid ?? 0
    const slow = shim.request('tools/call', { name: 'slow', arguments: { ms: 700 } })
    const warm = await shim.request('ping')
    expect(warm['result']).toEqual({})
    process.kill(old, 'SIGTERM')
    await eventually(() => expect(fs.existsSync(path.join(state, 'gateway.sock'))).toBe(false))
    const next = shim.request('tools/call', { name: 'echo', arguments: { next: 1 } })
    expect((await slow)['result']).toMatchObject({ content: [{ text: '{"ms":700}' }] })
    expect((await next)['result']).toMatchObject({ content: [{ text: '{"next":1}' }] })
    expect(infoOf(state)?.pid).not.toBe(old)
  })

  test('a gateway that a person started is waited for, not replaced', async () => {
    const { home, state, env } = user()
    const run = () =>
      new Program('gateway-http', { env, cwd: home, args: ['--listen', '127.0.0.1:0'] })
    const first = run()
    await first.until(() => first.stdout.includes('listens on'))
    const shim = new Program('gateway-stdio', { env, cwd: home })
    await shim.initialize()
    first.child.kill('SIGTERM')
    await first.exit
    const answer = shim.request('tools/call', echo)
    const second = run()
    expect((await answer)['result']).toMatchObject({ content: [{ text: '{"a":1}' }] })
    expect(infoOf(state)?.pid).toBe(second.child.pid)
  })
})

describe('--gateway', () => {
  async function remote() {
    const { home, state, env } = user()
    const there = { ...env, MCP_GATEWAY_API_KEY: 'k'.repeat(40) }
    const start = (address: string) =>
      new Program('gateway-http', { env: there, cwd: home, args: ['--listen', address] })
    const gateway = start('127.0.0.1:0')
    const url = await gateway.until(() => /listens on (\S+)/.exec(gateway.stdout)?.[1])
    return { home, state, env, there, start, gateway, url }
  }

  test('reaches one over HTTP, with the key of its own environment only', async () => {
    const { home, there, url, env, state } = await remote()
    const args = ['--gateway', url, '--server', 'sample']
    const shim = new Program('gateway-stdio', { env: there, cwd: home, args })
    const { result } = await shim.initialize()
    expect(result).toMatchObject({ serverInfo: {} })
    const answer = await shim.request('tools/call', { name: 'echo', arguments: { a: 1 } })
    expect(answer['result']).toMatchObject({ content: [{ text: '{"a":1}' }] })
    // The local key is there, and it is not used.
    fs.writeFileSync(path.join(state, 'key'), 'k'.repeat(40), { mode: 0o600 })
    const stranger = new Program('gateway-stdio', { env, cwd: home, args })
    const { error } = await stranger.request('initialize')
    expect(error).toMatchObject({ message: expect.stringContaining('MCP_GATEWAY_API_KEY') })
  })

  test('takes the session up again when that gateway restarts', async () => {
    const { home, there, url, gateway, start } = await remote()
    const shim = new Program('gateway-stdio', { env: there, cwd: home, args: ['--gateway', url] })
    await shim.initialize()
    await shim.request('tools/list')
    gateway.child.kill('SIGTERM')
    await gateway.exit
    const next = start(new URL(url).host)
    await next.until(() => next.stdout.includes('listens on'))
    const answer = await shim.request('tools/call', echo)
    expect(answer['result']).toMatchObject({ content: [{ text: '{"a":1}' }] })
    shim.child.stdin?.end()
    expect(await shim.exit).toBe(0)
  })
})

test('the programs are there to be run', () => {
  for (const name of ['gateway', 'gateway-http', 'gateway-stdio'])
    expect(fs.statSync(path.join(dist, `${name}.cjs`)).mode & 0o111).toBe(0o111)
})

function write(file: string, text: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, text)
}
