import { once } from 'node:events'
import net from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { LineFramer } from '../../src-main/runtimes/framing.ts'
import { checkTokens, exchange } from './arena.ts'
import type { Arena } from './arena.ts'
import { broken, randomMessage, randomValue, tokenOf, validCall } from './messages.ts'
import type { Made } from './messages.ts'
import type { Random } from './random.ts'

/** One case of an entry. Returns how many messages it was; throws where the gateway did wrong. */
export type Entry = (arena: Arena, random: Random, client: string) => Promise<number>

const paths = [
  '/mcp',
  '/mcp',
  '/servers/one/mcp',
  '/servers/two/mcp',
  '/servers/wild/mcp',
  '/servers/new/mcp',
  '/servers/nobody/mcp',
  '/servers/%2e%2e/mcp',
  '/servers/%/mcp',
  '/servers//mcp',
] as const
const accepts = [
  'application/json, text/event-stream',
  'application/json, text/event-stream',
  'application/json',
  'text/event-stream',
  '*/*',
  '',
  'é;q=0.1',
] as const
const latin = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 500)

/** Where a stream is the right answer, it is left soon. */
const mayStream = (bytes: Buffer): number | undefined =>
  bytes.includes('listen') || bytes.includes('\\u') ? 60 : undefined

function headersFor(random: Random, made: Made): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': random.pick(['application/json', 'application/json', 'text/plain', '']),
    accept: random.pick(accepts),
  }
  if (random.chance(0.5)) {
    headers['mcp-protocol-version'] = random.chance(0.8)
      ? '2026-07-28'
      : random.pick(['2025-11-25', '2025-03-26', 'x', ''])
    headers['mcp-method'] = random.chance(0.9) ? latin(made.method) : 'x'
    if (made.name !== '')
      headers['mcp-name'] = random.chance(0.9) ? latin(made.name) : '=?base64?x?='
  }
  if (random.chance(0.1)) headers['mcp-session-id'] = random.pick(['x', '', 'x'.repeat(5_000)])
  if (random.chance(0.1)) headers['mcp-param-x'] = latin(JSON.stringify(randomValue(random)) ?? '')
  if (random.chance(0.03)) headers['content-encoding'] = random.pick(['gzip', 'identity', 'x'])
  if (random.chance(0.03))
    headers['origin'] = random.pick(['null', 'http://evil.com', 'http://localhost'])
  if (random.chance(0.02)) headers['host'] = random.pick(['evil.com', '', '127.0.0.1'])
  if (random.chance(0.03)) headers['last-event-id'] = random.pick(['0', 'x', 'x'.repeat(2_000)])
  if (random.chance(0.03)) headers['x'] = 'y'.repeat(random.int(20_000))
  return headers
}

function fail500(status: number, body: Buffer): void {
  if (status === 500) throw new Error(`INTERNAL: ${body.toString().slice(0, 500)}`)
}

const modernHeaders = (name: string): Record<string, string> => ({
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': name,
})

/** POST without a session: modern, malformed, and what belongs to no session; some that must be answered. */
const post: Entry = async (arena, random, client) => {
  const token = tokenOf(client, 0)
  if (random.chance(0.3)) {
    const isSingle = random.chance(0.5)
    const tool = isSingle ? 'echo' : `${random.pick(['one', 'two'])}__echo`
    const path = isSingle ? random.pick(['/servers/one/mcp', '/servers/two/mcp']) : '/mcp'
    const { bytes } = validCall(random, token, 'modern', tool)
    const headers = modernHeaders(tool)
    const { status, body } = await exchange(
      arena.port,
      { method: 'POST', path, headers, body: bytes },
      undefined,
    )
    checkTokens(body, token)
    if (status !== 200 || !body.includes(`"text":"${token}"`))
      throw new Error(
        `NO ANSWER: ${path} ${status} ${body.toString().slice(0, 500)} to ${bytes.toString().slice(0, 500)}`,
      )
    return 1
  }
  const made = randomMessage(random, token)
  const options = {
    method: 'POST',
    path: random.pick(paths),
    headers: headersFor(random, made),
    body: made.bytes,
  }
  const { status, body } = await exchange(arena.port, options, mayStream(made.bytes))
  checkTokens(body, token)
  fail500(status, body)
  return 1
}

/** A whole session of the handshake era: some messages at once, a stream beside them, an end. */
const session: Entry = async (arena, random, client) => {
  const path = random.pick([
    '/mcp',
    '/servers/one/mcp',
    '/servers/two/mcp',
    '/servers/wild/mcp',
    '/servers/new/mcp',
  ])
  const hello = {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: {
      protocolVersion: random.pick(['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']),
      capabilities: random.pick([{}, { sampling: {} }, { elicitation: {}, roots: {} }]),
      clientInfo: { name: 'fuzz', version: '1' },
    },
  }
  const accept = {
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
  }
  const greeted = await exchange(
    arena.port,
    { method: 'POST', path, headers: accept, body: Buffer.from(JSON.stringify(hello)) },
    undefined,
  )
  const id = greeted.headers['mcp-session-id']
  if (typeof id !== 'string') {
    fail500(greeted.status, greeted.body)
    return 1
  }
  const own = { ...accept, 'mcp-session-id': id }
  const stream = random.chance(0.5)
    ? exchange(arena.port, { method: 'GET', path, headers: own }, 100)
    : undefined
  const count = 4 + random.int(16)
  await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const token = tokenOf(client, i + 1)
      const isCalm = path.endsWith('/one/mcp') || path.endsWith('/two/mcp') || path === '/mcp'
      if (random.chance(0.4)) {
        const made = validCall(
          random,
          token,
          'legacy',
          path === '/mcp' ? random.pick(['one__echo', 'two__echo']) : 'echo',
        )
        const { status, body } = await exchange(
          arena.port,
          { method: 'POST', path, headers: own, body: made.bytes },
          undefined,
        )
        checkTokens(body, token)
        if (isCalm && !body.includes(`"text":"${token}"`))
          throw new Error(`NO ANSWER: ${path} ${status} ${body.toString().slice(0, 500)}`)
        return
      }
      const made = randomMessage(random, token)
      const headers = random.chance(0.8)
        ? own
        : { ...headersFor(random, made), 'mcp-session-id': id }
      const { status, body } = await exchange(
        arena.port,
        { method: 'POST', path, headers, body: made.bytes },
        mayStream(made.bytes),
      )
      checkTokens(body, token)
      fail500(status, body)
    }),
  )
  const streamed = await stream
  if (streamed) checkTokens(streamed.body, client)
  if (random.chance(0.9))
    await exchange(arena.port, { method: 'DELETE', path, headers: own }, undefined)
  return count + 2
}

/** GET, DELETE and what is no method of MCP. */
const streams: Entry = async (arena, random, client) => {
  const made = randomMessage(random, tokenOf(client, 0))
  const method = random.pick(['GET', 'DELETE', 'PUT', 'HEAD', 'OPTIONS', 'PATCH'])
  const headers = { ...headersFor(random, made), 'x-client': client }
  const body = random.chance(0.2) ? { body: made.bytes } : {}
  const answer = await exchange(
    arena.port,
    { method, path: random.pick(paths), headers, ...body },
    60,
  )
  checkTokens(answer.body, client)
  fail500(answer.status, answer.body)
  return 1
}

/** Single calls: the envelope on /mcp, and /rpc. */
const oneCall: Entry = async (arena, random, client) => {
  const token = tokenOf(client, 0)
  const made = random.chance(0.4)
    ? validCall(random, token, 'legacy', 'echo')
    : randomMessage(random, token)
  const server = random.pick(['one', 'two', 'wild', 'new', 'nobody', '', '__proto__', 'é'])
  const isRpc = random.chance(0.5)
  const prefix = Buffer.from(
    `{"server_id":${random.chance(0.95) ? JSON.stringify(server) : (JSON.stringify(randomValue(random)) ?? 'x')},`,
  )
  const body = isRpc ? made.bytes : Buffer.concat([prefix, made.bytes.subarray(1)])
  const headers = {
    ...(made.isCall ? { 'content-type': 'application/json' } : headersFor(random, made)),
    ...(isRpc && random.chance(0.95) ? { 'x-server-id': latin(server) } : {}),
  }
  const answer = await exchange(
    arena.port,
    { method: 'POST', path: isRpc ? '/rpc' : '/mcp', headers, body },
    mayStream(body),
  )
  checkTokens(answer.body, token)
  fail500(answer.status, answer.body)
  return 1
}

const restPaths = [
  '/servers',
  '/servers?tag=x',
  '/servers/one',
  '/servers/nobody',
  '/servers/%00',
  '/servers/wild/start',
  '/servers/scratch/stop',
  '/servers/nobody/restart',
  '/servers/one/logs',
  '/servers/one/logs?follow=1',
  '/events',
  '/stats',
  '/metrics',
  '/catalog',
  '/catalog/servers',
  '/catalog/servers/scratch',
  '/catalog/servers/%2f',
  '/admin/reload',
  '/health',
  '/',
  '//',
  '/x',
  '/mcp/',
  '/rpc',
  '/servers/../stats',
  '/%',
] as const

/** Routes of people and of the GUI. Only what the generator made itself is edited. */
const rest: Entry = async (arena, random, client) => {
  const method = random.pick(['GET', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'])
  const path = random.pick(restPaths)
  const made = randomMessage(random, tokenOf(client, 0))
  const entry = {
    id: random.pick(['scratch', 'scratch', 'a b', '']),
    enabled: false,
    runtime: { type: random.pick(['local-process', 'x']), command: 'x' },
    ...(random.chance(0.3) ? { x: randomValue(random) } : {}),
  }
  const body = random.chance(0.5) ? Buffer.from(JSON.stringify(entry)) : made.bytes
  const headers = {
    ...headersFor(random, made),
    ...(random.chance(0.3) ? { 'if-match': random.pick(['"x"', '*', '']) } : {}),
  }
  const isStream = method === 'GET' && (path === '/events' || path.endsWith('follow=1'))
  const options =
    method === 'GET' || method === 'HEAD'
      ? { method, path, headers }
      : { method, path, headers, body }
  const answer = await exchange(arena.port, options, isStream ? 50 : undefined)
  fail500(answer.status, answer.body)
  return 1
}

/** Bytes in pieces, with turns between some. */
async function writePieces(socket: net.Socket, random: Random, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length && !socket.destroyed;) {
    const size = random.chance(0.3) ? 1 + random.int(40) : 1 + random.int(bytes.length)
    socket.write(bytes.subarray(at, at + size))
    at += size
    if (random.chance(0.5)) await turn()
  }
}

/** What no HTTP client would send: requests broken, joined, cut, half-closed. */
const raw: Entry = async (arena, random, client) => {
  const socket = net.connect(arena.port, '127.0.0.1')
  const got: Buffer[] = []
  socket.on('data', (chunk: Buffer) => got.push(chunk))
  socket.on('error', () => {})
  await once(socket, 'connect').catch(() => {})
  const count = 1 + random.int(4)
  const requests: Buffer[] = []
  for (let i = 0; i < count; i++) {
    const made = randomMessage(random, tokenOf(client, i))
    const body = made.bytes.length > 50_000 ? Buffer.from('{}') : made.bytes
    const length = random.chance(0.85)
      ? body.length
      : random.pick([0, -1, body.length + 3, 1e12, Number.NaN])
    const head = [
      `${random.pick(['POST', 'POST', 'GET', 'DELETE', 'BREW', ''])} ${random.pick([...paths, 'http://evil.com/mcp', '*', '', '/mcp?x=\t'])} HTTP/${random.pick(['1.1', '1.1', '1.0', '2.0', ''])}`,
      random.chance(0.95) ? `Host: 127.0.0.1:${arena.port}` : 'Host: evil.com',
      ...(random.chance(0.05) ? ['Host: localhost'] : []),
      ...Object.entries(headersFor(random, made))
        .filter(([name]) => name !== 'host')
        .map(([name, value]) => `${name}: ${value}`),
      random.chance(0.9) ? `Content-Length: ${length}` : 'Transfer-Encoding: chunked',
      ...(random.chance(0.05) ? [`Expect: 100-continue`] : []),
      ...(random.chance(0.05) ? ['Connection: Upgrade', 'Upgrade: websocket'] : []),
    ]
    const whole = Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])
    requests.push(random.chance(0.2) ? broken(random, whole) : whole)
  }
  await writePieces(socket, random, Buffer.concat(requests))
  const end = random.int(3)
  if (end === 0) socket.destroy()
  else if (end === 1) socket.end()
  if (!socket.destroyed) {
    const closed = new Promise((resolve) => socket.once('close', resolve))
    const limit = new Promise((resolve) => setTimeout(resolve, 30).unref())
    await Promise.race([closed, limit])
    socket.destroy()
  }
  checkTokens(Buffer.concat(got), client)
  return count
}

function isJson(line: Buffer): boolean {
  try {
    JSON.parse(line.toString())
    return true
  } catch {
    return false
  }
}

/** The shim's socket. Each well-formed call of a session must be answered with its own token. */
const shim: Entry = async (arena, random, client) => {
  const socket = net.connect(arena.socketPath)
  socket.on('error', () => {})
  await once(socket, 'connect').catch(() => {})
  const waiting = new Set<string>()
  let wrong: Error | undefined
  let settled = (): void => {}
  const framer = new LineFramer((line) => {
    try {
      checkTokens(line, client)
      // What a client has written inside of strings comes back to it as it was, its broken escapes too.
      if (!isJson(line)) return
      const message: { id?: unknown; method?: unknown; result?: unknown } = Object(
        JSON.parse(line.toString()),
      )
      if (message.method !== undefined || typeof message.id !== 'string') return
      if (waiting.delete(message.id) && !line.includes(`"text":"${message.id}"`))
        wrong ??= new Error(`WRONG ANSWER: ${line.toString().slice(0, 500)}`)
      if (waiting.size === 0) settled()
    } catch (error) {
      wrong ??= error instanceof Error ? error : new Error(String(error))
    }
  })
  socket.on('data', (chunk: Buffer) => framer.push(chunk))
  const server = random.pick([undefined, undefined, 'one', 'two', 'one', 'nobody'])
  const hello = {
    hello: { version: 1, ...(server === undefined ? {} : { server }), client: 'fuzz' },
  }
  const lines: Buffer[] = [
    Buffer.from(
      random.chance(0.95) ? JSON.stringify(hello) : (JSON.stringify(randomValue(random)) ?? ''),
    ),
  ]
  const isGood = lines[0]?.includes('hello') === true && server !== 'nobody'
  if (random.chance(0.7))
    lines.push(
      Buffer.from(
        JSON.stringify({
          jsonrpc: '2.0',
          id: 'init',
          method: 'initialize',
          params: {
            protocolVersion: '2025-11-25',
            capabilities: {},
            clientInfo: { name: 'x', version: '1' },
          },
        }),
      ),
    )
  const count = 5 + random.int(30)
  for (let i = 0; i < count; i++) {
    const token = tokenOf(client, i)
    const tool = server === undefined ? random.pick(['one__echo', 'two__echo']) : 'echo'
    if (isGood && random.chance(0.4)) {
      lines.push(validCall(random, token, random.chance(0.5) ? 'legacy' : 'modern', tool).bytes)
      waiting.add(token)
    } else lines.push(randomMessage(random, tokenOf(client, i)).bytes)
  }
  const bytes = Buffer.concat(
    lines.flatMap((line) => [line, Buffer.from(random.chance(0.1) ? '\r\n' : '\n')]),
  )
  await writePieces(socket, random, bytes)
  const answered = new Promise<void>((resolve) => {
    settled = resolve
    if (waiting.size === 0) resolve()
  })
  const closed = socket.destroyed
    ? Promise.resolve()
    : new Promise((resolve) => socket.once('close', resolve))
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, 20_000, 'late')))
  const how = await Promise.race([answered, closed, limit])
  clearTimeout(timer)
  if (random.chance(0.5)) socket.end()
  socket.destroy()
  if (wrong) throw wrong
  if (how === 'late') throw new Error(`HANG: no answer to ${[...waiting].join(', ')}`)
  return count
}

/** Calls that make a local server write garbage around its answer. */
const serverSide: Entry = async (arena, random, client) => {
  const token = tokenOf(client, 0)
  const isSingle = random.chance(0.5)
  const name = random.pick(['wild', 'new'])
  const tool = isSingle ? 'echo' : `${name}__echo`
  const { bytes } = validCall(random, token, 'modern', tool)
  const path = isSingle ? `/servers/${name}/mcp` : '/mcp'
  const { status, body } = await exchange(
    arena.port,
    { method: 'POST', path, headers: modernHeaders(tool), body: bytes },
    undefined,
  )
  checkTokens(body, token)
  fail500(status, body)
  const { arguments: args }: { arguments?: { wild?: number } } = Object(
    Object(JSON.parse(bytes.toString())).params,
  )
  // As many before the answer as behind it.
  return 1 + 2 * (args?.wild ?? 0)
}

/** Calls to a remote server that answers anything. */
const remote: Entry = async (arena, random, client) => {
  if (arena.gateway.server('far').status !== 'running')
    await arena.gateway.restart('far').catch(() => {})
  const token = tokenOf(client, 0)
  const { bytes } = validCall(random, token, 'modern', 'echo')
  const { body } = await exchange(
    arena.port,
    { method: 'POST', path: '/servers/far/mcp', headers: modernHeaders('echo'), body: bytes },
    undefined,
  )
  checkTokens(body, token)
  return 1
}

export const entries: Record<string, Entry> = {
  post,
  session,
  streams,
  oneCall,
  rest,
  raw,
  shim,
  serverSide,
  remote,
}
