import net from 'node:net'
import path from 'node:path'
import { LineFramer } from '../../src-main/runtimes/framing.ts'
import { fixtures } from '../support/processes.ts'

export interface RpcError {
  code: number
  message: string
  data?: unknown
}

/** A message as a test looks at it; `raw` is what came over the wire. */
export interface Message {
  raw: Buffer
  id?: string | number
  method?: string
  params?: Record<string, unknown>
  result?: Record<string, unknown>
  error?: RpcError
}

export function readMessage(raw: Buffer): Message {
  return { ...(JSON.parse(raw.toString()) as object), raw: Buffer.from(raw) }
}

/** The member of a request's `params` as text, '' if there is none. */
export function param(message: Message, name: string): string {
  const value = message.params?.[name]
  return typeof value === 'string' ? value : ''
}

type Handler = (request: Message, process: ScriptedProcess) => void

/** One process of a scripted server, seen from the mind's side. */
export class ScriptedProcess {
  readonly received: Message[] = []
  readonly pid: number
  readonly #socket: net.Socket
  readonly #waiting = new Map<string | number, (answer: Message) => void>()
  #nextId = 1
  isOpen = true

  constructor(socket: net.Socket, pid: number) {
    this.#socket = socket
    this.pid = pid
    socket.on('close', () => (this.isOpen = false))
  }

  /** Bytes as they are. */
  write(text: string | Buffer): void {
    this.#socket.write(text)
  }

  send(message: object): void {
    this.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  }

  /** Answers with JSON as it is written. */
  answer(request: Message, result: string | object): void {
    const text = typeof result === 'string' ? result : JSON.stringify(result)
    this.write(`{"jsonrpc":"2.0","id":${JSON.stringify(request.id)},"result":${text}}\n`)
  }

  fail(request: Message, error: string | RpcError): void {
    const text = typeof error === 'string' ? error : JSON.stringify(error)
    this.write(`{"jsonrpc":"2.0","id":${JSON.stringify(request.id)},"error":${text}}\n`)
  }

  /** A request of the server to its client; resolves with the whole answer. */
  ask(method: string, params?: object, id: string | number = this.#nextId++): Promise<Message> {
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      this.send({ id, method, ...(params ? { params } : {}) })
    })
  }

  of(method: string): Message[] {
    return this.received.filter((message) => message.method === method)
  }

  /** Dies at once, with exit code 3. */
  crash(): void {
    this.#socket.destroy()
  }

  take(message: Message): boolean {
    this.received.push(message)
    if (message.method !== undefined || message.id === undefined) return true
    this.#waiting.get(message.id)?.(message)
    this.#waiting.delete(message.id)
    return false
  }
}

/** The mind of a server: what it lists and how it answers. Tests change both while it runs. */
export class ScriptedServer {
  readonly name: string
  readonly processes: ScriptedProcess[] = []
  capabilities: Record<string, object> = {
    tools: { listChanged: true },
    prompts: { listChanged: true },
    resources: { listChanged: true, subscribe: true },
    logging: {},
    completions: {},
  }
  instructions: string | undefined
  protocolVersion: string | undefined
  tools: object[] = [{ name: 'echo', inputSchema: { type: 'object' } }]
  prompts: object[] = []
  resources: object[] = []
  resourceTemplates: object[] = []
  pageSize = Infinity
  readonly #handlers = new Map<string, Handler>()

  constructor(name: string) {
    this.name = name
    const list = (method: string, key: string, items: () => object[]): void =>
      this.on(method, (request, process) => {
        const from = Number(param(request, 'cursor') || 0)
        const page = items().slice(from, from + this.pageSize)
        const next = from + page.length
        process.answer(request, {
          [key]: page,
          ...(next < items().length ? { nextCursor: String(next) } : {}),
        })
      })
    list('tools/list', 'tools', () => this.tools)
    list('prompts/list', 'prompts', () => this.prompts)
    list('resources/list', 'resources', () => this.resources)
    list('resources/templates/list', 'resourceTemplates', () => this.resourceTemplates)
    this.on('initialize', (request, process) =>
      process.answer(request, {
        protocolVersion: this.protocolVersion ?? param(request, 'protocolVersion'),
        capabilities: this.capabilities,
        serverInfo: { name: this.name, version: '1' },
        ...(this.instructions === undefined ? {} : { instructions: this.instructions }),
      }),
    )
    for (const method of [
      'ping',
      'logging/setLevel',
      'resources/subscribe',
      'resources/unsubscribe',
    ])
      this.on(method, (request, process) => process.answer(request, {}))
    this.on('tools/call', (request, process) =>
      process.answer(request, {
        content: [{ type: 'text', text: JSON.stringify(request.params?.['arguments'] ?? null) }],
      }),
    )
  }

  /** How requests of this method are answered from here on. */
  on(method: string, handler: Handler): void {
    this.#handlers.set(method, handler)
  }

  /** Lists the tool if it is new; how its calls are answered from here on. */
  onTool(name: string, handler: Handler): void {
    if (!this.tools.some((tool) => 'name' in tool && tool.name === name))
      this.tools.push({ name, inputSchema: { type: 'object' } })
    const before = this.#handlers.get('tools/call')
    this.on('tools/call', (request, process) =>
      param(request, 'name') === name ? handler(request, process) : before?.(request, process),
    )
  }

  /** The process started last. */
  get current(): ScriptedProcess {
    const process = this.processes.at(-1)
    if (!process) throw new Error(`${this.name} was never started`)
    return process
  }

  /** All messages of this method that any of its processes has got. */
  of(method: string): Message[] {
    return this.processes.flatMap((process) => process.of(method))
  }

  receive(process: ScriptedProcess, message: Message): void {
    if (!process.take(message) || message.id === undefined) return
    const handler = this.#handlers.get(message.method ?? '')
    if (handler) handler(message, process)
    else process.fail(message, { code: -32601, message: `Method not found: ${message.method}` })
  }
}

/** Where the processes of scripted servers report. */
export class Stage {
  readonly #server = net.createServer((socket) => this.#meet(socket))
  readonly #servers = new Map<string, ScriptedServer>()
  readonly #sockets = new Set<net.Socket>()

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  server(name: string): ScriptedServer {
    const existing = this.#servers.get(name)
    if (existing) return existing
    const server = new ScriptedServer(name)
    this.#servers.set(name, server)
    return server
  }

  /** A catalog entry that starts it. */
  entry(name: string, more: object = {}): object {
    this.server(name)
    const address = this.#server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    return {
      id: name,
      runtime: {
        type: 'local-process',
        command: process.execPath,
        args: [path.join(fixtures, 'relay-server.mjs')],
      },
      env: { RELAY_PORT: String(port), RELAY_NAME: name },
      ...more,
    }
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  #meet(socket: net.Socket): void {
    let server: ScriptedServer | undefined
    let process: ScriptedProcess | undefined
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => {})
    const framer = new LineFramer((line) => {
      const message = readMessage(line)
      if (server && process) return server.receive(process, message)
      const { name, pid } = JSON.parse(line.toString()) as { name: string; pid: number }
      server = this.server(name)
      process = new ScriptedProcess(socket, pid)
      server.processes.push(process)
    })
    socket.on('data', (chunk) => framer.push(chunk))
  }
}
