import { execFile } from 'node:child_process'
import os from 'node:os'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { assertSafeToListen, createAccess } from '../../src-main/http/access.ts'
import { createListener, type Listener } from '../../src-main/http/listener.ts'
import { silentLog } from '../../src-main/telemetry/log.ts'
import { configSchema, type Config } from '../../src-shared/config.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { ask, askRaw, echoMcp, echoRest, openEndpoint } from './endpoint.ts'
import { GatewayStandIn, testKey } from './gateway-stand-in.ts'

let listener: Listener | undefined

afterEach(async () => {
  await listener?.close(0)
  listener = undefined
})

async function open(config: Partial<Config> = {}): Promise<number> {
  listener = await openEndpoint(new GatewayStandIn(config))
  return listener.address.port
}

describe('the key', () => {
  test('missing: 401 that names "gateway key" and the scheme', async () => {
    const port = await open()
    const answer = await ask(port, '/mcp', { key: null })
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/)
    const body: unknown = JSON.parse(answer.text)
    expect(body).toEqual({ error: 'Unauthorized', message: expect.stringContaining('gateway key') })
  })

  test('wrong: 403', async () => {
    const port = await open()
    const answer = await ask(port, '/servers', { key: `${testKey.slice(0, -1)}x` })
    expect(answer.status).toBe(403)
    expect(answer.text).not.toContain(testKey.slice(0, -1))
  })

  test.each([
    ['Bearer', { authorization: `Bearer ${testKey}` }],
    ['bearer in small letters', { authorization: `bearer ${testKey}` }],
    ['X-API-Key', { 'x-api-key': testKey }],
    ['X-API-Key beside another scheme', { authorization: 'Basic eDp5', 'x-api-key': testKey }],
  ])('right, as %s: let in as the owner', async (_name, headers) => {
    const port = await open()
    const answer = await ask(port, '/servers', { key: null, headers })
    expect(JSON.parse(answer.text)).toMatchObject({ route: 'rest', principal: 'owner' })
  })

  test('empty, or two of them: not let in', async () => {
    const port = await open()
    expect((await ask(port, '/mcp', { key: '' })).status).toBe(401)
    expect((await ask(port, '/mcp', { headers: { 'x-api-key': '' }, key: null })).status).toBe(401)
    const twice = await askRaw(
      port,
      `GET /servers HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${testKey}\r\n` +
        'Authorization: Bearer other\r\nConnection: close\r\n\r\n',
    )
    expect(twice).toMatch(/^HTTP\/1.1 400 /)
  })

  test('of no length is ever right, even where none is configured', async () => {
    const gateway = new GatewayStandIn()
    const access = createAccess({ config: gateway.config, key: () => undefined })
    const { port } = (listener = await createListener({
      gateway,
      access,
      mcp: echoMcp,
      rest: () => Promise.resolve(echoRest),
      log: silentLog,
    })).address
    expect((await ask(port, '/servers', { key: 'undefined' })).status).toBe(403)
  })

  test('a replaced key counts from the next request on', async () => {
    let key = 'first-key'
    const gateway = new GatewayStandIn()
    const { port } = (listener = await createListener({
      gateway,
      access: createAccess({ config: gateway.config, key: () => key }),
      mcp: echoMcp,
      rest: () => Promise.resolve(echoRest),
      log: silentLog,
    })).address
    expect((await ask(port, '/servers', { key: 'first-key' })).status).toBe(200)
    key = 'second-key'
    expect((await ask(port, '/servers', { key: 'first-key' })).status).toBe(403)
    expect((await ask(port, '/servers', { key: 'second-key' })).status).toBe(200)
  })

  test('is compared by crypto.timingSafeEqual over hashes, never by ===', async () => {
    // A child of its own: node:crypto is watched from before the module under test binds it.
    const script = `
      import crypto from 'node:crypto'
      import { syncBuiltinESMExports } from 'node:module'
      const lengths = []
      const real = crypto.timingSafeEqual
      crypto.timingSafeEqual = (a, b) => (lengths.push(a.length, b.length), real(a, b))
      syncBuiltinESMExports()
      const { createAccess } = await import(${JSON.stringify(new URL('../../src-main/http/access.ts', import.meta.url).href)})
      const config = { listen_addr: '127.0.0.1:4444', auth: 'api_key', allowed_hosts: [], cors_enabled: false, cors_origins: [] }
      const access = createAccess({ config, key: () => 'right-key' })
      access.boundTo({ host: '127.0.0.1', port: 4444 })
      for (const key of ['x', 'right-key'])
        access.check({ headers: { host: 'localhost:4444', authorization: 'Bearer ' + key }, rawHeaders: [], socket: {} })
      console.log(JSON.stringify(lengths))`
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '-e',
      script,
    ])
    expect(JSON.parse(stdout)).toEqual([64, 64, 64, 64])
  })

  test('is not wanted with auth: none on loopback', async () => {
    const port = await open({ auth: 'none' })
    expect((await ask(port, '/servers', { key: null })).status).toBe(200)
  })

  test('is wanted with auth: none where the socket turned out not to be on loopback', () => {
    const access = createAccess({
      config: configSchema.parse({ auth: 'none', listen_addr: 'localhost:4444' }),
      key: () => undefined,
    })
    access.boundTo({ host: '192.168.1.2', port: 4444 })
    const request = { headers: { host: 'localhost:4444' }, rawHeaders: [], socket: {} }
    // @ts-expect-error Only what access reads of a request.
    expect(access.check(request)).toMatchObject({ code: 'unauthorized' })
  })
})

describe('Host', () => {
  const ours = (port: number): string[] => [
    `127.0.0.1:${port}`,
    `localhost:${port}`,
    `LocalHost:${port}`,
    `[::1]:${port}`,
    '127.0.0.1',
    'localhost',
    '[::1]',
  ]

  test('ours, with the port or without, is let in', async () => {
    const port = await open()
    for (const host of ours(port)) {
      expect((await ask(port, '/mcp', { headers: { host } })).status, host).toBe(200)
    }
  })

  test('of another is refused with 403, before the key counts (DNS rebinding)', async () => {
    const port = await open()
    const foreign = [
      'evil.com',
      `evil.com:${port}`,
      `localhost:${port + 1}`,
      'localhost.evil.com',
      `127.0.0.1.evil.com:${port}`,
      `evil.com@localhost:${port}`,
    ]
    for (const host of foreign) {
      for (const path of ['/mcp', '/servers', '/servers/alpha/mcp', '/rpc']) {
        const answer = await ask(port, path, { method: 'POST', headers: { host } })
        expect(answer.status, `${path} for ${host}`).toBe(403)
        expect(answer.text).toContain('allowed_hosts')
      }
    }
  })

  test('absent or empty is refused', async () => {
    const port = await open()
    const key = `Authorization: Bearer ${testKey}`
    expect(await askRaw(port, `GET /servers HTTP/1.0\r\n${key}\r\n\r\n`)).toContain(' 403 ')
    const empty = `GET /servers HTTP/1.1\r\nHost:\r\n${key}\r\nConnection: close\r\n\r\n`
    expect(await askRaw(port, empty)).toContain(' 403 ')
  })

  test('is not asked on /health', async () => {
    const port = await open()
    const answer = await ask(port, '/health', { headers: { host: 'evil.com' }, key: null })
    expect(answer.status).toBe(200)
    expect(JSON.parse(answer.text)).toEqual({ status: 'ok' })
  })

  test('in allowed_hosts is let in: a name on every port, a name with a port on that one', async () => {
    const port = await open({ allowed_hosts: ['mcp.example.com', 'other.example.com:8443'] })
    const status = async (host: string): Promise<number> =>
      (await ask(port, '/mcp', { headers: { host } })).status
    expect(await status('mcp.example.com')).toBe(200)
    expect(await status('MCP.example.com:9000')).toBe(200)
    expect(await status('other.example.com:8443')).toBe(200)
    expect(await status('other.example.com')).toBe(403)
    expect(await status('sub.mcp.example.com')).toBe(403)
  })

  test('twice is refused', async () => {
    const port = await open()
    const answer = await askRaw(
      port,
      `GET /servers HTTP/1.1\r\nHost: localhost\r\nHost: evil.com\r\nAuthorization: Bearer ${testKey}\r\n` +
        'Connection: close\r\n\r\n',
    )
    expect(answer).toMatch(/^HTTP\/1.1 400 /)
  })

  test('in an absolute request target does not slip past the header', async () => {
    const port = await open()
    const answer = await askRaw(
      port,
      `GET http://evil.com/servers HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${testKey}\r\n` +
        'Connection: close\r\n\r\n',
    )
    expect(answer).toMatch(/^HTTP\/1.1 400 /)
  })

  test('on every interface: the dialled address is ours, another address is not', async () => {
    const outside = Object.values(os.networkInterfaces())
      .flat()
      .find((each) => each?.family === 'IPv4' && !each.internal)?.address
    if (outside === undefined) return // a machine with nothing but loopback
    const port = await open({ listen_addr: '0.0.0.0:0' })
    expect(listener?.url).toBe(`http://127.0.0.1:${port}`)
    const fetched = await fetch(`http://${outside}:${port}/servers`, {
      headers: { authorization: `Bearer ${testKey}` },
    })
    expect(fetched.status).toBe(200)
    expect((await ask(port, '/mcp', { headers: { host: `9.9.9.9:${port}` } })).status).toBe(403)
    expect((await ask(port, '/mcp', { headers: { host: 'evil.com' } })).status).toBe(403)
  })
})

describe('Origin', () => {
  test('of our own pages is let in', async () => {
    const port = await open()
    for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
      const headers = { origin: `http://${name}:${port}` }
      expect((await ask(port, '/mcp', { headers })).status, name).toBe(200)
    }
  })

  test('of another page is refused with 403, whatever the key', async () => {
    const port = await open()
    const foreign = [
      'null',
      'https://evil.com',
      `http://evil.com:${port}`,
      `http://localhost:${port + 1}`,
      'http://localhost',
      `https://localhost:${port}`,
      `http://localhost:${port}.evil.com`,
      '',
    ]
    for (const origin of foreign) {
      const answer = await ask(port, '/mcp', { method: 'POST', headers: { origin } })
      expect(answer.status, origin).toBe(403)
      expect(answer.headers['access-control-allow-origin']).toBeUndefined()
    }
  })

  test('of the very name in allowed_hosts that was dialled is let in, also behind TLS of a proxy', async () => {
    const port = await open({ allowed_hosts: ['mcp.example.com', 'b.example.com'] })
    const status = async (origin: string): Promise<number> =>
      (await ask(port, '/mcp', { headers: { host: 'mcp.example.com', origin } })).status
    expect(await status('https://mcp.example.com')).toBe(200)
    expect(await status('https://b.example.com')).toBe(403)
    expect(await status('https://evil.com')).toBe(403)
  })

  test('twice is refused', async () => {
    const port = await open()
    const answer = await askRaw(
      port,
      `GET /servers HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:${port}\r\nOrigin: http://evil.com\r\n` +
        `Authorization: Bearer ${testKey}\r\nConnection: close\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1.1 400 /)
  })
})

describe('CORS', () => {
  const origin = 'https://app.example.com'
  const preflight = {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,mcp-session-id,mcp-param-x',
  }

  test('a preflight of an allowed origin is answered without a key', async () => {
    const port = await open({ cors_enabled: true, cors_origins: [origin] })
    const answer = await ask(port, '/mcp', { method: 'OPTIONS', headers: preflight, key: null })
    expect(answer.status).toBe(204)
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-headers': 'authorization,mcp-session-id,mcp-param-x',
      'access-control-allow-methods': expect.stringContaining('POST'),
      vary: 'Origin',
    })
  })

  test('answers to an allowed origin can be read, errors too, and show Mcp-Session-Id', async () => {
    const port = await open({ cors_enabled: true, cors_origins: [origin] })
    for (const [key, status] of [
      [testKey, 200],
      [null, 401],
    ] as const) {
      const answer = await ask(port, '/mcp', { key, headers: { origin } })
      expect(answer.status).toBe(status)
      expect(answer.headers['access-control-allow-origin']).toBe(origin)
      expect(answer.headers['access-control-expose-headers']).toContain('Mcp-Session-Id')
    }
  })

  test('a preflight of another origin, under another Host, or with CORS off is refused', async () => {
    const port = await open({ cors_enabled: true, cors_origins: [origin] })
    const other = { ...preflight, origin: 'https://evil.com' }
    const rebound = { ...preflight, host: 'evil.com' }
    for (const headers of [other, rebound]) {
      const answer = await ask(port, '/mcp', { method: 'OPTIONS', headers, key: null })
      expect(answer.status).toBe(403)
    }
    await listener?.close(0)
    const portWithout = await open({ cors_origins: [origin] })
    const answer = await ask(portWithout, '/mcp', {
      method: 'OPTIONS',
      headers: preflight,
      key: null,
    })
    expect(answer.status).toBe(403)
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
  })
})

describe('listening wider than loopback', () => {
  const refusal = (config: Partial<Config>, environmentKey?: string): GatewayError | undefined => {
    try {
      assertSafeToListen(configSchema.parse(config), environmentKey)
      return undefined
    } catch (error) {
      if (error instanceof GatewayError) return error
      throw error
    }
  }

  test('without a configured key is refused, and the refusal says what to do', () => {
    for (const listen_addr of ['0.0.0.0:4444', '[::]:4444', '192.168.1.2:80', 'myhost:4444']) {
      expect(refusal({ listen_addr })?.message, listen_addr).toContain('MCP_GATEWAY_API_KEY')
      expect(refusal({ listen_addr }, '')?.code, listen_addr).toBe('bad_request')
    }
  })

  test('with a key of the config or of the environment is allowed', () => {
    expect(refusal({ listen_addr: '0.0.0.0:4444', api_key: 'k' })).toBeUndefined()
    expect(refusal({ listen_addr: '0.0.0.0:4444' }, 'k')).toBeUndefined()
  })

  test('with auth: none is refused even with a key', () => {
    const config = { listen_addr: '0.0.0.0:4444', auth: 'none', api_key: 'k' } as const
    expect(refusal(config)?.message).toContain('auth: none')
  })

  test('loopback needs no configured key', () => {
    for (const listen_addr of ['127.0.0.1:4444', 'localhost:0', '[::1]:1', '127.1.2.3:1']) {
      expect(refusal({ listen_addr }), listen_addr).toBeUndefined()
      expect(refusal({ listen_addr, auth: 'none' }), listen_addr).toBeUndefined()
    }
  })

  test('an origin that is none, or a wildcard, is refused', () => {
    for (const each of ['*', 'null', 'https://*.example.com', 'https://a.example/x']) {
      expect(refusal({ cors_origins: [each] })?.message, each).toContain('cors_origins')
    }
  })
})
