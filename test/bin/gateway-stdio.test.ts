import { once } from 'node:events'
import fs from 'node:fs'
import { builtinModules } from 'node:module'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { FakeGateway, polite } from './fake-gateway.ts'
import { dist, freshUser, Program } from './programs.ts'
import { eventually } from '../support/eventually.ts'

function startShim(args: string[] = []): { shim: Program; state: string } {
  const { state, env, home } = freshUser()
  return { shim: new Program('gateway-stdio', { env, cwd: home, args }), state }
}

async function connected(silent: string[] = [], args: string[] = []) {
  const { state, env, home } = freshUser()
  const gateway = await FakeGateway.start(state, polite(silent))
  const shim = new Program('gateway-stdio', { env, cwd: home, args })
  await shim.initialize()
  await eventually(() => expect(gateway.latest.methods()).toContain('notifications/initialized'))
  return { gateway, shim }
}

describe('the built file', () => {
  const file = path.join(dist, 'gateway-stdio.cjs')
  const code = fs.readFileSync(file, 'utf8')

  test('is one executable file under 100 KB that needs nothing but Node', () => {
    expect(code.length).toBeLessThan(100_000)
    expect(code.startsWith('#!/usr/bin/env node\n')).toBe(true)
    expect(fs.statSync(file).mode & 0o111).toBe(0o111)
    const required = [...code.matchAll(/\brequire\([`'"]([^`'"]+)[`'"]\)/g)].map(([, name]) => name)
    expect(required.length).toBeGreaterThan(0)
    for (const name of required) expect(builtinModules).toContain(name?.replace('node:', ''))
  })

  test('does not use readline', () => {
    expect(code).not.toContain('readline')
  })

  test('loads nothing of Node that it has no use for: each shim would pay for it', async () => {
    const { state, env, home } = freshUser()
    await FakeGateway.start(state, polite())
    const report = path.join(home, 'report.cjs')
    fs.writeFileSync(
      report,
      "process.on('exit', () => process.stderr.write(`LOADED ${process.moduleLoadList.join()}`))",
    )
    const shim = new Program('gateway-stdio', {
      env: { ...env, NODE_OPTIONS: `--require ${report}` },
      cwd: home,
    })
    await shim.initialize()
    shim.child.stdin?.end()
    await shim.exit
    const loaded = /LOADED (.*)/.exec(shim.stderr)?.[1]?.split(',') ?? []
    expect(loaded).toContain('NativeModule net')
    for (const name of ['perf_hooks', 'internal/fs/dir', 'http', 'internal/deps/undici/undici'])
      expect(loaded).not.toContain(`NativeModule ${name}`)
  })
})

describe('relaying', () => {
  test('says which server and client it speaks for', async () => {
    const { gateway } = await connected([], ['--server', 'files', '--client', 'Claude Desktop'])
    expect(gateway.latest.received[0]).toEqual({
      hello: { version: 1, server: 'files', client: 'Claude Desktop' },
    })
  })

  test('passes bytes on as they are: U+2028, numbers as written, key order, 8 MiB', async () => {
    const { gateway, shim } = await connected(['odd', 'large'])
    const odd =
      '{"method":"odd","x":1.0,"id":"\\u0061","params":{"z":9007199254740993,"a":"\u2028\u0085"},"jsonrpc":"2.0"}'
    const seen: string[] = []
    gateway.latest.socket.on('data', (chunk) => seen.push(chunk.toString('utf8')))
    shim.write(odd)
    await eventually(() => expect(seen.join('')).toBe(`${odd}\n`))
    const answer = '{"result":{"n":-0,"m":1e400,"t":"\u2028"},"id":"\\u0061","jsonrpc":"2.0"}'
    gateway.latest.socket.write(`${answer}\n`)
    await shim.until(() => shim.stdout.includes(`${answer}\n`))
    const large = 'x'.repeat(8 * 1024 * 1024)
    shim.write({ jsonrpc: '2.0', id: 7, method: 'large', params: { large } })
    await eventually(() => expect(gateway.latest.received.at(-1)?.['params']).toEqual({ large }))
    gateway.latest.send({ jsonrpc: '2.0', id: 7, result: { large } })
    const got = await shim.message(({ id }) => id === 7)
    expect(got['result']).toEqual({ large })
  })

  test('what is no JSON-RPC goes to the gateway, which says so', async () => {
    const { gateway, shim } = await connected()
    const seen: string[] = []
    gateway.latest.socket.removeAllListeners('data')
    gateway.latest.socket.on('data', (chunk) => seen.push(chunk.toString('utf8')))
    shim.write('[1,2] nonsense')
    await eventually(() => expect(seen.join('')).toBe('[1,2] nonsense\n'))
  })

  test('ends with its input, after the answers that are under way', async () => {
    const { gateway, shim } = await connected(['late'])
    shim.write({ jsonrpc: '2.0', id: 9, method: 'late' })
    await eventually(() => expect(gateway.latest.methods()).toContain('late'))
    shim.child.stdin?.end()
    gateway.latest.send({ jsonrpc: '2.0', id: 9, result: {} })
    await shim.message(({ id }) => id === 9)
    expect(await shim.exit).toBe(0)
    expect(shim.stderr).toBe('')
  })

  test('ends within two seconds of its input although an answer is missing', async () => {
    const { gateway, shim } = await connected(['never'])
    shim.write({ jsonrpc: '2.0', id: 9, method: 'never' })
    await eventually(() => expect(gateway.latest.methods()).toContain('never'))
    const closed = once(gateway.latest.socket, 'close')
    const since = performance.now()
    shim.child.stdin?.end()
    expect(await shim.exit).toBe(0)
    expect(performance.now() - since).toBeLessThan(2_000)
    await closed
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it', async (signal) => {
    const { shim } = await connected()
    shim.child.kill(signal)
    expect(await shim.exit).toBe(0)
  })

  test('ends when nobody reads its output', async () => {
    const { gateway, shim } = await connected()
    shim.child.stdout?.destroy()
    gateway.latest.send({ jsonrpc: '2.0', method: 'notifications/message' })
    expect(await shim.exit).toBe(0)
  })

  test('a refusal is the answer to the request and the end', async () => {
    const { shim, state } = startShim()
    await FakeGateway.start(state, (_, connection) => {
      connection.send({ refused: { message: "Server 'x' not found" } })
      connection.socket.end()
    })
    const answer = await shim.request('initialize')
    expect(answer['error']).toEqual({ code: -32000, message: "Server 'x' not found" })
    expect(await shim.exit).toBe(1)
    expect(shim.stderr).toContain("Server 'x' not found")
  })
})

describe('when the gateway restarts in mid-session', () => {
  test('the session is taken up again, and nothing of that shows', async () => {
    const { gateway, shim } = await connected()
    await shim.request('logging/setLevel', { level: 'debug' })
    await shim.request('resources/subscribe', { uri: 'a://1' })
    await shim.request('resources/subscribe', { uri: 'a://2' })
    await shim.request('resources/unsubscribe', { uri: 'a://1' })
    const before = shim.messages.length
    await gateway.stop()
    await gateway.listen()
    const answer = await shim.request('tools/list')
    expect(answer['result']).toEqual({ method: 'tools/list' })
    expect(gateway.latest.methods()).toEqual([
      'initialize',
      'notifications/initialized',
      'logging/setLevel',
      'resources/subscribe',
      'tools/list',
    ])
    const [, initialize, , , subscribe] = gateway.latest.received
    expect(initialize?.['params']).toMatchObject({ clientInfo: { name: 'test' } })
    expect(subscribe?.['params']).toEqual({ uri: 'a://2' })
    // The catalog may have changed meanwhile, so lists that are announced at all are announced once.
    expect(shim.messages.slice(before)).toEqual([
      { jsonrpc: '2.0', method: 'notifications/tools/list_changed' },
      answer,
    ])
  })

  test('requests in flight are sent again, but a tool call is an error at once', async () => {
    const { gateway, shim } = await connected(['tools/call', 'resources/read'])
    shim.write({ jsonrpc: '2.0', id: 'read', method: 'resources/read', params: { uri: 'a://1' } })
    shim.write({ jsonrpc: '2.0', id: 'call', method: 'tools/call', params: { name: 'x' } })
    await eventually(() => expect(gateway.latest.methods()).toContain('tools/call'))
    await gateway.stop()
    const failed = await shim.message(({ id }) => id === 'call')
    expect(failed['error']).toMatchObject({
      message: expect.stringMatching(/restarted while tools\/call was running.*not sent again/),
    })
    await gateway.listen()
    const read = await shim.message(({ id }) => id === 'read')
    expect(read['result']).toEqual({ method: 'resources/read' })
    expect(gateway.latest.methods()).not.toContain('tools/call')
  })

  test('a request that was cancelled is not sent again', async () => {
    const { gateway, shim } = await connected(['resources/read'])
    shim.write({ jsonrpc: '2.0', id: 0, method: 'resources/read', params: { uri: 'a://1' } })
    shim.write({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 0 } })
    await eventually(() => expect(gateway.latest.methods()).toContain('notifications/cancelled'))
    await gateway.stop()
    await gateway.listen()
    await shim.request('tools/list')
    expect(gateway.latest.methods()).not.toContain('resources/read')
  })

  test("an answer to the old gateway's request does not reach the new one", async () => {
    const { gateway, shim } = await connected()
    gateway.latest.send({ jsonrpc: '2.0', id: 's1', method: 'roots/list' })
    await shim.message(({ method }) => method === 'roots/list')
    await gateway.stop()
    await gateway.listen()
    await shim.request('ping')
    shim.write({ jsonrpc: '2.0', id: 's1', result: { roots: [] } })
    await shim.request('ping')
    expect(gateway.latest.received.some((message) => 'result' in message)).toBe(false)
    gateway.latest.send({ jsonrpc: '2.0', id: 's2', method: 'roots/list' })
    await shim.message(({ id }) => id === 's2')
    shim.write({ jsonrpc: '2.0', id: 's2', result: { roots: [] } })
    await eventually(() => expect(gateway.latest.received.at(-1)?.['id']).toBe('s2'))
  })

  test('a gateway that is stopping is left when it has answered; new requests wait for the next', async () => {
    const { gateway, shim } = await connected(['tools/call'])
    shim.write({ jsonrpc: '2.0', id: 'slow', method: 'tools/call', params: { name: 'x' } })
    await eventually(() => expect(gateway.latest.methods()).toContain('tools/call'))
    const old = gateway.latest
    old.socket.write('{"closing":{}}\n')
    // Answers and closing travel in order, so that a request after this answer comes after the closing.
    old.send({ jsonrpc: '2.0', method: 'notifications/message', params: {} })
    await shim.message(({ method }) => method === 'notifications/message')
    const later = shim.request('tools/list')
    old.send({ jsonrpc: '2.0', id: 'slow', result: { done: true } })
    expect((await shim.message(({ id }) => id === 'slow'))['result']).toEqual({ done: true })
    expect((await later)['result']).toEqual({ method: 'tools/list' })
    expect(old.methods()).not.toContain('tools/list')
    expect(gateway.latest.methods()).toContain('tools/list')
  })
})
