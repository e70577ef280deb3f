import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { McpEndpoint } from '../../src-main/http/mcp-http.ts'
import { OneCall } from '../../src-main/mcp/one-call.ts'
import { Sessions } from '../../src-main/mcp/sessions.ts'
import type { Clock } from '../../src-main/servers/clock.ts'
import { closeConnections, Exchange } from '../mcp/client.ts'

const maxSessions = 3
let now = 0
const clock: Clock = { now: () => now, wall: () => now, after: () => () => {} }
const directory = { get: () => undefined, all: () => [] }

let sessions: Sessions
let endpoint: McpEndpoint
let server: http.Server
beforeEach(async () => {
  now = 0
  sessions = new Sessions({ directory, clock, version: '1', maxSessions })
  endpoint = new McpEndpoint({ sessions, oneCall: new OneCall(directory), clock })
  server = http.createServer((request, response) =>
    endpoint.handle(request, response, {
      principal: String(request.headers['x-principal'] ?? 'a'),
    }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  closeConnections()
  endpoint.close()
  sessions.closeAll()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const send = (method: string, headers: Record<string, string> = {}, body?: string): Exchange =>
  new Exchange((server.address() as AddressInfo).port, {
    path: '/mcp',
    method,
    headers,
    ...(body ? { body } : {}),
  })
const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
const open = () =>
  send('POST', {}, '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}').done

it('a session is known to whom it was given, and to nobody else', async () => {
  const { headers } = await open()
  const id = String(headers['mcp-session-id'])
  for (const method of ['POST', 'GET', 'DELETE']) {
    const other = { 'mcp-session-id': id, 'x-principal': 'b' }
    expect((await send(method, other, method === 'POST' ? ping : undefined).done).status).toBe(404)
  }
  expect((await send('POST', { 'mcp-session-id': id }, ping).done).status).toBe(200)
})

it('sessions are bounded; those left behind make room, those in use do not', async () => {
  const ids: string[] = []
  for (let i = 0; i < maxSessions; i++) ids.push(String((await open()).headers['mcp-session-id']))
  const refused = await open()
  expect(refused.status).toBe(429)
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  expect(JSON.parse(refused.body.toString())).toMatchObject({ error: { code: -32000 } })

  const [inUse = '', listening = '', left = ''] = ids
  const stream = send('GET', { 'mcp-session-id': listening })
  await stream.head
  now += 400_000
  await send('POST', { 'mcp-session-id': inUse }, ping).done
  expect((await open()).status).toBe(200)
  const status = async (id: string) =>
    (await send('POST', { 'mcp-session-id': id }, ping).done).status
  expect([await status(inUse), await status(listening), await status(left)]).toEqual([
    200, 200, 404,
  ])

  // A stream that ends counts as use until then.
  now += 400_000
  stream.destroy()
  await expect.poll(async () => (await open()).status).toBe(200)
  expect([await status(inUse), await status(listening)]).toEqual([404, 200])
})
