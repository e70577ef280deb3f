import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Listener } from '../../src-main/http/listener.ts'
import { createRest } from '../../src-main/http/rest-routes.ts'
import { silentLog, type Log } from '../../src-main/telemetry/log.ts'
import { Redactor } from '../../src-main/telemetry/redact.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { ask as askPort, openEndpoint, type Answer } from './endpoint.ts'
import { detail, GatewayStandIn, reloadResult, summary } from './gateway-stand-in.ts'

let gateway: GatewayStandIn
let listener: Listener
let redactor: Redactor
const errors: object[] = []

beforeEach(async () => {
  gateway = new GatewayStandIn()
  redactor = new Redactor()
  errors.length = 0
  const log: Log = { ...silentLog, error: (fields) => errors.push(fields) }
  listener = await openEndpoint(gateway, {
    rest: () => Promise.resolve(createRest({ gateway, log, redactor })),
  })
})

afterEach(() => listener.close(0))

const ask = (path: string, options: Parameters<typeof askPort>[2] = {}): Promise<Answer> =>
  askPort(listener.address.port, path, options)

const json = (answer: Answer): unknown => {
  expect(answer.headers['content-type']).toBe('application/json')
  return JSON.parse(answer.text)
}

describe('servers', () => {
  test('GET /servers: an array, the tag handed on', async () => {
    const answer = await ask('/servers?tag=data%20base')
    expect(answer.status).toBe(200)
    expect(json(answer)).toEqual([summary])
    await ask('/servers')
    expect(gateway.calls).toEqual(['listServers data base', 'listServers undefined'])
  })

  test('GET /servers/:id: the detail', async () => {
    expect(json(await ask('/servers/alpha'))).toEqual(detail)
  })

  test('of an unknown server: 404 in the shape of REST errors, on every route', async () => {
    const routes = [
      ['GET', '/servers/x'],
      ['POST', '/servers/x/start'],
      ['POST', '/servers/x/stop'],
      ['POST', '/servers/x/restart'],
      ['GET', '/servers/x/logs'],
      ['GET', '/servers/x/logs?follow=1'],
    ] as const
    for (const [method, path] of routes) {
      const answer = await ask(path, { method })
      expect(answer.status, path).toBe(404)
      expect(json(answer)).toEqual({ error: 'Not Found', message: "Server 'x' not found" })
    }
  })

  test.each([
    ['start', 'running'],
    ['stop', 'stopped'],
    ['restart', 'running'],
  ])('POST /servers/:id/%s: id, status, message', async (action, status) => {
    const answer = await ask(`/servers/alpha/${action}`, { method: 'POST', body: '{}' })
    expect(answer.status).toBe(200)
    expect(json(answer)).toEqual({
      id: 'alpha',
      status,
      message: `Server 'alpha' is ${status}.`,
    })
    expect(gateway.calls).toEqual([`${action} alpha`])
  })

  test('GET /servers/:id/logs: an array of lines', async () => {
    gateway.append('one')
    gateway.append('two')
    expect(json(await ask('/servers/alpha/logs'))).toEqual(gateway.lines)
    expect(json(await ask('/servers/alpha/logs?follow=0'))).toHaveLength(2)
  })
})

describe('catalog', () => {
  const answerToEdit = {
    status: 'ok',
    message: '2 servers loaded: 1 added, 0 removed, 1 changed.',
    ...reloadResult,
  }

  test('GET: the text with its ETag', async () => {
    gateway.text = 'servers: [] # ümläut\n'
    const answer = await ask('/catalog')
    expect(answer.headers).toMatchObject({
      'content-type': 'text/yaml; charset=utf-8',
      etag: '"v1"',
    })
    expect(answer.text).toBe(gateway.text)
  })

  test('PUT: replaces it, if it is still the one that was read', async () => {
    const headers = { 'if-match': '"v1"' }
    const done = await ask('/catalog', { method: 'PUT', body: 'servers: []', headers })
    expect(done).toMatchObject({ status: 200, headers: { etag: '"v2"' } })
    expect(json(done)).toEqual(answerToEdit)
    expect(gateway.text).toBe('servers: []')
    const late = await ask('/catalog', { method: 'PUT', body: 'x: 1', headers })
    expect(late.status).toBe(412)
    expect(json(late)).toMatchObject({ error: 'Precondition Failed' })
  })

  test('PUT without If-Match, with *, or with a list that holds the current tag: accepted', async () => {
    for (const headers of [{}, { 'if-match': '*' }, { 'if-match': '"v0", "v3"' }]) {
      expect((await ask('/catalog', { method: 'PUT', body: 'a', headers })).status).toBe(200)
    }
    const headers = { 'if-match': '"v0", "v1"' }
    expect((await ask('/catalog', { method: 'PUT', body: 'a', headers })).status).toBe(412)
  })

  test('PUT of what is not UTF-8: 400; of more than 16 MiB: 413; of 5 MiB: accepted', async () => {
    const { port } = listener.address
    const headers = { authorization: 'Bearer a-key-for-tests-only-0123456789' }
    const response = await fetch(`http://127.0.0.1:${port}/catalog`, {
      method: 'PUT',
      headers,
      body: new Uint8Array([0xff, 0xfe]),
    })
    expect(response.status).toBe(400)
    const large = await ask('/catalog', { method: 'PUT', body: '#'.repeat(17 * 1024 * 1024) })
    expect(large.status).toBe(413)
    const fits = await ask('/catalog', { method: 'PUT', body: '#'.repeat(5 * 1024 * 1024) })
    expect(fits.status).toBe(200)
  })

  test('POST /catalog/servers adds one: 201', async () => {
    const body = '{"id":"beta","runtime":{"type":"local-process","command":"x"}}'
    const headers = { 'content-type': 'text/plain', 'if-match': '"v1"' }
    const answer = await ask('/catalog/servers', { method: 'POST', body, headers })
    expect(answer).toMatchObject({ status: 201, headers: { etag: '"v2"' } })
    expect(json(answer)).toEqual(answerToEdit)
    expect(gateway.calls).toEqual([`add ${body}`])
  })

  test('PATCH and DELETE /catalog/servers/:id', async () => {
    const patch = { method: 'PATCH', body: '{"enabled":false,"env":{"A":null}}' }
    expect(json(await ask('/catalog/servers/alpha', patch))).toEqual(answerToEdit)
    expect((await ask('/catalog/servers/al%2Epha', { method: 'DELETE' })).status).toBe(200)
    const headers = { 'if-match': '"old"' }
    expect((await ask('/catalog/servers/alpha', { method: 'DELETE', headers })).status).toBe(412)
    expect(gateway.calls).toEqual([
      'patch alpha {"enabled":false,"env":{"A":null}}',
      'remove al.pha',
      'remove alpha',
    ])
  })

  test.each([
    ['{"id":', 400, 'The body is not JSON'],
    ['', 400, 'The body is not JSON'],
    ['[1]', 400, 'must be a JSON object'],
    ['"text"', 400, 'must be a JSON object'],
    [JSON.stringify({ a: 'x'.repeat(1024 * 1024) }), 413, '1 MiB'],
  ])('a body that is no JSON object, or too large: %.20s', async (body, status, message) => {
    const answer = await ask('/catalog/servers', { method: 'POST', body })
    expect(answer.status).toBe(status)
    expect(json(answer)).toMatchObject({ message: expect.stringContaining(message) })
    expect(gateway.calls).toEqual([])
  })
})

describe('the gateway itself', () => {
  test('GET /stats', async () => {
    expect(json(await ask('/stats'))).toEqual(gateway.stats())
  })

  test('GET /metrics', async () => {
    const answer = await ask('/metrics')
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(answer.text).toContain('mcp_gateway_server_requests_total{server="alpha"} 7\n')
    expect(answer.text).toMatch(/mcp_gateway_process_resident_memory_bytes \d{7,}\n/)
  })

  test('POST /admin/reload', async () => {
    const answer = await ask('/admin/reload', { method: 'POST' })
    expect(json(answer)).toEqual({
      status: 'ok',
      message: '2 servers loaded: 1 added, 0 removed, 1 changed.',
      ...reloadResult,
    })
  })

  test('POST /admin/reload of an invalid catalog: 422 that says where', async () => {
    gateway.failWith = new GatewayError(
      'catalog_invalid',
      'catalog.yaml:3:5: Duplicate server ID: x',
    )
    const answer = await ask('/admin/reload', { method: 'POST' })
    expect(answer.status).toBe(422)
    expect(json(answer)).toMatchObject({ message: 'catalog.yaml:3:5: Duplicate server ID: x' })
  })
})

describe('errors', () => {
  test('an unknown route: 404 as JSON', async () => {
    for (const path of ['/', '/nothing', '/servers/', '/servers/alpha/x', '//evil/x', '/%zz']) {
      const answer = await ask(path)
      expect(answer.status, path).toBe(404)
      expect(json(answer)).toMatchObject({ error: 'Not Found' })
    }
  })

  test.each([
    ['POST', '/servers', 'GET, HEAD'],
    ['DELETE', '/servers/alpha', 'GET, HEAD'],
    ['GET', '/servers/alpha/start', 'POST'],
    ['PATCH', '/catalog', 'GET, HEAD, PUT'],
    ['PUT', '/catalog/servers/alpha', 'PATCH, DELETE'],
    ['GET', '/admin/reload', 'POST'],
    ['GET', '/rpc', 'POST'],
    ['POST', '/events', 'GET, HEAD'],
    ['OPTIONS', '/stats', 'GET, HEAD'],
  ])('the wrong method %s %s: 405 with Allow', async (method, path, allow) => {
    const answer = await ask(path, { method })
    expect(answer.status).toBe(405)
    expect(answer.headers.allow).toBe(allow)
    expect(json(answer)).toMatchObject({ error: 'Method Not Allowed' })
  })

  test('HEAD answers like GET, without a body and without opening a stream', async () => {
    for (const path of ['/servers', '/stats', '/events', '/servers/alpha/logs?follow=1']) {
      const answer = await ask(path, { method: 'HEAD' })
      expect(answer, path).toMatchObject({ status: 200, text: '' })
    }
    expect((await ask('/servers/x', { method: 'HEAD' })).status).toBe(404)
    expect(gateway.followers).toBe(0)
  })

  test.each([
    ['circuit_open', 503],
    ['server_failed', 502],
    ['server_timeout', 504],
    ['shutting_down', 503],
  ] as const)('%s: %i, with Retry-After where a retry makes sense', async (code, status) => {
    gateway.failWith = new GatewayError(code, 'Why.', { retryAfterSeconds: 2.2 })
    const answer = await ask('/servers/alpha/start', { method: 'POST' })
    expect(answer).toMatchObject({ status, headers: { 'retry-after': '3' } })
  })

  test('an error that nobody foresaw: 500 without its text or stack; the log has it', async () => {
    gateway.failWith = new Error('inside of it')
    const answer = await ask('/servers')
    expect(answer.status).toBe(500)
    expect(json(answer)).toEqual({
      error: 'Internal Server Error',
      message: 'The gateway failed to answer. Its log says why.',
    })
    expect(errors).toMatchObject([{ error: { message: 'inside of it' }, url: '/servers' }])
  })

  test('no secret is in an error, a reason or a message', async () => {
    redactor.add('hunter22')
    gateway.failWith = new GatewayError('server_failed', 'login with hunter22 failed')
    const answer = await ask('/servers/alpha/start', { method: 'POST' })
    expect(json(answer)).toEqual({ error: 'Bad Gateway', message: 'login with *** failed' })
  })
})

test('every answer forbids to be kept, sniffed or run', async () => {
  for (const path of ['/servers', '/catalog', '/metrics', '/nothing', '/servers/x', '/health']) {
    expect((await ask(path)).headers, path).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'x-content-type-options': 'nosniff',
    })
  }
})
