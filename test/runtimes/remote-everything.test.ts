import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { connect, serve, type Peer } from './remote-peer.ts'

const program = path.resolve('node_modules/@modelcontextprotocol/server-everything/dist/index.js')
const children: ChildProcess[] = []
const peers: Peer[] = []

afterEach(async () => {
  for (const peer of peers.splice(0)) await peer.link.close()
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
})

async function everything(mode: 'streamableHttp' | 'sse'): Promise<number> {
  const probe = await serve(() => {})
  await probe.close()
  const child = spawn(process.execPath, [program, mode], {
    env: { PATH: process.env.PATH, PORT: String(probe.port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  children.push(child)
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  await vi.waitFor(() => expect(said).toMatch(/on port \d+/), { timeout: 15_000, interval: 20 })
  return probe.port
}

async function open(...args: Parameters<typeof connect>): Promise<Peer> {
  const peer = await connect(...args)
  peers.push(peer)
  return peer
}

describe.each([
  ['remote-http', 'streamableHttp', '/mcp'],
  ['remote-sse', 'streamableHttp', '/mcp'],
  ['remote-sse', 'sse', '/sse'],
] as const)('%s against the everything server in its %s mode', (type, mode, route) => {
  test('is greeted, lists, calls, gets progress and closes', async () => {
    const port = await everything(mode)
    const peer = await open(`http://127.0.0.1:${port}${route}`, type)
    expect(await peer.handshake()).toContain('"serverInfo"')
    peer.request(2, 'tools/list')
    expect(await peer.answer(2)).toContain('"echo"')
    peer.request(3, 'tools/call', '{"name":"echo","arguments":{"message":"grüße \u2028 😀"}}')
    expect(await peer.answer(3)).toContain('grüße \u2028 😀')
    peer.request(
      4,
      'tools/call',
      '{"name":"trigger-long-running-operation","arguments":{"duration":0.4,"steps":2},"_meta":{"progressToken":"abc"}}',
    )
    expect(await peer.answer(4)).toContain('completed')
    const progress = peer.messages.filter(({ text }) => text.includes('notifications/progress'))
    expect(progress).toHaveLength(2)
    expect(progress[0]?.text).toContain('"progressToken":"abc"')
    expect(progress[0]?.relatedTo).toBe(mode === 'sse' ? undefined : 4)
    await peer.link.close()
    expect(peer.closed).toEqual([expect.objectContaining({ expected: true })])
    expect(peer.failures).toEqual([])
  })
})

test('the everything server’s own notifications come on the GET stream', async () => {
  const port = await everything('streamableHttp')
  const peer = await open(`http://127.0.0.1:${port}/mcp`)
  await peer.handshake()
  peer.request(2, 'tools/call', '{"name":"toggle-simulated-logging","arguments":{}}')
  await peer.answer(2)
  await vi.waitFor(
    () =>
      expect(peer.messages).toContainEqual({
        text: expect.stringContaining('notifications/message'),
        relatedTo: undefined,
      }),
    { timeout: 10_000 },
  )
})

test('an everything server that was restarted has lost the session: the link closes and the call may be repeated', async () => {
  const port = await everything('streamableHttp')
  const peer = await open(`http://127.0.0.1:${port}/mcp`)
  await peer.handshake()
  const old = children[0]
  old?.kill('SIGKILL')
  if (old !== undefined) await once(old, 'exit')
  const child = spawn(process.execPath, [program, 'streamableHttp'], {
    env: { PATH: process.env.PATH, PORT: String(port) },
    stdio: 'ignore',
  })
  children.push(child)
  const after = await connectWhenUp(port)
  await after.link.close()
  if (peer.closed.length === 0) {
    peer.request(2, 'tools/list')
    await vi.waitFor(() => expect(peer.closed).toHaveLength(1), { timeout: 5_000 })
    expect((await peer.failure(2)).reached).toBe(false)
  }
  expect(peer.closed[0]?.expected).toBe(false)
  expect(peer.closed[0]?.message).toContain('ended the session')
})

async function connectWhenUp(port: number): Promise<Peer> {
  return vi.waitFor(
    async () => {
      const peer = await open(`http://127.0.0.1:${port}/mcp`)
      peer.request(
        1,
        'initialize',
        '{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}',
      )
      await vi.waitFor(() => expect(peer.failures.length + peer.messages.length).toBeGreaterThan(0))
      expect(peer.failures).toEqual([])
      return peer
    },
    { timeout: 15_000, interval: 100 },
  )
}
