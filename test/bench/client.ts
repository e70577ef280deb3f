import { Agent, type IncomingMessage, request } from 'node:http'

/** One open conversation with a target. */
export interface Client {
  /** Resolves when the whole answer is here, with its length in bytes (0 through the SDK). Throws when it is not a result. */
  callTool(name: string, args: Record<string, unknown>): Promise<number>
  close(): Promise<void>
}

export const callLimitMs = 30_000
export const initializeParams = {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'bench', version: '1.0.0' },
}

/** Refuses what is no result, without parsing: an answer is known by its first or last bytes. */
export function checkResult(answer: Buffer): number {
  const head = answer.toString('latin1', 0, 200)
  const tail = answer.toString('latin1', Math.max(0, answer.length - 200))
  if (!head.includes('"result":') && !tail.includes('"result":')) {
    throw new Error(`Expected a result, got: ${head}`)
  }
  if (head.includes('"isError":true') || tail.includes('"isError":true')) {
    throw new Error(`The tool failed: ${head}`)
  }
  return answer.length
}

export interface Reply {
  status: number
  headers: IncomingMessage['headers']
  body: Buffer
}

/** One exchange with hand-written bytes. */
export function exchange(
  url: URL,
  options: { method?: string; headers?: Record<string, string>; body?: string; agent?: Agent },
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const body = options.body
    const req = request(
      {
        host: url.hostname,
        port: url.port,
        path: url.pathname + url.search,
        method: options.method ?? 'POST',
        headers: {
          ...options.headers,
          ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        },
        ...(options.agent ? { agent: options.agent } : {}),
      },
      (res) => {
        const chunks: Buffer[] = []
        res.on('data', (chunk: Buffer) => chunks.push(chunk))
        res.on('error', reject)
        res.on('end', () => {
          const [only] = chunks
          const whole = chunks.length === 1 && only ? only : Buffer.concat(chunks)
          resolve({ status: res.statusCode ?? 0, headers: res.headers, body: whole })
        })
      },
    )
    req.setTimeout(callLimitMs, () =>
      req.destroy(new Error(`No answer from ${url.href} within ${callLimitMs} ms.`)),
    )
    req.on('error', reject)
    req.end(body)
  })
}

const modernVersion = '2026-07-28'
const prefix = 'io.modelcontextprotocol/'
/** What every request of 2026-07-28 carries. */
const modernMeta = {
  [`${prefix}protocolVersion`]: modernVersion,
  [`${prefix}clientInfo`]: initializeParams.clientInfo,
  [`${prefix}clientCapabilities`]: {},
}

const accept = 'application/json, text/event-stream'

/** Streamable HTTP as 2026-07-28 has it: no session, and each request says what it is in headers as well. */
export function openModernHttp(url: URL, headers: Record<string, string> = {}): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const all = {
    'content-type': 'application/json',
    accept,
    'mcp-protocol-version': modernVersion,
    'mcp-method': 'tools/call',
    ...headers,
  }
  let nextId = 0
  return {
    callTool: async (name, args) => {
      const params = { name, arguments: args, _meta: modernMeta }
      const message = { jsonrpc: '2.0', id: ++nextId, method: 'tools/call', params }
      const body = JSON.stringify(message)
      const reply = await exchange(url, { headers: { ...all, 'mcp-name': name }, body, agent })
      return checkResult(reply.body)
    },
    close: async () => agent.destroy(),
  }
}

/** Streamable HTTP over keep-alive connections. `wrap` adds fields to the message (the envelope's `server_id`). */
export async function openHttp(
  url: URL,
  options: { headers?: Record<string, string>; handshake?: boolean; wrap?: object } = {},
): Promise<Client> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept,
    ...options.headers,
  }
  let nextId = 0
  const send = async (message: object) => {
    const body = JSON.stringify({ ...options.wrap, jsonrpc: '2.0', ...message })
    const reply = await exchange(url, { headers, body, agent })
    if (reply.status >= 300) {
      throw new Error(
        `${url.href} answered ${reply.status}: ${reply.body.toString('utf8', 0, 300)}`,
      )
    }
    return reply
  }
  if (options.handshake !== false) {
    const reply = await send({ id: ++nextId, method: 'initialize', params: initializeParams })
    checkResult(reply.body)
    const session = reply.headers['mcp-session-id']
    if (typeof session === 'string') headers['mcp-session-id'] = session
    headers['mcp-protocol-version'] = initializeParams.protocolVersion
    await send({ method: 'notifications/initialized' })
  }
  return {
    callTool: async (name, args) => {
      const params = { name, arguments: args }
      return checkResult((await send({ id: ++nextId, method: 'tools/call', params })).body)
    },
    close: async () => {
      if (headers['mcp-session-id'] !== undefined) {
        await exchange(url, { method: 'DELETE', headers, agent }).catch(() => undefined)
      }
      agent.destroy()
    },
  }
}
