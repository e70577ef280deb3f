import { once } from 'node:events'
import net from 'node:net'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import { LineFramer } from '../../src-main/runtimes/framing.ts'
import type { TestHost } from '../management/host.ts'
import { ask } from '../http/endpoint.ts'
import type { Answer } from '../http/endpoint.ts'
import { eventually } from '../support/eventually.ts'
import type { Message } from '../support/gateway.ts'

/** One way to the servers: a carrier, an era, and all servers as one or a single one. */
export interface Way {
  name: string
  /** Undefined: all as one. */
  serverId: string | undefined
  open: (test: TestHost, who: Who, serverId: string | undefined) => Promise<Conversation>
}

/** A client by its token, over HTTP, or by its id, through the shim's socket. */
export interface Who {
  token: string
  id: string
}

export interface Conversation {
  request: (method: string, params?: object) => Promise<Message>
  /** Notifications of the gateway, by method. */
  heard: () => string[]
}

const message = z.looseObject({
  id: z.union([z.string(), z.number(), z.null()]).optional(),
  method: z.string().optional(),
  params: z.record(z.string(), z.unknown()).optional(),
  result: z.record(z.string(), z.unknown()).optional(),
  error: z.object({ code: z.number(), message: z.string() }).optional(),
})

function parsed(text: string): Message {
  const { id, method, params, result, error } = message.parse(JSON.parse(text))
  return {
    ...(id === undefined || id === null ? {} : { id }),
    ...(method === undefined ? {} : { method }),
    ...(params === undefined ? {} : { params }),
    ...(result === undefined ? {} : { result }),
    ...(error === undefined ? {} : { error }),
  }
}

export function post(
  { host }: TestHost,
  path: string,
  token: string | null,
  body: object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const port = Number(new URL(host.url).port)
  return ask(port, path, {
    method: 'POST',
    key: token,
    headers: { host: `127.0.0.1:${port}`, accept: 'application/json', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', ...body }),
  })
}

const mcpPath = (serverId: string | undefined): string =>
  serverId === undefined ? '/mcp' : `/servers/${serverId}/mcp`
const initialize = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'what it calls itself', version: '1' },
}
const version = '2026-07-28'
const meta = {
  'io.modelcontextprotocol/protocolVersion': version,
  'io.modelcontextprotocol/clientCapabilities': {},
}

/** Sessions over HTTP; throws with the text of a refusal. */
export async function httpSession(
  test: TestHost,
  token: string,
  serverId: string | undefined,
): Promise<Conversation & { headers: Record<string, string> }> {
  const path = mcpPath(serverId)
  const opened = await post(test, path, token, { id: 0, method: 'initialize', params: initialize })
  if (opened.status !== 200) throw new Error(opened.text)
  const headers = { 'mcp-session-id': String(opened.headers['mcp-session-id']) }
  await post(test, path, token, { method: 'notifications/initialized' }, headers)
  let id = 1
  return {
    headers,
    request: async (method, params = {}) =>
      parsed((await post(test, path, token, { id: id++, method, params }, headers)).text),
    heard: () => [],
  }
}

function httpModern(test: TestHost, token: string, serverId: string | undefined): Conversation {
  let id = 1
  return {
    request: async (method, params = {}) => {
      const { name, uri }: { name?: string; uri?: string } = params
      const called = name ?? uri
      const headers = {
        'mcp-protocol-version': version,
        'mcp-method': method,
        ...(called === undefined ? {} : { 'mcp-name': called }),
      }
      const body = { id: id++, method, params: { ...params, _meta: meta } }
      return parsed((await post(test, mcpPath(serverId), token, body, headers)).text)
    },
    heard: () => [],
  }
}

/** The shim's socket; rejects with the text of a refusal. */
export async function pipe(
  { host }: TestHost,
  client: string,
  serverId: string | undefined,
  era: 'legacy' | 'modern',
): Promise<Conversation & { isOpen: () => boolean }> {
  const socket = net.connect(host.settings.files.socket)
  onTestFinished(() => void socket.destroy())
  let isOpen = true
  socket.on('error', () => {})
  socket.on('close', () => (isOpen = false))
  const lines: string[] = []
  const framer = new LineFramer((line) => lines.push(line.toString('utf8')))
  socket.on('data', (chunk) => framer.push(chunk))
  await once(socket, 'connect')
  const write = (value: object): void => void socket.write(`${JSON.stringify(value)}\n`)
  write({ hello: { version: 1, client, ...(serverId === undefined ? {} : { server: serverId }) } })
  const first = await eventually(() => {
    const [line] = lines
    if (line === undefined) throw new Error('The gateway says nothing.')
    return line
  })
  if (!first.startsWith('{"welcome"')) throw new Error(first)
  let nextId = 1
  const request = async (method: string, params: object = {}): Promise<Message> => {
    const id = nextId++
    const sent = era === 'modern' ? { ...params, _meta: meta } : params
    write({ jsonrpc: '2.0', id, method, params: sent })
    return eventually(() => {
      const answer = lines
        .slice(1)
        .map(parsed)
        .find((one) => one.id === id && !one.method)
      if (!answer) throw new Error(isOpen ? 'No answer yet.' : 'The pipe is closed.')
      return answer
    })
  }
  if (era === 'legacy') {
    await request('initialize', initialize)
    write({ jsonrpc: '2.0', method: 'notifications/initialized' })
  }
  return {
    request,
    isOpen: () => isOpen,
    heard: () => lines.slice(1).flatMap((line) => parsed(line).method ?? []),
  }
}

const carriers: Record<string, Way['open']> = {
  'a session over HTTP': (test, { token }, serverId) => httpSession(test, token, serverId),
  'requests without a session over HTTP': (test, { token }, serverId) =>
    Promise.resolve(httpModern(test, token, serverId)),
  'a session through the shim': (test, { id }, serverId) => pipe(test, id, serverId, 'legacy'),
  'requests without a session through the shim': (test, { id }, serverId) =>
    pipe(test, id, serverId, 'modern'),
}

/** The envelope of one call; `rpc`: with the server in the header. */
function oneCall(rpc: boolean): Way['open'] {
  return (test, { token }, serverId = '') =>
    Promise.resolve({
      request: async (method, params = {}) =>
        parsed(
          (rpc
            ? await post(test, '/rpc', token, { method, params }, { 'x-server-id': serverId })
            : await post(test, '/mcp', token, { server_id: serverId, method, params })
          ).text,
        ),
      heard: () => [],
    })
}

export const aggregateWays: Way[] = Object.entries(carriers).map(([name, open]) => ({
  name: `${name}, all as one`,
  serverId: undefined,
  open,
}))

/** To the server `alpha`. */
export const singleWays: Way[] = Object.entries({
  ...carriers,
  'the envelope of one call': oneCall(false),
  'the envelope, server in the header': oneCall(true),
}).map(([name, open]) => ({ name, serverId: 'alpha', open }))

export function toolNames({ result }: Message): string[] {
  return z
    .object({ tools: z.array(z.object({ name: z.string() })) })
    .parse(result)
    .tools.map(({ name }) => name)
}
