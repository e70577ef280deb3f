import http from 'node:http'
import { LineFramer } from '../../src-main/runtimes/framing.ts'
import type { Duplex } from '../../src-main/mcp/session-host.ts'
import type { Sessions } from '../../src-main/mcp/sessions.ts'
import { readMessage } from './scripted-server.ts'
import type { Message } from './scripted-server.ts'

export interface ClientOptions {
  serverId?: string
  capabilities?: object
  protocolVersion?: string
}

export interface HttpAnswer {
  status: number
  headers: http.IncomingHttpHeaders
  body: Buffer
}

/** One HTTP request whose answer is seen as it comes. */
export class Exchange {
  readonly request: http.ClientRequest
  /** Data of server-sent events, as they came. */
  readonly events: Buffer[] = []
  readonly head: Promise<http.IncomingMessage>
  /** The whole answer, or rejects if the connection broke. */
  readonly done: Promise<HttpAnswer>

  constructor(
    port: number,
    options: {
      path: string
      method?: string
      headers?: Record<string, string>
      body?: string | Buffer
      onEvent?: (data: Buffer) => void
    },
  ) {
    const { path, method = 'POST', headers = {}, body } = options
    this.request = http.request({ host: '127.0.0.1', port, path, method, headers, agent })
    this.head = new Promise((resolve, reject) => {
      this.request.on('response', resolve)
      this.request.on('error', reject)
    })
    this.done = this.head.then(
      (response) =>
        new Promise((resolve, reject) => {
          const chunks: Buffer[] = []
          const isStream = response.headers['content-type'] === 'text/event-stream'
          const framer = new LineFramer((line) => {
            if (line.subarray(0, 6).toString() !== 'data: ') return
            const data = Buffer.from(line.subarray(6))
            // The event that has an id only.
            if (data.length === 0) return
            this.events.push(data)
            options.onEvent?.(data)
          })
          response.on('data', (chunk: Buffer) => {
            chunks.push(chunk)
            if (isStream) framer.push(chunk)
          })
          response.on('end', () => {
            framer.end()
            const status = response.statusCode ?? 0
            resolve({ status, headers: response.headers, body: Buffer.concat(chunks) })
          })
          response.on('error', reject)
          response.on('close', () => reject(new Error('The connection was closed.')))
        }),
    )
    this.done.catch(() => {})
    this.request.end(body)
  }

  destroy(): void {
    this.request.destroy()
  }
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 2_000 })

/** A connection pool that outlives a test would keep the endpoint from closing. */
export function closeConnections(): void {
  agent.destroy()
}

const mcpPath = (serverId: string | undefined): string =>
  serverId === undefined ? '/mcp' : `/servers/${serverId}/mcp`

/** An MCP client of the tests: sees every byte, answers what it is told to answer. */
export abstract class Client {
  /** Everything but answers, in the order of arrival. */
  readonly messages: Message[] = []
  readonly serverId: string | undefined
  /** What it answers to a question of the server; undefined: it stays silent. */
  onQuestion: (question: Message) => object | undefined = () => undefined
  greeting: Message | undefined
  readonly #answers = new Map<string, (answer: Message) => void>()
  #nextId = 1

  constructor(serverId: string | undefined) {
    this.serverId = serverId
  }

  /** Sends bytes; answers come through `got`. */
  protected abstract post(raw: Buffer): void
  abstract close(): void | Promise<void>

  async initialize(options: ClientOptions): Promise<Message> {
    const { capabilities = {}, protocolVersion = '2025-11-25' } = options
    const clientInfo = { name: 'relay test', version: '1' }
    const params = { protocolVersion, capabilities, clientInfo }
    this.greeting = await this.request('initialize', params)
    this.notify('notifications/initialized')
    return this.greeting
  }

  request(method: string, params?: object, id?: string | number): Promise<Message> {
    const its = id ?? `id ${this.#nextId++}`
    return this.raw(
      JSON.stringify({ jsonrpc: '2.0', id: its, method, ...(params ? { params } : {}) }),
      JSON.stringify(its),
    )
  }

  /** A request as it is written; `id` is its id as JSON. */
  raw(text: string, id: string): Promise<Message> {
    return new Promise((resolve) => {
      this.#answers.set(id, resolve)
      this.post(Buffer.from(text))
    })
  }

  /** Calls a tool by the server's own name for it. */
  call(tool: string, args: object = {}, more: object = {}, id?: string | number): Promise<Message> {
    return this.request('tools/call', { name: this.toolName(tool), arguments: args, ...more }, id)
  }

  /** On the aggregate the first server of the test is called `one`. */
  toolName(tool: string): string {
    return this.serverId === undefined ? `one__${tool}` : tool
  }

  uri(uri: string): string {
    return this.serverId === undefined ? `mcp://one/${uri}` : uri
  }

  notify(method: string, params?: object): void {
    this.post(
      Buffer.from(JSON.stringify({ jsonrpc: '2.0', method, ...(params ? { params } : {}) })),
    )
  }

  respond(question: Message, answer: object): void {
    this.post(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: question.id, ...answer })))
  }

  of(method: string): Message[] {
    return this.messages.filter((message) => message.method === method)
  }

  protected got(raw: Buffer): void {
    const message = readMessage(raw)
    if (message.method === undefined) {
      const id = JSON.stringify(message.id ?? null)
      this.#answers.get(id)?.(message)
      this.#answers.delete(id)
      return
    }
    this.messages.push(message)
    if (message.id === undefined) return
    const answer = this.onQuestion(message)
    if (answer) this.respond(message, answer)
  }
}

/** Over Streamable HTTP. */
export class HttpClient extends Client {
  readonly port: number
  sessionId: string | undefined
  accept = 'application/json, text/event-stream'
  stream: Exchange | undefined
  readonly exchanges: Exchange[] = []

  static async open(port: number, options: ClientOptions = {}): Promise<HttpClient> {
    const client = new HttpClient(port, options.serverId)
    await client.initialize(options)
    return client
  }

  constructor(port: number, serverId: string | undefined) {
    super(serverId)
    this.port = port
  }

  get headers(): Record<string, string> {
    return {
      accept: this.accept,
      'content-type': 'application/json',
      ...(this.sessionId === undefined ? {} : { 'mcp-session-id': this.sessionId }),
    }
  }

  /** One POST as it is, with the headers of this session. */
  exchange(body: string | Buffer, headers: Record<string, string> = {}): Exchange {
    const exchange = new Exchange(this.port, {
      path: mcpPath(this.serverId),
      headers: { ...this.headers, ...headers },
      body,
      onEvent: (data) => this.got(data),
    })
    this.exchanges.push(exchange)
    return exchange
  }

  /** The stream for what belongs to no request. */
  async listen(): Promise<Exchange> {
    const stream = new Exchange(this.port, {
      path: mcpPath(this.serverId),
      method: 'GET',
      headers: this.headers,
      onEvent: (data) => this.got(data),
    })
    this.stream = stream
    await stream.head
    return stream
  }

  async close(): Promise<void> {
    this.stream?.destroy()
    for (const exchange of this.exchanges) exchange.destroy()
    const path = mcpPath(this.serverId)
    const request = new Exchange(this.port, { path, method: 'DELETE', headers: this.headers })
    await request.done
  }

  protected post(raw: Buffer): void {
    const exchange = this.exchange(raw)
    exchange.done.then(
      ({ headers, body }) => {
        const sessionId = headers['mcp-session-id']
        if (typeof sessionId === 'string') this.sessionId = sessionId
        if (headers['content-type'] === 'application/json') this.got(body)
      },
      () => {},
    )
  }
}

/** Over a carrier that keeps a connection for each session, as the shim's socket does. */
export class DuplexClient extends Client {
  isEnded = false
  readonly #duplex: Duplex

  static async open(sessions: Sessions, options: ClientOptions = {}): Promise<DuplexClient> {
    const client = new DuplexClient(sessions, options.serverId)
    await client.initialize(options)
    return client
  }

  constructor(sessions: Sessions, serverId: string | undefined) {
    super(serverId)
    this.#duplex = sessions.openDuplex({
      ...(serverId === undefined ? {} : { serverId }),
      principal: 'local',
      send: (chunks) => {
        const line = Buffer.concat(chunks)
        if (line.includes(0x0a)) throw new Error('A message must be one line.')
        this.got(line)
      },
      end: () => (this.isEnded = true),
    })
  }

  close(): void {
    this.#duplex.close()
  }

  protected post(raw: Buffer): void {
    this.#duplex.receive(raw)
  }
}
