import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ClientRegister } from '../../src-main/ai-clients/client-register.ts'
import { silentLog } from '../../src-main/telemetry/log.ts'
import { ask } from '../http/endpoint.ts'
import { openHost } from '../management/host.ts'
import type { TestHost, TestHostOptions } from '../management/host.ts'
import { eventually } from '../support/eventually.ts'
import { scriptedServer, toolText } from '../support/gateway.ts'
import { httpSession, pipe, post } from './ways.ts'

async function withToken(options: TestHostOptions = {}) {
  const test = await openHost({ servers: [scriptedServer('alpha')], ...options })
  const token = await granted(test)
  const port = Number(new URL(test.host.url).port)
  const get = (url: string, more: Parameters<typeof ask>[2] = {}) =>
    ask(port, url, { key: token, ...more, headers: { host: `127.0.0.1:${port}`, ...more.headers } })
  return { ...test, test, token, port, get }
}

async function granted({ call }: TestHost): Promise<string> {
  const { token } = await call('access.grant', { id: 'editor', name: 'Editor' })
  if (token === null) throw new Error('There is no token.')
  return token
}

const ping = { id: 1, method: 'ping', server_id: 'alpha' }
const said = ({ text }: { text: string }): unknown => JSON.parse(text)

describe('a token', () => {
  test.each([
    ['GET', '/servers'],
    ['GET', '/servers/alpha'],
    ['POST', '/servers/alpha/start'],
    ['GET', '/servers/alpha/x/mcp'],
    ['GET', '/servers//mcp'],
    ['GET', '/rpc'],
    ['GET', '/catalog'],
    ['PUT', '/catalog'],
    ['POST', '/admin/reload'],
    ['GET', '/stats'],
    ['GET', '/metrics'],
    ['GET', '/events'],
    ['POST', '/api/key.reveal'],
    ['POST', '/api/access.set_limits'],
    ['GET', '/api/events'],
    ['GET', '/mcp/'],
    ['GET', '/MCP'],
    ['GET', '/nothing'],
  ])('opens MCP alone: %s %s is 403, and says why', async (method, url) => {
    const { get } = await withToken()
    const answer = await get(url, { method, ...(method === 'GET' ? {} : { body: '{}' }) })
    expect(answer.status).toBe(403)
    expect(said(answer)).toEqual({
      error: 'Forbidden',
      message: `A client's token opens MCP alone (/mcp, /servers/<id>/mcp, POST /rpc), not ${url}. Everything else wants the key that "gateway key" prints.`,
    })
  })

  test('is wrong, replaced, revoked or missing: each says so, and the main key is not fallen back to', async () => {
    const { call, get, test, token } = await withToken()
    expect((await post(test, '/mcp', token, ping)).status).toBe(200)
    const none = await get('/mcp', { key: null })
    expect([none.status, said(none)]).toEqual([
      401,
      { error: 'Unauthorized', message: expect.stringContaining('gateway key') },
    ])
    const unknown = await get('/mcp', { key: `${token.slice(0, -1)}?` })
    expect([unknown.status, said(unknown)]).toEqual([
      403,
      { error: 'Forbidden', message: expect.stringContaining('not known here, or was replaced') },
    ])
    const second = await granted(test)
    expect((await post(test, '/mcp', token, ping)).status).toBe(403)
    expect((await post(test, '/mcp', second, ping)).status).toBe(200)
    await call('access.revoke', { id: 'editor' })
    const { key } = await call('key.reveal', {})
    const revoked = await get('/mcp', { key: second, headers: { 'x-api-key': key } })
    expect([revoked.status, said(revoked)]).toEqual([
      403,
      {
        error: 'Forbidden',
        message:
          "The client 'Editor' (editor) was disconnected from this gateway. Connect it again in the gateway, then restart the client.",
      },
    ])
    expect((await post(test, '/mcp', key, ping)).status).toBe(200)
  })

  test('limits its client also where the gateway asks nobody for a key', async () => {
    const { call, get, test, token } = await withToken({ config: { auth: 'none' } })
    expect((await get('/servers', { key: null })).status).toBe(200)
    expect((await get('/servers')).status).toBe(403)
    await call('access.revoke', { id: 'editor' })
    expect((await post(test, '/mcp', token, ping)).status).toBe(403)
  })

  test('is checked after Host and Origin', async () => {
    const { get } = await withToken()
    expect((await get('/mcp', { headers: { host: 'evil.example' } })).status).toBe(403)
    expect((await get('/mcp', { headers: { origin: 'https://evil.example' } })).status).toBe(403)
  })

  test('is kept as a hash, in a file for its owner alone, and in no log', async () => {
    const { host, log, token } = await withToken({ config: { log_level: 'trace' } })
    const file = path.join(host.settings.files.dir, 'client-access.json')
    expect(fs.statSync(file).mode & 0o777).toBe(0o600)
    expect(fs.readFileSync(file, 'utf8')).not.toContain(token)
    expect(log()).toContain('A client was given access.')
    expect(log()).not.toContain(token)
  })
})

describe('revoking', () => {
  test('ends sessions, open streams and calls at once, and whoever comes again is refused', async () => {
    const { call, get, test, token, host } = await withToken()
    const session = await httpSession(test, token, undefined)
    const stream = get('/mcp', { headers: { accept: 'text/event-stream', ...session.headers } })
    const never = post(
      test,
      '/servers/alpha/mcp',
      token,
      {
        id: 2,
        method: 'tools/call',
        params: {
          name: 'never',
          arguments: {},
          _meta: {
            'io.modelcontextprotocol/protocolVersion': '2026-07-28',
            'io.modelcontextprotocol/clientCapabilities': {},
          },
        },
      },
      { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'never' },
    )
    const once = post(
      test,
      '/rpc',
      token,
      { method: 'tools/call', params: { name: 'never' } },
      {
        'x-server-id': 'alpha',
      },
    )
    const ends = [stream, never, once].map((each) =>
      each.then(
        () => 'over',
        () => 'cut',
      ),
    )
    const shim = await pipe(test, 'editor', undefined, 'legacy')
    const other = await pipe(test, 'somebody', undefined, 'legacy')
    await eventually(async () => {
      expect(host.gateway.sessions.size).toBe(3)
      expect((await call('server.get', { id: 'alpha' })).request_count).toBeGreaterThanOrEqual(2)
    })
    await call('access.revoke', { id: 'editor' })
    await eventually(() => expect(shim.isOpen()).toBe(false))
    // A stream of nothing but notifications has an end; calls get no answer.
    expect(await Promise.all(ends)).toEqual(['over', 'cut', 'cut'])
    expect(host.gateway.sessions.size).toBe(1)
    expect(other.isOpen()).toBe(true)
    await expect(pipe(test, 'editor', undefined, 'legacy')).rejects.toThrow(
      /refused.*'Editor' \(editor\) was disconnected/,
    )
    const again = { id: 'editor', name: 'Editor', token: false }
    expect((await call('access.grant', again)).token).toBeNull()
    await pipe(test, 'editor', undefined, 'legacy')
  })

  test('a client that nobody knows is an error', async () => {
    const { call } = await withToken()
    await expect(call('access.revoke', { id: 'nobody' })).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  test('a client that is known by its name alone works as well', async () => {
    const { call, test } = await withToken()
    const shim = await pipe(test, 'by-name', undefined, 'legacy')
    await call('access.revoke', { id: 'by-name' })
    await eventually(() => expect(shim.isOpen()).toBe(false))
    await expect(pipe(test, 'by-name', undefined, 'legacy')).rejects.toThrow('disconnected')
  })
})

test('a client is named in statistics, the history and the list of clients', async () => {
  const { call, get, test, token } = await withToken()
  const session = await httpSession(test, token, 'alpha')
  const echo = { name: 'echo', arguments: { text: 'said' } }
  expect(toolText(await session.request('tools/call', echo))).toBe('said')
  await post(test, '/mcp', token, { server_id: 'alpha', method: 'tools/call', params: echo })
  await post(test, '/mcp', token, { server_id: 'alpha', method: 'odd/method' })
  const shim = await pipe(test, 'by-name', 'alpha', 'legacy')
  await shim.request('tools/call', echo)
  const { key } = await call('key.reveal', {})
  expect(said(await get('/stats', { key }))).toMatchObject({
    clients: {
      editor: { sessions: 1, request_count: 3, error_count: 1, last_seen: expect.any(String) },
      'by-name': { sessions: 1, request_count: 1, error_count: 0, last_seen: expect.any(String) },
    },
  })
  const list = await call('access.list', {})
  expect(list).toContainEqual({
    id: 'editor',
    name: 'Editor',
    has_token: true,
    created: expect.any(String),
    last_seen: expect.any(String),
    revoked: null,
    limits: null,
    sessions: 1,
    request_count: 3,
    error_count: 1,
  })
  expect(list).toContainEqual(expect.objectContaining({ id: 'by-name', has_token: false }))
  await eventually(async () => {
    const { entries } = await call('activity.list', {})
    expect(new Set(entries.map(({ client }) => client))).toEqual(new Set(['editor', 'by-name']))
  })
})

describe('the register', () => {
  function open(text?: string) {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'register-'))
    onTestFinished(() => fs.rmSync(dir, { recursive: true }))
    const file = path.join(dir, 'client-access.json')
    if (text !== undefined) fs.writeFileSync(file, text)
    let now = Date.parse('2026-01-01T00:00:00Z')
    const create = () => new ClientRegister({ stateDir: dir, log: silentLog, wall: () => now })
    return { file, create, pass: (ms: number) => (now += ms) }
  }

  test('writes down when a client was seen at most once a minute, and at its end', () => {
    const { create, file, pass } = open()
    const register = create()
    const token = register.grant('a', 'A', true)
    const seen = (): unknown => JSON.parse(fs.readFileSync(file, 'utf8')).clients[0].last_seen
    pass(30_000)
    register.find(token)
    expect(seen()).toBeNull()
    pass(31_000)
    register.find(token)
    expect(seen()).toBe('2026-01-01T00:01:01.000Z')
    pass(1_000)
    register.find(token)
    expect(seen()).toBe('2026-01-01T00:01:01.000Z')
    register.close()
    expect(seen()).toBe('2026-01-01T00:01:02.000Z')
    expect(create().find(token)).toMatchObject({ id: 'a', isRevoked: false })
  })

  test.each([
    '',
    '{',
    '[]',
    '{"version":2,"clients":[]}',
    '{"version":1}',
    '{"version":1,"clients":[1]}',
    '{"version":1,"clients":[{"id":"a"}]}',
    '{"version":1,"clients":[{"id":"a","name":"a","created":null,"last_seen":null,"revoked":null,"token_sha256":null,"limits":{"servers":"all"}}]}',
    '{"version":1,"clients":[{"id":"a","name":"a","created":null,"last_seen":null,"revoked":null,"token_sha256":null,"limits":{"tools":7}}]}',
  ])('that is damaged keeps the gateway from starting without limits: %s', (text) => {
    const { create, file } = open(text)
    expect(create).toThrow(/client-access\.json.*does not start/s)
    expect(fs.readFileSync(file, 'utf8')).toBe(text)
  })

  test('keeps no more strangers than it should', () => {
    const register = open().create()
    for (let i = 0; i < 2_000; i++) register.refusal(`stranger-${i}`)
    expect(register.use().size).toBeLessThanOrEqual(500)
  })
})
