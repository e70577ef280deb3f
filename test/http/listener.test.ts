import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Listener, McpHttp } from '../../src-main/http/listener.ts'
import { ask, askRaw, echoMcp, echoRest, openEndpoint } from './endpoint.ts'
import { GatewayStandIn, testKey } from './gateway-stand-in.ts'
import { eventually } from '../support/eventually.ts'

const opened: Listener[] = []

afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close(0)))
})

async function open(
  parts: Parameters<typeof openEndpoint>[1] = {},
  config: ConstructorParameters<typeof GatewayStandIn>[0] = {},
): Promise<Listener & { port: number }> {
  const listener = await openEndpoint(new GatewayStandIn(config), parts)
  opened.push(listener)
  return { ...listener, port: listener.address.port }
}

const headOf = (port: number, line: string, more = ''): string =>
  `${line} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${testKey}\r\n${more}\r\n`

describe('routes', () => {
  test.each([
    ['POST', '/mcp', { route: 'mcp', principal: 'owner' }],
    ['GET', '/mcp?x=1', { route: 'mcp', principal: 'owner' }],
    ['DELETE', '/servers/alpha/mcp', { route: 'mcp', serverId: 'alpha', principal: 'owner' }],
    ['POST', '/servers/a%2Eb/mcp?x', { route: 'mcp', serverId: 'a.b', principal: 'owner' }],
    ['POST', '/rpc', { route: 'rpc', serverId: 'alpha', principal: 'owner' }],
    ['GET', '/rpc', { route: 'rest' }],
    ['GET', '/servers', { route: 'rest' }],
    ['GET', '/servers/alpha', { route: 'rest' }],
    ['GET', '/servers/a/b/mcp', { route: 'rest' }],
    ['GET', '/servers//mcp', { route: 'rest' }],
    ['GET', '/servers/%zz/mcp', { route: 'rest' }],
    ['GET', '/mcp/', { route: 'rest' }],
  ])('%s %s', async (method, target, expected) => {
    const { port } = await open()
    const answer = await ask(port, target, { method, headers: { 'x-server-id': 'alpha' } })
    expect(JSON.parse(answer.text)).toMatchObject(expected)
  })

  test('/health answers GET and HEAD, without a key, and nothing else', async () => {
    const { port } = await open()
    expect(await ask(port, '/health', { key: null })).toMatchObject({
      status: 200,
      text: '{"status":"ok"}',
    })
    expect(await ask(port, '/health', { key: null, method: 'HEAD' })).toMatchObject({ status: 200 })
    const wrong = await ask(port, '/health', { key: null, method: 'POST' })
    expect(wrong).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
  })

  test('REST is loaded once, on the first request that needs it, and again after a failure', async () => {
    let loads = 0
    const { port } = await open({
      rest: () => {
        loads++
        return loads === 1 ? Promise.reject(new Error('broken file')) : Promise.resolve(echoRest)
      },
    })
    await ask(port, '/mcp', { method: 'POST' })
    await ask(port, '/health')
    expect(loads).toBe(0)
    const failed = await ask(port, '/servers')
    expect(failed.status).toBe(500)
    expect(failed.text).not.toContain('broken file')
    expect((await ask(port, '/servers')).status).toBe(200)
    expect((await ask(port, '/stats')).status).toBe(200)
    expect(loads).toBe(2)
  })

  test('a handler that throws is a 500 that tells nothing of the inside', async () => {
    const mcp: McpHttp = {
      ...echoMcp,
      handle: () => {
        throw new Error('secret inside')
      },
    }
    const { port } = await open({ mcp })
    const answer = await ask(port, '/mcp', { method: 'POST' })
    expect(answer.status).toBe(500)
    expect(answer.text).not.toContain('inside')
    expect(answer.headers['x-content-type-options']).toBe('nosniff')
  })
})

describe('bounds', () => {
  test('a body past the limit: 413 that the client gets to read, and the connection ends', async () => {
    const { port } = await open()
    const declared = await ask(port, '/mcp', { method: 'POST', body: 'x'.repeat(3 * 1024 * 1024) })
    expect(declared.status).toBe(413)
    expect(declared.headers.connection).toBe('close')
    expect(JSON.parse(declared.text)).toEqual({
      error: 'Payload Too Large',
      message: 'The body is larger than the 1 MiB allowed here.',
    })
    const chunked = await ask(port, '/mcp', {
      method: 'POST',
      headers: { 'transfer-encoding': 'chunked' },
      body: 'x'.repeat(3 * 1024 * 1024),
    })
    expect(chunked.status).toBe(413)
  })

  test('a body without an end, sent after a refusal, is cut off', async () => {
    const { port } = await open()
    const socket = net.connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(headOf(port, 'POST /mcp', 'Transfer-Encoding: chunked\r\n'))
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    const flood = setInterval(() => socket.write(chunk), 2)
    let text = ''
    socket.on('data', (data: Buffer) => (text += data.toString()))
    await new Promise((resolve) => socket.on('close', resolve))
    clearInterval(flood)
    expect(text).toMatch(/^HTTP\/1.1 413 /)
  })

  test('a compressed body: 415', async () => {
    const { port } = await open()
    const headers = { 'content-encoding': 'gzip' }
    expect((await ask(port, '/mcp', { method: 'POST', headers, body: 'x' })).status).toBe(415)
  })

  test('a refusal in the middle of a large upload can be read', async () => {
    const { port } = await open()
    const body = 'x'.repeat(64 * 1024 * 1024)
    const headers = { 'transfer-encoding': 'chunked' }
    expect((await ask(port, '/mcp', { method: 'POST', key: null, body })).status).toBe(401)
    expect((await ask(port, '/mcp', { method: 'POST', body })).status).toBe(413)
    expect((await ask(port, '/mcp', { method: 'POST', body, headers })).status).toBe(413)
  })

  test('a client that reads only after it has sent everything gets to read the refusal', async () => {
    const { port } = await open()
    const size = 32 * 1024 * 1024
    const socket = net.connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.pause()
    socket.write(headOf(port, 'POST /mcp', `Content-Length: ${size}\r\n`))
    await new Promise((resolve) => socket.write(Buffer.alloc(size), resolve))
    let text = ''
    socket.on('data', (data: Buffer) => (text += data.toString())).resume()
    await new Promise((resolve) => socket.on('close', resolve))
    expect(text).toMatch(/^HTTP\/1.1 413 /)
  })

  test('headers over 16 KiB: 431', async () => {
    const { port } = await open()
    const answer = await askRaw(port, headOf(port, 'GET /servers', `X: ${'x'.repeat(17_000)}\r\n`))
    expect(answer).toMatch(/^HTTP\/1.1 431 /)
    expect(answer).toContain('"message"')
  })

  test('what is not HTTP: 400', async () => {
    const { port } = await open()
    expect(await askRaw(port, 'hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /)
  })

  test('headers that trickle in are cut off with 408', async () => {
    const { port } = await open({ limits: { headersTimeoutMs: 200, requestTimeoutMs: 200 } })
    expect(await askRaw(port, 'GET /servers HTTP/1.1\r\nHost: ')).toMatch(/^HTTP\/1.1 408 /)
  })

  test('a body that trickles in is cut off, and its reader is told once', async () => {
    const { port } = await open({ limits: { headersTimeoutMs: 200, requestTimeoutMs: 300 } })
    const head = headOf(port, 'POST /mcp', 'Content-Length: 100\r\n')
    expect(await askRaw(port, `${head}{"slow":`)).toMatch(/^HTTP\/1.1 408 /)
    expect((await ask(port, '/health')).status).toBe(200)
  })

  test('an answer may stream for longer than the request timeout', async () => {
    const mcp: McpHttp = {
      ...echoMcp,
      handle: (request, response) => {
        request.resume()
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\n\n')
        setTimeout(() => response.end('data: done\n\n'), 700)
      },
    }
    const { port } = await open({ mcp, limits: { headersTimeoutMs: 100, requestTimeoutMs: 200 } })
    const answer = await ask(port, '/mcp', { method: 'POST', body: '{}' })
    expect(answer.text).toContain('data: done')
  })

  test('connections past the bound are turned away, the others go on', async () => {
    const { port } = await open({ limits: { maxSockets: 1 } })
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    const kept = (): Promise<number> =>
      new Promise((resolve, reject) => {
        http
          .get({ port, host: '127.0.0.1', path: '/health', agent }, (response) => {
            response.resume().on('end', () => resolve(response.statusCode ?? 0))
          })
          .on('error', reject)
      })
    expect(await kept()).toBe(200)
    await expect(ask(port, '/health')).rejects.toThrow()
    expect(await kept()).toBe(200)
    agent.destroy()
  })
})

describe('a taken port', () => {
  async function failure(port: number): Promise<unknown> {
    return openEndpoint(new GatewayStandIn({ listen_addr: `127.0.0.1:${port}` })).then(
      (listener) => listener.close(0),
      (error: unknown) => error,
    )
  }

  test('by another gateway: the error says so, and how to choose another', async () => {
    const { port } = await open()
    const error = await failure(port)
    expect(error).toMatchObject({ code: 'conflict' })
    expect(error).toHaveProperty('message', expect.stringContaining('another Open MCP Gateway'))
    expect(error).toHaveProperty(
      'message',
      expect.stringContaining(`listen_addr in config.yaml, for example "127.0.0.1:${port + 1}"`),
    )
  })

  test('by another program: the error names it where the system tells', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'port-'))
    const script = path.join(folder, 'squatter.cjs')
    fs.writeFileSync(
      script,
      `const s = require('node:net').createServer(() => {}).listen(0, '127.0.0.1', () => console.log(s.address().port))`,
    )
    const child = spawn(process.execPath, [script, '--password=hunter22'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const port = await new Promise<number>((resolve) =>
        child.stdout.once('data', (data: Buffer) => resolve(Number(data.toString()))),
      )
      const error = await failure(port)
      expect(error).toHaveProperty('message', expect.stringContaining('another program'))
      expect(error).toHaveProperty('message', expect.not.stringContaining('hunter22'))
      if (process.platform === 'linux') {
        expect(error).toHaveProperty(
          'message',
          expect.stringContaining(`(process ${child.pid}, node squatter.cjs)`),
        )
      }
    } finally {
      child.kill()
      fs.rmSync(folder, { recursive: true })
    }
  })

  test('an address that is not of this machine: the error says so', async () => {
    await expect(
      openEndpoint(new GatewayStandIn({ listen_addr: '192.0.2.1:4444' })),
    ).rejects.toThrow(/no such address/)
  })
})

describe('closing', () => {
  test('lets a call in flight finish, ends event streams and idle connections, takes no new ones', async () => {
    let finish: (() => void) | undefined
    let streaming = false
    const mcp: McpHttp = {
      ...echoMcp,
      handle: (request, response) => {
        if (request.method === 'GET') {
          response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\n\n')
          streaming = true
          return
        }
        request.resume()
        finish = () => response.end('finished')
      },
    }
    const listener = await open({ mcp })
    const { port } = listener
    const idle = new http.Agent({ keepAlive: true })
    await new Promise<void>((resolve) => {
      http.get({ port, host: '127.0.0.1', path: '/health', agent: idle }, (response) => {
        response.resume().on('end', () => resolve())
      })
    })
    const stream = ask(port, '/mcp')
    // fetch keeps its connection for the next call: the gateway has to end it.
    const call = fetch(`${listener.url}/mcp`, {
      method: 'POST',
      headers: { authorization: `Bearer ${testKey}` },
      body: '{}',
    })
    await eventually(() => expect(streaming && finish !== undefined).toBe(true))
    const closed = listener.close(5000)
    expect((await stream).text).toContain(': open')
    await expect(ask(port, '/health')).rejects.toThrow()
    finish?.()
    expect(await (await call).text()).toBe('finished')
    const started = performance.now()
    await closed
    expect(performance.now() - started).toBeLessThan(1000)
    idle.destroy()
  })

  test('does not wait for a connection that was opened in advance', async () => {
    const listener = await open()
    const socket = net.connect(listener.port, '127.0.0.1')
    await once(socket, 'connect')
    // Accepted, too: connections are in order, and this one has been answered.
    await ask(listener.port, '/health')
    const started = performance.now()
    await listener.close(5000)
    expect(performance.now() - started).toBeLessThan(1000)
    socket.destroy()
  })

  test('cuts off what is not done when the drain is over', async () => {
    let reached = false
    const mcp: McpHttp = {
      ...echoMcp,
      handle: (request) => {
        request.resume()
        reached = true
      },
    }
    const listener = await open({ mcp })
    const call = ask(listener.port, '/mcp', { method: 'POST', body: '{}' })
    const outcome = expect(call).rejects.toThrow()
    await eventually(() => expect(reached).toBe(true))
    await listener.close(50)
    await outcome
  })
})

/** Makes the certificate; a machine without it skips the test. */
const openssl = 'openssl'
const hasOpenssl = spawnSync(openssl, ['version']).status === 0

test.skipIf(!hasOpenssl)('tls: the same over HTTPS, and unreadable files are named', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tls-'))
  try {
    const cert = path.join(folder, 'cert.pem')
    const key = path.join(folder, 'key.pem')
    const wanted = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'
    const files = ['-subj', '/CN=localhost', '-keyout', key, '-out', cert]
    execFileSync(openssl, ['req', ...wanted.split(' '), ...files], { stdio: 'ignore' })
    const listener = await open({}, { tls: { cert, key } })
    expect(listener.url).toBe(`https://127.0.0.1:${listener.port}`)
    const status = await new Promise((resolve, reject) => {
      https
        .get(`${listener.url}/health`, { rejectUnauthorized: false, agent: false }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode))
        })
        .on('error', reject)
    })
    expect(status).toBe(200)
    const tls = { cert, key: path.join(folder, 'missing.pem') }
    await expect(openEndpoint(new GatewayStandIn({ tls }))).rejects.toThrow(/missing\.pem/)
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
})
