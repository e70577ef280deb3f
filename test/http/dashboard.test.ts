import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { scriptedServer } from '../support/gateway.ts'
import { eventually } from '../support/eventually.ts'
import { openHost } from '../management/host.ts'
import type { TestHost, TestHostOptions } from '../management/host.ts'
import { ask } from './endpoint.ts'
import type { Answer } from './endpoint.ts'

interface Dashboard extends TestHost {
  port: number
  key: string
  /** As a page of the gateway's own asks. */
  get: (url: string, options?: Parameters<typeof ask>[2]) => Promise<Answer>
  code: () => Promise<string>
  exchange: (code: string, headers?: Record<string, string>) => Promise<Answer>
  signIn: () => Promise<string>
  api: (name: string, input: unknown, key: string | null) => Promise<Answer>
}

async function dashboard(options: TestHostOptions = {}): Promise<Dashboard> {
  const test = await openHost(options)
  const port = Number(new URL(test.host.url).port)
  const { key } = await test.call('key.reveal', {})
  const own = { host: `127.0.0.1:${port}` }
  const get: Dashboard['get'] = (url, more = {}) =>
    ask(port, url, { key: null, ...more, headers: { ...own, ...more.headers } })
  const code = async (): Promise<string> =>
    new URL((await test.call('dashboard.link', {})).url).hash.replace('#code=', '')
  const exchange: Dashboard['exchange'] = (text, headers = {}) =>
    get('/ui/session', { method: 'POST', body: JSON.stringify({ code: text }), headers })
  return {
    ...test,
    port,
    key,
    get,
    code,
    exchange,
    signIn: async () => String(JSON.parse((await exchange(await code())).text).token),
    api: (name, input, bearer) =>
      get(`/api/${name}`, { method: 'POST', body: JSON.stringify(input), key: bearer }),
  }
}

/** A folder as vite fills it. */
async function builtUi(): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'gateway-ui-'))
  onTestFinished(() => fs.rm(folder, { recursive: true }))
  await fs.mkdir(path.join(folder, 'ui/assets'), { recursive: true })
  await fs.writeFile(path.join(folder, 'ui/index.html'), '<!doctype html><title>It</title>')
  await fs.writeFile(path.join(folder, 'ui/assets/index-DiwrgTda.js'), 'export {}')
  await fs.writeFile(path.join(folder, 'secret.txt'), 'not for you')
  await fs.symlink(path.join(folder, 'secret.txt'), path.join(folder, 'ui/assets/link.txt'))
  return path.join(folder, 'ui')
}

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
]

function expectSafe({ headers }: Answer): void {
  for (const part of policy) expect(headers['content-security-policy']).toContain(part)
  expect(headers['content-security-policy']).not.toContain('unsafe')
  expect(headers['x-content-type-options']).toBe('nosniff')
  expect(headers['referrer-policy']).toBe('no-referrer')
  expect(headers).not.toHaveProperty('set-cookie')
}

describe('files', () => {
  test('are served to everybody, with a strict policy, hashed ones for ever', async () => {
    const { get } = await dashboard({ uiFolder: await builtUi() })
    const page = await get('/ui/')
    expect(page).toMatchObject({ status: 200, text: '<!doctype html><title>It</title>' })
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
    })
    expectSafe(page)
    const script = await get('/ui/assets/index-DiwrgTda.js?x=1')
    expect(script).toMatchObject({ status: 200, text: 'export {}' })
    expect(script.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    })
    expectSafe(script)
    const head = await get('/ui/', { method: 'HEAD' })
    expect(head).toMatchObject({ status: 200, text: '' })
    expect(head.headers['content-length']).toBe(page.headers['content-length'])
  })

  test.each(['/', '/ui'])('%s leads to them', async (url) => {
    const { get } = await dashboard()
    const answer = await get(url)
    expect(answer.status).toBe(302)
    expect(answer.headers.location).toBe('/ui/')
    expectSafe(answer)
  })

  test.each([
    '/ui/../secret.txt',
    '/ui/%2e%2e/secret.txt',
    '/ui/..%2fsecret.txt',
    '/ui/assets/../../secret.txt',
    '/ui/assets/link.txt',
    '/ui//etc/passwd',
    '/ui/assets',
    '/ui/constructor',
    '/ui/\\..\\secret.txt',
    '/ui/assets/index-DiwrgTda.js/',
  ])('%s is no file of it', async (url) => {
    const { get } = await dashboard({ uiFolder: await builtUi() })
    const answer = await get(url)
    expect(answer.status).toBe(404)
    expect(answer.text).not.toContain('not for you')
    expectSafe(answer)
  })

  test('only GET and HEAD', async () => {
    const { get } = await dashboard({ uiFolder: await builtUi() })
    const answer = await get('/ui/', { method: 'POST', body: '{}' })
    expect(answer.status).toBe(405)
    expect(answer.headers.allow).toBe('GET, HEAD')
    expectSafe(answer)
  })

  test('a gateway without them says so, and finds them once they are built', async () => {
    const folder = await builtUi()
    await fs.rename(folder, `${folder}-later`)
    const { get } = await dashboard({ uiFolder: folder })
    const answer = await get('/ui/')
    expect(answer.status).toBe(503)
    expect(answer.text).toContain('npm run build')
    expectSafe(answer)
    await fs.rename(`${folder}-later`, folder)
    expect((await get('/ui/')).status).toBe(200)
  })

  test.each([
    [{ host: 'evil.example' }, 'Host'],
    [{ origin: 'https://evil.example' }, 'origin'],
    [{ origin: 'null' }, 'origin'],
  ])('are refused to %j', async (headers, why) => {
    const { get } = await dashboard({ uiFolder: await builtUi() })
    for (const url of ['/', '/ui/', '/ui/assets/index-DiwrgTda.js']) {
      const answer = await get(url, { headers })
      expect(answer.status).toBe(403)
      expect(answer.text).toContain(why)
    }
  })

  test('a page of our own may load them', async () => {
    const { get, port } = await dashboard({ uiFolder: await builtUi() })
    const answer = await get('/ui/', { headers: { origin: `http://127.0.0.1:${port}` } })
    expect(answer.status).toBe(200)
  })
})

describe('the one-time link', () => {
  test('names the page, with the code in the fragment', async () => {
    const { call, host } = await dashboard()
    const { url, expires_at: until } = await call('dashboard.link', {})
    expect(url).toMatch(new RegExp(`^${host.url}/ui/#code=[\\w-]{43}$`))
    const left = Date.parse(until) - Date.now()
    expect(left).toBeGreaterThan(4 * 60_000)
    expect(left).toBeLessThanOrEqual(5 * 60_000)
  })

  test('is exchanged once for a bearer, without a cookie', async () => {
    const { code, exchange, api } = await dashboard()
    const text = await code()
    const answer = await exchange(text)
    expect(answer.status).toBe(200)
    expectSafe(answer)
    expect(answer.headers['cache-control']).toBe('no-store')
    const { token } = JSON.parse(answer.text)
    const info = await api('gateway.info', {}, token)
    expect(info.status).toBe(200)
    const again = await exchange(text)
    expect(again.status).toBe(401)
    expect(again.text).toBe((await exchange('wrong')).text)
    expectSafe(again)
  })

  test.each([
    ['another site’s page', { origin: 'https://evil.example' }],
    ['a page whose name was rebound', { host: 'evil.example', origin: 'http://evil.example' }],
  ])('is worth nothing to %s, and stays good', async (_who, headers) => {
    const { code, exchange } = await dashboard()
    const text = await code()
    expect((await exchange(text, headers)).status).toBe(403)
    expect((await exchange(text)).status).toBe(200)
  })

  test.each([
    '',
    '{}',
    '[]',
    '{"code":7}',
    '{"code":"a","more":1}',
    `{"code":"${'x'.repeat(300)}"}`,
  ])('%s is no exchange', async (body) => {
    const { get } = await dashboard()
    expect((await get('/ui/session', { method: 'POST', body })).status).toBe(400)
  })

  test('bodies are bounded, and guesses are', async () => {
    const { get, exchange } = await dashboard()
    const large = await get('/ui/session', {
      method: 'POST',
      body: `{"code":"${'x'.repeat(5000)}"}`,
    })
    expect(large.status).toBe(413)
    const statuses = []
    for (let i = 0; i < 12; i++) statuses.push((await exchange(`guess ${i}`)).status)
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429])
    expect((await get('/ui/session')).status).toBe(405)
  })
})

describe('the bearer', () => {
  test('opens the management API and nothing else', async () => {
    const { signIn, get, api } = await dashboard({ servers: [scriptedServer('one')] })
    const token = await signIn()
    expect((await api('servers.list', {}, token)).status).toBe(200)
    for (const url of [
      '/servers',
      '/catalog',
      '/stats',
      '/mcp',
      '/servers/one/mcp',
      '/events',
      '/rpc',
    ]) {
      const answer = await get(url, { key: token })
      expect([url, answer.status]).toEqual([url, 403])
    }
    const post = { method: 'POST', body: '{"server_id":"one","method":"tools/list"}', key: token }
    expect((await get('/mcp', post)).status).toBe(403)
    expect((await get('/rpc', { ...post, headers: { 'x-server-id': 'one' } })).status).toBe(403)
  })

  test('that has ended is told from a key that is wrong', async () => {
    const { api, signIn, call } = await dashboard()
    const token = await signIn()
    await call('key.rotate', {})
    expect((await api('gateway.info', {}, token)).status).toBe(401)
    expect((await api('gateway.info', {}, `ui_${'x'.repeat(43)}`)).status).toBe(401)
    expect((await api('gateway.info', {}, 'wrong')).status).toBe(403)
  })

  test('of the page that replaces the key stays', async () => {
    const { api, signIn, key } = await dashboard()
    const [mine, other] = [await signIn(), await signIn()]
    expect((await api('key.rotate', {}, mine)).status).toBe(200)
    expect((await api('gateway.info', {}, mine)).status).toBe(200)
    expect((await api('gateway.info', {}, other)).status).toBe(401)
    expect((await api('gateway.info', {}, key)).status).toBe(403)
  })
})

describe('the management API over HTTP', () => {
  test('wants a key', async () => {
    const { api, get, key } = await dashboard()
    expect((await api('gateway.info', {}, null)).status).toBe(401)
    expect((await get('/api/events')).status).toBe(401)
    expect((await api('gateway.info', {}, key)).status).toBe(200)
    const foreign = { method: 'POST', body: '{}', key, headers: { origin: 'https://evil.example' } }
    expect((await get('/api/gateway.info', foreign)).status).toBe(403)
  })

  test('answers with the output, or with code, message and status', async () => {
    const { api, get, key } = await dashboard()
    const good = await api('servers.list', {}, key)
    expect(JSON.parse(good.text)).toEqual({ ok: [] })
    expect(good.headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    const missing = await api('server.get', { id: 'x' }, key)
    expect(missing.status).toBe(404)
    expect(JSON.parse(missing.text)).toEqual({
      error: { code: 'server_not_found', message: "Server 'x' not found" },
    })
    const wrong = await api('server.get', { id: '' }, key)
    expect(wrong.status).toBe(400)
    expect(JSON.parse(wrong.text)).toMatchObject({
      error: { code: 'invalid_params', data: { field: 'id' } },
    })
    expect((await api('no.such', {}, key)).status).toBe(404)
    expect((await api('..%2fstats', {}, key)).status).toBe(404)
    expect((await get('/api/gateway.info', { key })).status).toBe(405)
    expect((await get('/api/events', { key, method: 'POST', body: '{}' })).status).toBe(405)
    const broken = await get('/api/gateway.info', { key, method: 'POST', body: '{' })
    expect(JSON.parse(broken.text)).toMatchObject({ error: { code: 'parse_error' } })
  })

  test('takes catalogs of any allowed size, and no larger bodies', async () => {
    const { api, key } = await dashboard()
    const text = `# ${'x'.repeat(4_000_000)}\nservers: []\n`
    const large = await api('catalog.check', { text }, key)
    expect(JSON.parse(large.text)).toMatchObject({ ok: { problems: [], entries: [] } })
    expect((await api('catalog.check', { text: 'x'.repeat(9_000_000) }, key)).status).toBe(413)
  })

  test('events are one message each, bounded in number, and end with the bearer or the key', async () => {
    const { signIn, key, host, call } = await dashboard()
    const open = async (bearer: string) => {
      const headers = { authorization: `Bearer ${bearer}` }
      const answer = await fetch(`${host.url}/api/events`, { headers })
      expect(answer.headers.get('content-type')).toBe('text/event-stream')
      let text = ''
      let ended = false
      const reading = (async () => {
        for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? [])
          text += chunk
        ended = true
      })()
      reading.catch(() => {})
      return { text: () => text, ended: () => ended }
    }
    const streams = [await open(key), await open(await signIn())]
    await eventually(async () => {
      await call('catalog.reload', {})
      for (const stream of streams)
        expect(stream.text()).toContain('event: reload\ndata: {"type":"reload","ok":true')
    })
    await call('key.rotate', {})
    await eventually(() => expect(streams.map(({ ended }) => ended())).toEqual([true, true]))
  })

  test('a hundred streams are open at most', async () => {
    const { key, host } = await dashboard()
    const end = new AbortController()
    onTestFinished(() => end.abort())
    const headers = { authorization: `Bearer ${key}` }
    const open = () => fetch(`${host.url}/api/events`, { headers, signal: end.signal })
    const answers = await Promise.all(Array.from({ length: 100 }, open))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect((await open()).status).toBe(429)
  })

  test('a page that goes away takes its calls with it', async () => {
    const { key, host, call } = await dashboard({ servers: [scriptedServer('one')] })
    const gone = new AbortController()
    const body = JSON.stringify({
      id: 'one',
      call_id: 'x',
      method: 'tools/call',
      params: { name: 'never' },
    })
    const asked = fetch(`${host.url}/api/server.call`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body,
      signal: gone.signal,
    }).catch(() => 'gone')
    await eventually(async () => {
      const [row] = await call('servers.list', {})
      expect(row).toMatchObject({ status: 'running', request_count: 1 })
    })
    gone.abort()
    expect(await asked).toBe('gone')
    await eventually(async () => {
      const { entries } = await call('activity.list', {})
      expect(entries).toMatchObject([{ outcome: 'cancelled' }])
    })
  })

  test('with auth: none on loopback nobody needs a bearer', async () => {
    const { host } = await openHost({ config: { auth: 'none' } })
    const answer = await fetch(`${host.url}/api/gateway.info`, { method: 'POST', body: '{}' })
    expect(answer.status).toBe(200)
  })
})
