/**
 * The shim's way in: a unix socket (a named pipe on Windows) in the state directory, which only its user can open.
 * Lines of JSON. The shim opens with {"hello":{"version":1,"server"?,"client"?}} and is answered by
 * {"welcome":{"version":1,"pid","spawned"}} or {"refused":{"message"}}; then each line is an MCP message, both ways.
 * {"closing":{}} asks the shim to send nothing new: this gateway is about to stop, and the next one will answer.
 * {"retire":{"version":1}} as the first line comes from the desktop app, which wants to be that next one; it is answered
 * by {"retiring":{"pid"}} or {"refused":{"message"}}.
 */
import fs from 'node:fs'
import net from 'node:net'
import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { Duplex, SessionHost } from '../mcp/session-host.ts'
import { LineFramer } from '../runtimes/framing.ts'
import type { Log } from '../telemetry/log.ts'

export interface SocketLimits {
  /** Bytes that may wait for a shim that does not read; then it is cut off. */
  maxQueuedBytes: number
  maxLineBytes: number
  helloTimeoutMs: number
  maxConnections: number
}

const defaultLimits: SocketLimits = {
  maxQueuedBytes: 64 * 1024 * 1024,
  maxLineBytes: 64 * 1024 * 1024,
  helloTimeoutMs: 5_000,
  maxConnections: 4_096,
}

export interface SocketListenerOptions {
  path: string
  sessions: SessionHost
  log: Log
  /** True if a shim has started this gateway: nobody else will start it again. */
  spawned?: boolean
  /** The desktop app asks this gateway to make room. Without it, it stays. */
  onRetire?: (() => void) | undefined
  limits?: Partial<SocketLimits>
}

export interface SocketListener {
  readonly path: string
  /** Accepts no more shims, and tells those that are there to hold what is new for the next gateway. */
  drain(): void
  /** Ends every connection. Resolves when all are closed, within a second. Idempotent. */
  close(): Promise<void>
}

/**
 * Listens. A socket that a dead gateway has left is replaced. Throws GatewayError `conflict` if a living one answers
 * there. The caller holds the lock of the state directory and has prepared its folders.
 */
export async function createSocketListener(
  options: SocketListenerOptions,
): Promise<SocketListener> {
  const { path } = options
  const limits = { ...defaultLimits, ...options.limits }
  const isFile = !path.startsWith('\\\\')
  if (isFile && fs.existsSync(path)) {
    if (await answers(path))
      throw new GatewayError('conflict', `Another gateway already answers on ${path}.`)
    fs.rmSync(path, { force: true })
  }
  const connections = new Set<Connection>()
  let allGone = (): void => {}
  const server = net.createServer((socket) => {
    const connection = new Connection(socket, options, limits, () => {
      connections.delete(connection)
      if (connections.size === 0) allGone()
    })
    connections.add(connection)
  })
  server.maxConnections = limits.maxConnections
  await listen(server, path, isFile)
  server.on('error', (error) => options.log.error({ err: error }, 'The shim socket has failed'))
  let closed: Promise<void> | undefined
  return {
    path,
    drain() {
      // Closing takes the file away, too: shims that come now look for the next gateway.
      if (server.listening) server.close()
      for (const connection of connections) connection.announceEnd()
    },
    close() {
      closed ??= new Promise((resolve) => {
        const limit = setTimeout(() => {
          for (const connection of connections) connection.destroy()
        }, 1_000)
        allGone = () => {
          clearTimeout(limit)
          resolve()
        }
        if (server.listening) server.close()
        if (connections.size === 0) allGone()
        for (const connection of connections) connection.end()
      })
      return closed
    },
  }
}

/** True if somebody listens on this socket or pipe; false after a second without an answer. */
export function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(path)
    const done = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(1_000, () => done(false))
    socket.once('connect', () => done(true))
    socket.once('error', () => done(false))
  })
}

/**
 * Asks the gateway behind this socket to end gracefully, so that another can take its place. Resolves when it has
 * answered: undefined, or why it stays.
 */
export function askToRetire(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect(path)
    let text = ''
    socket.setTimeout(5_000, () => socket.destroy(new Error('It does not answer its socket.')))
    socket.once('connect', () => socket.write(Buffer.concat([retire, lineFeed])))
    socket.on('data', (chunk) => (text += chunk.toString('utf8')))
    socket.once('error', (error) => resolve(error.message))
    socket.once('close', () => {
      if (text.startsWith('{"retiring":')) return resolve(undefined)
      const refused = member(member(parsed(text), 'refused'), 'message')
      resolve(typeof refused === 'string' ? refused : 'It has closed its socket.')
    })
  })
}

function listen(server: net.Server, path: string, isFile: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE' ? 'another gateway already answers there' : error.message
      reject(new GatewayError('conflict', `Cannot listen on ${path}: ${why}.`, { cause: error }))
    })
    // The file is made inside of `listen`: it must not be open to others even for a moment.
    const umask = isFile ? process.umask(0o177) : undefined
    try {
      server.listen(path, () => {
        server.removeAllListeners('error')
        resolve()
      })
    } finally {
      if (umask !== undefined) process.umask(umask)
    }
  })
}

const lineFeed = Buffer.from('\n')
/** Byte for byte: there is one program that says it. */
const retire = Buffer.from('{"retire":{"version":1}}')

class Connection {
  readonly #socket: net.Socket
  readonly #options: SocketListenerOptions
  readonly #limits: SocketLimits
  readonly #helloLimit: NodeJS.Timeout
  #session: Duplex | undefined
  #isRefused = false
  #out: Buffer[] = []
  #outBytes = 0
  /** Messages of this turn; 0 before the first. */
  #inTurn = 0
  /** The last turn that had any had several: they are joined. */
  #isBusy = false

  constructor(
    socket: net.Socket,
    options: SocketListenerOptions,
    limits: SocketLimits,
    onClose: () => void,
  ) {
    this.#socket = socket
    this.#options = options
    this.#limits = limits
    this.#helloLimit = setTimeout(
      () => this.#refuse('The first line must be a hello, within 5 seconds.'),
      limits.helloTimeoutMs,
    )
    this.#helloLimit.unref()
    const framer = new LineFramer((line) => this.#receive(line), {
      maxLineBytes: limits.maxLineBytes,
      onOverflow: (bytes) => this.#cut(`a message of ${bytes} bytes is too large`),
    })
    socket.on('data', (chunk) => framer.push(chunk))
    // ECONNRESET and EPIPE: the shim is gone, which `close` tells as well.
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(this.#helloLimit)
      this.#session?.close()
      onClose()
    })
  }

  announceEnd(): void {
    if (this.#session !== undefined) this.#write([Buffer.from('{"closing":{}}')])
  }

  end(): void {
    this.#flush()
    this.#socket.destroySoon()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #receive(line: Buffer): void {
    // The rest of a chunk, after what has ended the connection.
    if (this.#socket.destroyed) return
    if (this.#session !== undefined) this.#session.receive(line)
    else if (!this.#isRefused) this.#greet(line)
  }

  #greet(line: Buffer): void {
    clearTimeout(this.#helloLimit)
    const { sessions, log, spawned = false } = this.#options
    if (line.equals(retire)) return this.#retire()
    const hello = parseHello(line)
    if (hello === undefined) return this.#refuse('The first line must be a hello.')
    if (hello.version !== 1)
      return this.#refuse(
        `This gateway speaks version 1 of the shim's protocol, not ${hello.version}. Update both to the same version.`,
      )
    const { server: serverId, client } = hello
    try {
      this.#session = sessions.openDuplex({
        ...(serverId === undefined ? {} : { serverId }),
        ...(client === undefined ? {} : { client }),
        principal: 'local',
        send: (chunks) => this.#write(chunks),
        end: () => this.end(),
      })
    } catch (error) {
      log.warn({ server_id: serverId, client, err: error }, 'A shim was refused')
      return this.#refuse(asGatewayError(error).message)
    }
    log.debug({ server_id: serverId, client }, 'A shim has connected')
    this.#write([
      Buffer.from(JSON.stringify({ welcome: { version: 1, pid: process.pid, spawned } })),
    ])
  }

  #retire(): void {
    const { onRetire } = this.#options
    if (onRetire === undefined)
      return this.#refuse('No shim has started this gateway: whoever has started it ends it.')
    this.#write([Buffer.from(JSON.stringify({ retiring: { pid: process.pid } }))])
    this.end()
    onRetire()
  }

  #refuse(message: string): void {
    this.#isRefused = true
    this.#write([Buffer.from(JSON.stringify({ refused: { message } }))])
    this.end()
  }

  /** One line: at once, or when there are many, with all others of this turn. */
  #write(chunks: readonly Buffer[]): void {
    if (this.#socket.writableEnded || this.#socket.destroyed) return
    const waiting = this.#outBytes + this.#socket.writableLength
    if (waiting > this.#limits.maxQueuedBytes)
      return this.#cut(`it does not read: ${waiting} bytes wait for it`)
    for (const chunk of chunks) {
      this.#out.push(chunk)
      this.#outBytes += chunk.length
    }
    this.#out.push(lineFeed)
    this.#outBytes += 1
    this.#inTurn++
    if (this.#inTurn > 1) return
    if (!this.#isBusy) this.#flush()
    setImmediate(this.#endTurn)
  }

  readonly #endTurn = (): void => {
    this.#isBusy = this.#inTurn > 1
    this.#inTurn = 0
    this.#flush()
  }

  #flush(): void {
    if (this.#out.length === 0) return
    const chunks = this.#out
    const bytes = this.#outBytes
    this.#out = []
    this.#outBytes = 0
    const socket = this.#socket
    if (socket.writableEnded || socket.destroyed) return
    if (bytes <= joinUpToBytes) {
      socket.write(Buffer.concat(chunks, bytes))
      return
    }
    socket.cork()
    for (const chunk of chunks) socket.write(chunk)
    socket.uncork()
  }

  #cut(why: string): void {
    this.#options.log.warn({}, `A shim was cut off: ${why}`)
    this.#socket.destroy()
  }
}

/** Below this, copying is cheaper than a vector. */
const joinUpToBytes = 256 * 1024

interface Hello {
  version: number
  server?: string
  client?: string
}

/** By hand: the schema library would be loaded for this line alone. */
function parseHello(line: Buffer): Hello | undefined {
  const hello = member(parsed(line.toString('utf8')), 'hello')
  const version = member(hello, 'version')
  const server = member(hello, 'server')
  const client = member(hello, 'client')
  if (typeof version !== 'number') return undefined
  return {
    version,
    ...(typeof server === 'string' ? { server } : {}),
    ...(typeof client === 'string' ? { client: client.slice(0, 200) } : {}),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[key]
    : undefined
}
