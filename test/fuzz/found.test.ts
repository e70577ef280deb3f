/** What generated messages have once brought to light, each as a test of its own. */
import { once } from 'node:events'
import net from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { agent, exchange, openArena } from './arena.ts'
import type { Arena } from './arena.ts'

let arena: Arena
const warnings: string[] = []
const warned = (warning: Error): void => void warnings.push(warning.name)
beforeAll(async () => {
  process.on('warning', warned)
  arena = await openArena('found')
})
afterAll(async () => {
  process.off('warning', warned)
  agent.destroy()
  await arena.close()
})

const ask = (method: string, path: string, body: string, headers: Record<string, string> = {}) =>
  exchange(arena.port, { method, path, headers, body: Buffer.from(body) }, undefined, 5_000)

it.each(['/mcp', '/rpc'])(
  'a single call named like a notification, with an id, is answered: %s',
  async (path) => {
    const call = '{"server_id":"one","id":7,"method":"notifications/roots/list_changed"}'
    const { status, body } = await ask('POST', path, call, { 'x-server-id': 'one' })
    expect(status).toBe(200)
    expect(JSON.parse(body.toString())).toMatchObject({ id: 7, error: { code: -32_601 } })
  },
)

it.each([
  ['PATCH', '/catalog/servers/one'],
  ['POST', '/catalog/servers'],
])('a body too deep to be walked is a bad request: %s %s', async (method, path) => {
  const deep = `{"id":"deep","env":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
  const { status, body } = await ask(method, path, deep)
  expect(status).toBe(400)
  expect(body.toString()).toContain('nested deeper')
  expect(arena.errors).toEqual([])
})

it.each(['/\\', '/servers/\\x', '/servers/%5c/..\\'])(
  'a path that makes no URL is a bad request: %s',
  async (path) => {
    expect((await ask('POST', path, '')).status).toBe(400)
    expect(arena.errors).toEqual([])
  },
)

it('a shim is refused once, however much it has sent and whether it is still there', async () => {
  const lines = '{"no":"hello"}\n'.repeat(50)
  for (let i = 0; i < 10; i++) {
    const gone = net.connect(arena.socketPath)
    gone.on('error', () => {})
    await once(gone, 'connect')
    gone.write(lines, () => gone.destroy())
    await once(gone, 'close')
  }
  const socket = net.connect(arena.socketPath)
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  socket.on('error', () => {})
  socket.end(lines)
  await once(socket, 'close')
  expect(text.match(/refused/g)?.length).toBe(1)
  expect(warnings).toEqual([])
})
