import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** GETs that are not answered in full. Only they can be streams without an end; POSTs are the hot path. */
export class OpenGets {
  readonly #open = new Set<ServerResponse>()

  watch(response: ServerResponse): void {
    this.#open.add(response)
    response.on('close', () => this.#open.delete(response))
  }

  /** Ends those that have begun and not ended by themselves: event streams. */
  endStreams(): void {
    for (const response of this.#open) {
      if (!response.headersSent || response.writableEnded) continue
      // Its owner may write once more before it learns of the end; that is no reason to crash.
      response.on('error', () => {})
      response.end()
    }
  }
}

/**
 * Connections that have not brought a request yet. Browsers and fetch open them in advance, and to Node they are not
 * idle but about to begin: without this, one of them held up the end for the whole drain.
 */
export class UnusedConnections {
  readonly #unused = new Set<Socket>()

  opened(socket: Socket): void {
    this.#unused.add(socket)
    socket.on('close', () => this.#unused.delete(socket))
  }

  used(socket: Socket): void {
    this.#unused.delete(socket)
  }

  close(): void {
    for (const socket of this.#unused) socket.destroy()
  }
}

/**
 * Stops accepting, ends event streams and idle connections, waits for the rest, and cuts off what is left after
 * `drainMs`.
 */
export function drain(
  server: Server,
  gets: OpenGets,
  unused: UnusedConnections,
  drainMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    // A connection turns idle whenever its answer is out, and a stream may begin after the close: hence the sweep.
    const sweep = setInterval(() => {
      gets.endStreams()
      server.closeIdleConnections()
      unused.close()
    }, 20)
    const deadline = setTimeout(() => server.closeAllConnections(), drainMs)
    server.close(() => {
      clearInterval(sweep)
      clearTimeout(deadline)
      resolve()
    })
    gets.endStreams()
    server.closeIdleConnections()
    unused.close()
  })
}
