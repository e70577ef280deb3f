import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { vi } from 'vitest'
import type { GatewayError } from '../../src-shared/errors.ts'
import { createRemoteLaunch, type RemoteOptions } from '../../src-main/runtimes/remote.ts'
import type { Link, LinkClosed } from '../../src-main/runtimes/runtime.ts'

/** One request as a hand-written server got it. */
export interface Received {
  method: string
  path: string
  headers: http.IncomingHttpHeaders
  body: string
  /** Of the JSON-RPC message in the body, if there is one. */
  rpc: { id?: number; method?: string }
}

export type Handler = (request: Received, response: http.ServerResponse) => void

export interface RemoteServer {
  url: string
  port: number
  received: Received[]
  /** Connections open now. */
  connections(): number
  close(): Promise<void>
}

function rpcOf(body: string): { id?: number; method?: string } {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

/** A server on 127.0.0.1 that answers by the handler. */
export async function serve(handler: Handler, port = 0): Promise<RemoteServer> {
  const received: Received[] = []
  let connections = 0
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      const one: Received = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body,
        rpc: rpcOf(body),
      }
      received.push(one)
      handler(one, response)
    })
  })
  server.on('connection', (socket) => {
    connections++
    socket.once('close', () => connections--)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    port: address.port,
    received,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export function sendJson(
  response: http.ServerResponse,
  body: string,
  headers: http.OutgoingHttpHeaders = {},
  status = 200,
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
}

export function openStream(
  response: http.ServerResponse,
  headers: http.OutgoingHttpHeaders = {},
): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers })
  response.flushHeaders()
}

export function answerTo(request: Received, result = '{}'): string {
  return `{"jsonrpc":"2.0","id":${request.rpc.id},"result":${result}}`
}

/**
 * The dull part of a Streamable HTTP server: `initialize` gives the session `s-12345`, notifications are accepted, GET
 * is 405, DELETE is 200. What is left goes to the handler.
 */
export function streamable(handler: Handler): Handler {
  return (request, response) => {
    if (request.rpc.method === 'initialize') {
      sendJson(response, answerTo(request), { 'mcp-session-id': 's-12345' })
    } else if (request.method === 'DELETE') response.writeHead(200).end()
    else if (request.method === 'GET') response.writeHead(405).end()
    else if (request.rpc.id === undefined) response.writeHead(202).end()
    else handler(request, response)
  }
}

interface Failure {
  id: number
  error: GatewayError
  reached: boolean
}

/** A link and all that it told. */
export interface Peer {
  link: Link
  messages: { text: string; relatedTo: number | undefined }[]
  failures: Failure[]
  closed: LinkClosed[]
  logs: string[]
  /** Sends a request; `params` is JSON. */
  request(id: number, method: string, params?: string): void
  notify(method: string, params?: string): void
  /** The text of the answer to this request. */
  answer(id: number): Promise<string>
  failure(id: number): Promise<Failure>
  /** `initialize`, its answer, `notifications/initialized`. The id is 1. */
  handshake(): Promise<string>
}

const limit = { timeout: 10_000, interval: 5 }

export async function connect(
  url: string,
  type: 'remote-http' | 'remote-sse' = 'remote-http',
  headers: Record<string, string> = {},
  options: RemoteOptions = {},
): Promise<Peer> {
  const messages: Peer['messages'] = []
  const failures: Failure[] = []
  const closed: LinkClosed[] = []
  const logs: string[] = []
  const mustBeOpen = () => {
    if (closed.length > 0) throw new Error('told something after the end')
  }
  const link = await createRemoteLaunch({ reconnectMs: 10, ...options })(
    { serverId: 'far', runtime: { type, url, headers }, env: {}, inheritEnv: false, baseDir: '/' },
    {
      message: (bytes, relatedTo) => {
        mustBeOpen()
        messages.push({ text: bytes.toString(), relatedTo })
      },
      failed: (id, error, reached) => {
        mustBeOpen()
        failures.push({ id, error, reached })
      },
      closed: (reason) => {
        mustBeOpen()
        closed.push(reason)
      },
      log: (_source, text) => {
        mustBeOpen()
        logs.push(text)
      },
      progress: () => {},
    },
    new AbortController().signal,
  )
  const send = (text: string, id?: number) => {
    // In two chunks, as a spliced message comes.
    const bytes = Buffer.from(text)
    link.send([bytes.subarray(0, 7), bytes.subarray(7)], id)
  }
  const isAnswerTo = (text: string, id: number) => {
    const value: unknown = JSON.parse(text)
    return (
      typeof value === 'object' &&
      value !== null &&
      'id' in value &&
      value.id === id &&
      !('method' in value)
    )
  }
  const peer: Peer = {
    link,
    messages,
    failures,
    closed,
    logs,
    request: (id, method, params = '{}') =>
      send(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`, id),
    notify: (method, params = '{}') =>
      send(`{"jsonrpc":"2.0","method":"${method}","params":${params}}`),
    answer: (id) =>
      vi.waitFor(() => {
        const failed = failures.find((failure) => failure.id === id)
        const found = messages.find(({ text }) => isAnswerTo(text, id))
        if (found === undefined) throw new Error(failed?.error.message ?? `no answer to ${id}`)
        return found.text
      }, limit),
    failure: (id) =>
      vi.waitFor(() => {
        const found = failures.find((failure) => failure.id === id)
        if (found === undefined) throw new Error(`no failure of ${id}`)
        return found
      }, limit),
    handshake: async () => {
      peer.request(
        1,
        'initialize',
        '{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}',
      )
      const answer = await peer.answer(1)
      link.negotiated('2025-06-18')
      peer.notify('notifications/initialized')
      return answer
    },
  }
  return peer
}
