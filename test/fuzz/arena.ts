import fs from 'node:fs/promises'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { configSchema } from '../../src-shared/config.ts'
import { createGateway } from '../../src-main/gateway.ts'
import type { GatewayCore } from '../../src-main/gateway.ts'
import { createAccess } from '../../src-main/http/access.ts'
import { createListener } from '../../src-main/http/listener.ts'
import { McpEndpoint } from '../../src-main/http/mcp-http.ts'
import { createRest } from '../../src-main/http/rest-routes.ts'
import { createSocketListener } from '../../src-main/http/socket.ts'
import { systemClock } from '../../src-main/servers/clock.ts'
import type { Log } from '../../src-main/telemetry/log.ts'
import { Redactor } from '../../src-main/telemetry/redact.ts'
import { serve } from '../runtimes/remote-peer.ts'
import { fixtures } from '../support/processes.ts'
import { serverGarbage, tokenPattern, tokensIn } from './messages.ts'
import { Random } from './random.ts'

/** A gateway with every entry open, in front of well-behaved and wild servers of both eras. */
export interface Arena {
  gateway: GatewayCore
  port: number
  socketPath: string
  /** What the gateway says it never should. */
  errors: string[]
  /** Answers that the remote server has given. */
  remoteAnswers(): number
  close(): Promise<void>
}

export async function openArena(seed: string): Promise<Arena> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'gateway-fuzz-'))
  const far = await openRemote(seed)
  const catalogPath = path.join(folder, 'catalog.yaml')
  const server = (id: string, era: string, wild: string) => ({
    id,
    isolation: 'shared',
    runtime: {
      type: 'local-process',
      command: process.execPath,
      args: [path.join(fixtures, 'fuzz-server.ts')],
    },
    env: { FUZZ_ERA: era, FUZZ_WILD: wild, NODE_NO_WARNINGS: '1' },
  })
  const servers = [
    server('one', 'legacy', '0'),
    server('two', 'modern', '0'),
    server('wild', 'legacy', '1'),
    server('new', 'modern', '1'),
    { id: 'far', runtime: { type: 'remote-http', url: far.url }, start_timeout_seconds: 2 },
  ]
  await fs.writeFile(catalogPath, JSON.stringify({ servers }))
  const config = configSchema.parse({
    listen_addr: '127.0.0.1:0',
    auth: 'none',
    hot_reload: false,
    request_timeout_seconds: 1,
    drain_timeout_seconds: 1,
  })
  const errors: string[] = []
  const ignore = (): void => {}
  const log: Log = {
    trace: ignore,
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: (fields, message) => {
      const error: unknown = Object(fields)['error']
      const why = error instanceof Error ? error.stack : JSON.stringify(fields)
      // An edit of the catalog that is refused is told as an error, and is none of the gateway's.
      if (!message.startsWith('The catalog is not valid')) errors.push(`${message} ${why}`)
    },
  }
  const redactor = new Redactor()
  const gateway = await createGateway({
    config,
    catalogPath,
    stateDir: path.join(folder, 'state'),
    // As from a terminal: no login shell has to be asked.
    env: { ...process.env, SHLVL: '1', TERM: 'dumb' },
    platform: process.platform,
    log,
    redactor,
  })
  const { sessions, oneCall } = gateway
  const endpoint = new McpEndpoint({ sessions, oneCall, clock: systemClock })
  const listener = await createListener({
    gateway,
    access: createAccess({ config, key: () => undefined }),
    mcp: endpoint,
    rest: () => Promise.resolve(createRest({ gateway, log, redactor })),
    log,
    limits: { keepAliveTimeoutMs: 5_000 },
  })
  const socketPath = path.join(folder, 'gateway.sock')
  const socket = await createSocketListener({ path: socketPath, sessions, log })
  return {
    gateway,
    port: listener.address.port,
    socketPath,
    errors,
    remoteAnswers: far.answers,
    close: async () => {
      await socket.close()
      await listener.close(0)
      endpoint.close()
      await gateway.killAll()
      await gateway.shutdown()
      await far.close()
      await fs.rm(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

/** A remote server that answers right, wrong, in odd ways, or hangs up. */
async function openRemote(seed: string) {
  const random = new Random(`${seed} remote`)
  let answers = 0
  const server = await serve((request, response) => {
    answers++
    const { id, method } = request.rpc
    const [token = 'none'] = request.body.match(tokenPattern) ?? []
    const isGreeting = method === 'initialize' || method === 'tools/list'
    const result = isGreeting
      ? method === 'initialize'
        ? '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"far","version":"1"}}'
        : '{"tools":[{"name":"echo","inputSchema":{"type":"object"}}]}'
      : `{"content":[{"type":"text","text":"${token}"}]}`
    const right = `{"jsonrpc":"2.0","id":${id},"result":${result}}`
    const json = { 'content-type': 'application/json' }
    const events = { 'content-type': 'text/event-stream' }
    const garbage = (): string => serverGarbage(random).toString()
    if (request.method === 'GET') return void response.writeHead(405).end()
    if (id === undefined) return void response.writeHead(202).end()
    if (method === 'server/discover')
      return void response
        .writeHead(200, json)
        .end(`{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"?"}}`)
    switch (isGreeting && random.chance(0.9) ? 0 : random.int(16)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return void response.writeHead(200, json).end(right)
      case 4:
        return void response.writeHead(200, events).end(`data: ${right}\n\n`)
      case 5:
        return void response
          .writeHead(200, events)
          .end(`data: ${garbage()}\n\n: x\nevent: é\nid: ${garbage()}\n\ndata: ${right}\r\n\r\n`)
      case 6:
        return void response.writeHead(200, events).end(`data: ${garbage()}\n`)
      case 7:
        return void response.writeHead(200, json).end(garbage())
      case 8:
        return void response
          .writeHead(200, { 'content-type': garbage().replaceAll(/[^a-z]/g, '') || 'x' })
          .end(right)
      case 9:
        return void response
          .writeHead(random.pick([400, 401, 403, 404, 418, 429, 500, 503]))
          .end(garbage())
      case 10:
        return void response.destroy()
      case 11:
        response.writeHead(200, { ...json, 'content-length': right.length + 10 }).write(right)
        return void setImmediate(() => response.destroy())
      case 12:
        return void response.writeHead(202).end()
      case 13:
        return void response.writeHead(302, { location: '/elsewhere' }).end()
      case 14:
        return void response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(right)
      default:
        // Few: each costs the request's whole time limit.
        if (random.chance(0.1)) return
        return void response.writeHead(200, json).end(`[${right}]`)
    }
  })
  return { url: server.url, answers: () => answers, close: () => server.close() }
}

/** What JavaScript keeps, in bytes, once all that can go is gone. */
export function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('gc')
  if (typeof gc === 'function') for (let i = 0; i < 3; i++) gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

export const agent = new http.Agent({ keepAlive: true, maxSockets: 256 })

export interface Reply {
  status: number
  body: Buffer
  headers: http.IncomingHttpHeaders
}

/**
 * One HTTP request to its end. A stream is left after `streamMs`; rejects if nothing ends within `limitMs`. A
 * connection that breaks is an answer with the status 0.
 */
export function exchange(
  port: number,
  options: { method: string; path: string; headers: Record<string, string>; body?: Buffer },
  streamMs: number | undefined,
  limitMs = 20_000,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { method, path: target, headers, body } = options
    let stream: NodeJS.Timeout | undefined
    const limit = setTimeout(() => {
      request.destroy()
      const got = Buffer.concat(chunks).toString().slice(0, 300)
      reject(
        new Error(
          `HANG: ${method} ${target} has not ended within ${limitMs} ms. ${JSON.stringify(headers)} ${body?.toString().slice(0, 600)} Got: ${got}`,
        ),
      )
    }, limitMs)
    const done = (reply: Reply): void => {
      clearTimeout(limit)
      clearTimeout(stream)
      resolve(reply)
    }
    const chunks: Buffer[] = []
    const request = http.request({ host: '127.0.0.1', port, method, path: target, headers, agent })
    const end = (status: number, its: http.IncomingHttpHeaders): void =>
      done({ status, body: Buffer.concat(chunks), headers: its })
    request.on('error', () => end(0, {}))
    request.on('response', (response) => {
      const { statusCode = 0 } = response
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', () => end(statusCode, response.headers))
      response.on('end', () => end(statusCode, response.headers))
      response.on('close', () => end(statusCode, response.headers))
    })
    if (streamMs !== undefined) stream = setTimeout(() => request.destroy(), streamMs)
    request.end(body)
  })
}

/** Throws if a token of another client is in the bytes, or, where `own` is a token, of another request. */
export function checkTokens(bytes: Buffer, own: string): void {
  for (const { token, client } of tokensIn(bytes))
    if (token !== own && client !== own)
      throw new Error(`WRONG CLIENT: ${own} got ${token}: ${bytes.toString().slice(0, 500)}`)
}
