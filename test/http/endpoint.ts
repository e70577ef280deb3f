import http from 'node:http'
import net from 'node:net'
import { createAccess } from '../../src-main/http/access.ts'
import { readBody } from '../../src-main/http/body.ts'
import {
  createListener,
  type Listener,
  type McpHttp,
  type RestHandler,
} from '../../src-main/http/listener.ts'
import type { ListenerLimits } from '../../src-main/http/http-server.ts'
import { sendError, sendJson } from '../../src-main/http/respond.ts'
import { silentLog } from '../../src-main/telemetry/log.ts'
import type { Gateway } from '../../src-main/gateway.ts'
import { testKey } from './gateway-stand-in.ts'

/** Answers with what it was called with, so that a test sees where a request went. */
export const echoMcp: McpHttp = {
  handle: (request, response, context) =>
    readBody(request, 1024 * 1024, (error, body) => {
      if (error) sendError(response, error)
      else sendJson(response, 200, { route: 'mcp', ...context, body: body.toString() })
    }),
  rpc: (_request, response, context) => sendJson(response, 200, { route: 'rpc', ...context }),
}

export const echoRest: RestHandler = (request, response, caller) =>
  sendJson(response, 200, { route: 'rest', path: request.url, ...caller })

/** A listener on a free port of loopback, with real access checks. */
export function openEndpoint(
  gateway: Gateway,
  parts: {
    mcp?: McpHttp
    rest?: () => Promise<RestHandler>
    limits?: Partial<ListenerLimits>
  } = {},
): Promise<Listener> {
  return createListener({
    gateway,
    access: createAccess({ config: gateway.config, key: () => testKey }),
    mcp: parts.mcp ?? echoMcp,
    rest: parts.rest ?? (() => Promise.resolve(echoRest)),
    log: silentLog,
    limits: parts.limits ?? {},
  })
}

export interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  text: string
}

/** One request on a connection of its own; every header, Host included, is as given. Sends the key unless told not to. */
export function ask(
  port: number,
  path: string,
  options: {
    method?: string
    headers?: Record<string, string | string[]>
    body?: string
    key?: string | null
  } = {},
): Promise<Answer> {
  const { key = testKey } = options
  const body = options.body === undefined ? undefined : Buffer.from(options.body)
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        port,
        host: '127.0.0.1',
        path,
        method: options.method ?? 'GET',
        agent: false,
        headers: {
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined || options.headers?.['transfer-encoding'] !== undefined
            ? {}
            : { 'content-length': body.length }),
          ...options.headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        )
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

/** Bytes as they are, for what no HTTP client would send; resolves with all that came back when the other side hangs up. */
export function askRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes))
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()))
  })
}
