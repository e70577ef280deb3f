import type net from 'node:net'
import { LineFramer } from '../runtimes/framing.ts'
import { pause, RefusedError } from './carrier.ts'
import type { Carrier, CarrierEvents, Connect } from './carrier.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import { parseRecord } from './json-record.ts'
import { LineWriter } from './line-writer.ts'
import { monotonicMs } from './monotonic.ts'
import { reachGateway } from './gateway-start.ts'
import type { GatewayPipe, GatewayStart } from './gateway-start.ts'

export interface SocketConnectOptions {
  start: GatewayStart
  serverId?: string
  client?: string
}

/** A gateway that nobody spawned is being restarted by somebody: systemd, launchd, a person. */
const restartGraceMs = 3_000
const welcomeLimitMs = 10_000
const handshakeLimitMs = 15_000

/** Carriers through the socket in the state directory; see http/socket.ts for the lines that are exchanged. */
export function socketConnect({ start, serverId, client }: SocketConnectOptions): Connect {
  const hello = JSON.stringify({ hello: { version: 1, server: serverId, client } })
  let graceMs = 0
  return async (events, demand, signal) => {
    const deadline = monotonicMs() + handshakeLimitMs
    for (;;) {
      const pipe = await reachGateway(start, demand, graceMs, signal)
      try {
        const { carrier, spawned } = await shakeHands(pipe, events, hello)
        graceMs = spawned ? 0 : restartGraceMs
        return carrier
      } catch (error) {
        // A gateway that is just ending may still take a connection, and drop it.
        if (error instanceof RefusedError || monotonicMs() > deadline) throw error
        await pause(100)
      }
    }
  }
}

function shakeHands(
  pipe: GatewayPipe,
  events: CarrierEvents,
  hello: string,
): Promise<{ carrier: SocketCarrier; spawned: boolean }> {
  return new Promise((resolve, reject) => {
    const carrier = new SocketCarrier(pipe, events)
    const limit = setTimeout(
      () => carrier.fail(new Error('The gateway does not answer its socket.')),
      welcomeLimitMs,
    )
    carrier.first = (line) => {
      clearTimeout(limit)
      const answer = readAnswer(line)
      if (typeof answer !== 'string') return resolve({ carrier, spawned: answer.spawned })
      carrier.end()
      reject(new RefusedError(answer))
    }
    carrier.failed = (error) => {
      clearTimeout(limit)
      reject(error)
    }
    pipe.socket.write(`${hello}\n`)
  })
}

class SocketCarrier implements Carrier {
  /** Takes the gateway's first line. */
  first: ((line: Buffer) => void) | undefined
  failed: ((error: Error) => void) | undefined
  readonly #socket: net.Socket
  readonly #writer: LineWriter
  #ended = false

  constructor({ socket, reader }: GatewayPipe, events: CarrierEvents) {
    this.#socket = socket
    this.#writer = new LineWriter((bytes) => void socket.write(bytes))
    const framer = new LineFramer(
      (line) => {
        if (this.#ended) return
        const { first } = this
        if (first !== undefined) {
          this.first = undefined
          first(line)
        } else if (line.length === closing.length && line.equals(closing)) events.closing()
        else events.message(line)
      },
      { onOverflow: (bytes) => this.fail(new Error(`it sent a message of ${bytes} bytes`)) },
    )
    let reason = new Error('the gateway has closed it')
    socket.setNoDelay()
    reader.onChunk = (chunk) => framer.push(chunk)
    socket.on('error', (error) => (reason = error))
    socket.on('close', () => {
      if (this.#ended) return
      this.#ended = true
      if (this.first === undefined) events.lost(reason)
      else this.failed?.(reason)
    })
  }

  send(line: Buffer): void {
    this.#writer.line(line)
  }

  fail(error: Error): void {
    this.#socket.destroy(error)
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#writer.flush()
    this.#socket.end()
  }
}

const closing = Buffer.from('{"closing":{}}')

/** The gateway's refusal as a text, or who it is. */
function readAnswer(line: Buffer): string | { spawned: boolean } {
  const { welcome, refused } = parseRecord(line)
  if (isRecord(welcome)) return { spawned: welcome['spawned'] === true }
  if (isRecord(refused)) return String(refused['message'])
  return 'Something else than a gateway answers on its socket.'
}
