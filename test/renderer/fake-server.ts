import { createReadStream, existsSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { json } from 'node:stream/consumers'
import { procedures, type GatewayApi, type ProcedureName } from '../../src-shared/api.ts'
import { asGatewayError } from '../../src-shared/errors.ts'

const ui = path.resolve(import.meta.dirname, '../../dist/ui')
const csp = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  'media-src data: blob:',
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')
const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

export interface FakeServer {
  /** Ends with a slash; `#code=good` signs in. */
  url: string
  /** Drops the event streams and refuses everything until `up()`: a gateway that restarts. */
  down(): void
  up(): void
  close(): Promise<void>
}

/** Carries a gateway over HTTP as the real one does: the built window, the session, calls and events. */
export async function serveGateway(gateway: GatewayApi, port = 0): Promise<FakeServer> {
  const streams = new Set<http.ServerResponse>()
  let isUp = true
  const token = 'the-token'
  const server = http.createServer((request, response) => {
    if (!isUp) return void request.socket.destroy()
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === '/ui/session') return void session(request, response, token)
    if (pathname.startsWith('/ui/')) return file(pathname.slice(4), response)
    if (request.headers.authorization !== `Bearer ${token}`)
      return send(response, 401, { error: 'Unauthorized', message: 'No session.' })
    if (pathname === '/api/events') return events(gateway, request, response, streams)
    void call(gateway, pathname.slice('/api/'.length), request, response)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port.')
  const down = () => {
    isUp = false
    for (const stream of streams) stream.destroy()
  }
  return {
    url: `http://127.0.0.1:${address.port}/ui/`,
    down,
    up: () => {
      isUp = true
    },
    close: async () => {
      down()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function session(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  token: string,
): Promise<void> {
  const body: unknown = await json(request)
  const good = typeof body === 'object' && body !== null && 'code' in body && body.code === 'good'
  if (good) send(response, 200, { token })
  else send(response, 401, { error: 'Unauthorized', message: 'The link is used up or expired.' })
}

function file(name: string, response: http.ServerResponse): void {
  const wanted = path.join(ui, name === '' ? 'index.html' : path.normalize(name))
  if (!wanted.startsWith(ui) || !existsSync(wanted))
    return send(response, 404, { error: 'Not Found', message: 'No such file.' })
  response.writeHead(200, {
    'Content-Type': types[path.extname(wanted)] ?? 'application/octet-stream',
    'Content-Security-Policy': csp,
    'X-Content-Type-Options': 'nosniff',
  })
  createReadStream(wanted).pipe(response)
}

function events(
  gateway: GatewayApi,
  request: http.IncomingMessage,
  response: http.ServerResponse,
  streams: Set<http.ServerResponse>,
): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  response.write(': hello\n\n')
  streams.add(response)
  const end = gateway.onEvent((event) => {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  })
  request.on('close', () => {
    end()
    streams.delete(response)
  })
}

async function call(
  gateway: GatewayApi,
  name: string,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  try {
    if (!isProcedure(name))
      return send(response, 404, { error: { code: 'not_found', message: `No '${name}'.` } })
    const input: unknown = await json(request)
    const parsed = procedures[name].input.parse(input)
    // Parsed by the schema of this very name.
    send(response, 200, { ok: await gateway.call(name, parsed as never) })
  } catch (thrown) {
    const { code, message, data, status } = asGatewayError(thrown)
    send(response, status, { error: { code, message, data } })
  }
}

function isProcedure(name: string): name is ProcedureName {
  return Object.hasOwn(procedures, name)
}

function send(response: http.ServerResponse, status: number, body: unknown): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify(body))
}
