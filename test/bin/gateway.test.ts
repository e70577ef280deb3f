import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { duration, statusTable } from '../../src-main/bin/status.ts'
import { freshUser, Program, sampleCatalog } from './programs.ts'

function user() {
  const { home, state, env } = freshUser()
  sampleCatalog(path.join(home, '.config', 'mcp-gateway'))
  const run = async (...args: string[]) => {
    const program = new Program('gateway', { env, cwd: home, args })
    return { code: await program.exit, stdout: program.stdout, stderr: program.stderr }
  }
  const start = async () => {
    const gateway = new Program('gateway-http', {
      env,
      cwd: home,
      args: ['--listen', '127.0.0.1:0'],
    })
    const url = await gateway.until(() => /listens on (\S+)/.exec(gateway.stdout)?.[1])
    return { gateway, url }
  }
  return { home, state, run, start }
}

test('key makes the key once, for its owner alone', async () => {
  const { run, state } = user()
  const first = await run('key')
  expect(first).toMatchObject({ code: 0, stderr: '' })
  expect(first.stdout).toMatch(/^[\w-]{43}\n$/)
  expect((await run('key')).stdout).toBe(first.stdout)
  expect(fs.statSync(path.join(state, 'key')).mode & 0o777).toBe(0o600)
})

test('the key is the one that opens the gateway', async () => {
  const { run, start } = user()
  const { url } = await start()
  const { stdout } = await run('key')
  const answer = await fetch(`${url}/servers`, { headers: { 'x-api-key': stdout.trim() } })
  expect(answer.status).toBe(200)
})

test('status shows the servers, for people and for programs', async () => {
  const { run, start } = user()
  const { gateway, url } = await start()
  const { code, stdout } = await run('status')
  expect(code).toBe(0)
  expect(stdout).toContain(`at ${url} (process ${gateway.child.pid})`)
  expect(stdout).toMatch(/^SERVER +STATUS +UPTIME +REQUESTS +ERRORS +REASON$/m)
  expect(stdout).toMatch(/^sample +stopped +- +0 +0 /m)
  expect(JSON.parse((await run('status', '--json')).stdout)).toMatchObject({
    gateway: { url },
    servers: [{ id: 'sample', status: 'stopped', request_count: 0 }],
  })
})

test('open says where the gateway is, how to connect, and gives a link that works once', async () => {
  const { run, start } = user()
  const { url } = await start()
  const { code, stdout } = await run('open')
  expect(code).toBe(0)
  expect(stdout).toContain(`${url}/mcp`)
  expect(stdout).toContain('gateway-stdio')
  const link = new URL(/^ {2}(http\S+)$/m.exec(stdout)?.[1] ?? '')
  expect(link.origin + link.pathname).toBe(`${url}/ui/`)
  const exchange = () =>
    fetch(`${url}/ui/session`, {
      method: 'POST',
      body: JSON.stringify({ code: link.hash.replace('#code=', '') }),
    })
  const session = await exchange()
  expect(session.status).toBe(200)
  const { token } = z.object({ token: z.string() }).parse(await session.json())
  const headers = { authorization: `Bearer ${token}` }
  const info = await fetch(`${url}/api/gateway.info`, { method: 'POST', headers, body: '{}' })
  expect(await info.json()).toMatchObject({ ok: { url } })
  expect((await exchange()).status).toBe(401)
})

test.each(['status', 'open'])(
  '%s without a gateway ends with 3, and no key is sent anywhere',
  async (command) => {
    const { run, start, state } = user()
    const { gateway } = await start()
    const info = fs.readFileSync(path.join(state, 'gateway.json'))
    gateway.child.kill('SIGKILL')
    await gateway.exit
    fs.writeFileSync(path.join(state, 'gateway.json'), info)
    expect(await run(command)).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringContaining('gateway-http'),
    })
  },
)

test('validate checks as gateway-http --validate does', async () => {
  const { run } = user()
  expect(await run('validate')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('1 server'),
  })
})

describe('wrong use', () => {
  test.each([
    [['stauts'], /Unknown command 'stauts'\. Did you mean 'status'\?/],
    [['status', '--jsno'], /Did you mean 'json'\?/],
    [['status', 'all'], /takes no all/],
    [[], /Usage: gateway COMMAND/],
  ])('%j ends with 2 and says what was meant', async (args, says) => {
    const { code, stdout, stderr } = await user().run(...args)
    expect(code).toBe(2)
    expect(stdout + stderr).toMatch(says)
  })
})

test('columns are as wide as what is in them', () => {
  const row = { id: 'a-long-name', status: 'running', reason: '', error_count: 0 }
  const started_at = '2026-01-01T00:00:00.000Z'
  const table = statusTable(
    [{ ...row, started_at, request_count: 12_345 }],
    Date.parse('2026-01-02T03:00:00.000Z'),
  )
  expect(table).toBe(
    'SERVER       STATUS   UPTIME  REQUESTS  ERRORS  REASON\n' +
      'a-long-name  running  1d 3h      12345       0\n',
  )
})

test.each([
  [0, '0s'],
  [59_999, '59s'],
  [3_600_000, '1h 0m'],
  [90_061_000, '1d 1h'],
])('%d ms are %s', (ms, text) => {
  expect(duration(ms)).toBe(text)
})
