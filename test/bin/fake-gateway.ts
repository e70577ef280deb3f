import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { LineFramer } from '../../src-main/runtimes/framing.ts'
import type { Message } from './programs.ts'

type Answer = (message: Message, connection: FakeConnection) => void

/** One shim at the fake gateway's socket. */
export class FakeConnection {
  readonly received: Message[] = []
  readonly socket: net.Socket

  constructor(socket: net.Socket, answer: Answer) {
    this.socket = socket
    const framer = new LineFramer((line) => {
      const message: Message = JSON.parse(line.toString('utf8'))
      this.received.push(message)
      answer(message, this)
    })
    socket.on('data', (chunk) => framer.push(chunk))
    socket.on('error', () => {})
  }

  send(message: Message): void {
    this.socket.write(`${JSON.stringify(message)}\n`)
  }

  methods(): unknown[] {
    return this.received.map(({ method }) => method).filter((method) => method !== undefined)
  }
}

/** Stands at the place of the gateway's socket and does what a test wants. */
export class FakeGateway {
  readonly connections: FakeConnection[] = []
  #server: net.Server | undefined
  readonly #path: string

  private constructor(state: string) {
    fs.mkdirSync(state, { recursive: true, mode: 0o700 })
    this.#path = path.join(state, 'gateway.sock')
    onTestFinished(() => this.stop())
  }

  static async start(state: string, answer: Answer = polite()): Promise<FakeGateway> {
    const gateway = new FakeGateway(state)
    await gateway.listen(answer)
    return gateway
  }

  async listen(answer: Answer = polite()): Promise<void> {
    const server = net.createServer((socket) => {
      this.connections.push(new FakeConnection(socket, answer))
    })
    this.#server = server
    await new Promise<void>((resolve) => server.listen(this.#path, resolve))
  }

  /** As if it were killed. */
  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const { socket } of this.connections) socket.destroy()
    if (server?.listening === true) await new Promise((resolve) => server.close(resolve))
  }

  get latest(): FakeConnection {
    const connection = this.connections.at(-1)
    if (connection === undefined) throw new Error('No shim has come.')
    return connection
  }
}

const capabilities = { tools: { listChanged: true }, prompts: {}, logging: {} }

/** Welcomes (as one that somebody else starts again, so that the shim starts none), and answers every request but those in `silent` with its method as the result. */
export function polite(silent: readonly string[] = []): Answer {
  return (message, connection) => {
    const { id, method } = message
    if ('hello' in message) connection.send({ welcome: { version: 1, pid: 1, spawned: false } })
    else if (id === undefined || typeof method !== 'string' || silent.includes(method)) return
    else if (method === 'initialize')
      connection.send({
        jsonrpc: '2.0',
        id,
        result: { protocolVersion: '2025-06-18', capabilities, serverInfo: { name: 'fake' } },
      })
    else connection.send({ jsonrpc: '2.0', id, result: { method } })
  }
}
