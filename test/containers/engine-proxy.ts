import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { onTestFinished } from 'vitest'

/** What stands between a gateway and an engine: the test cuts it, as if the engine were gone. */
export interface EngineProxy {
  /** Ends every connection, and takes no new one until it is opened again. */
  cut(): Promise<void>
  open(): Promise<void>
  /** From here on it takes what is said and passes nothing on, as an engine that hangs does. */
  hang(): void
  readonly port: number
  /** The first line of each connection. */
  readonly asked: readonly string[]
}

/** Listens at a path, or (0) at a free port of loopback; with `secure` it speaks TLS and wants a certificate. */
export async function proxyTo(
  engineSocket: string,
  place: string | 0,
  secure?: tls.TlsOptions,
): Promise<EngineProxy> {
  const streams = new Set<net.Socket>()
  let server: net.Server | undefined
  let port = 0
  let isHanging = false
  const asked: string[] = []
  const relay = (near: net.Socket): void => {
    if (isHanging) return
    const far = net.connect(engineSocket)
    near.once('data', (chunk: Buffer) => asked.push(chunk.toString().split('\r\n', 1)[0] ?? ''))
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      streams.add(from)
      from.on('error', () => to.destroy())
      from.once('close', () => streams.delete(from))
      from.pipe(to)
    }
  }
  const open = async (): Promise<void> => {
    isHanging = false
    const made =
      secure === undefined
        ? net.createServer({ allowHalfOpen: true }, relay)
        : tls.createServer({ ...secure, allowHalfOpen: true }, relay)
    server = made
    // Also of those that do not come as far as a relay: a handshake that failed.
    made.on('connection', (stream: net.Socket) => {
      streams.add(stream)
      stream.on('error', () => {})
      stream.once('close', () => streams.delete(stream))
    })
    if (place === 0) made.listen(port, '127.0.0.1')
    else made.listen(place)
    await once(made, 'listening')
    const address = made.address()
    if (typeof address === 'object' && address !== null) port = address.port
  }
  const cut = async (): Promise<void> => {
    const closed = server?.listening === true ? once(server, 'close') : undefined
    server?.close()
    for (const stream of streams) stream.destroy()
    await closed
  }
  await open()
  onTestFinished(cut)
  return {
    asked,
    cut,
    open,
    hang() {
      isHanging = true
      for (const stream of streams) stream.unpipe().pause()
    },
    get port() {
      return port
    },
  }
}
