import fs from 'node:fs'
import type http from 'node:http'
import type { Socket } from 'node:net'
import { GatewayError } from '../../src-shared/errors.ts'
import type { Log } from '../telemetry/log.ts'
import type { ListenAddress } from './listen-address.ts'
import { listenFailure } from './port-holder.ts'
import { safeHeaders } from './respond.ts'

/** Bounds against slow, huge and too many clients; milliseconds and bytes. */
export interface ListenerLimits {
  headersTimeoutMs: number
  /** For the whole request, body included; an answer may stream for as long as it likes. */
  requestTimeoutMs: number
  keepAliveTimeoutMs: number
  maxHeaderBytes: number
  maxSockets: number
}

export const defaultLimits: ListenerLimits = {
  headersTimeoutMs: 15_000,
  requestTimeoutMs: 120_000,
  keepAliveTimeoutMs: 65_000,
  maxHeaderBytes: 16 * 1024,
  maxSockets: 8192,
}

/** A server with every bound set; not listening yet. Throws `bad_request` if the files of `tls` cannot be read. */
export function createHttpServer(
  tls: { cert: string; key: string } | undefined,
  limits: ListenerLimits,
  log: Log,
): http.Server {
  const server = createServer(tls, limits)
  server.maxConnections = limits.maxSockets
  server.on('clientError', refuseBadRequest)
  server.on('drop', warnOfDrops(log, limits.maxSockets))
  return server
}

function createServer(
  tls: { cert: string; key: string } | undefined,
  limits: ListenerLimits,
): http.Server {
  const settings: http.ServerOptions = {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    maxHeaderSize: limits.maxHeaderBytes,
    connectionsCheckingInterval: Math.min(5000, limits.headersTimeoutMs),
  }
  // Not imported: TLS costs start time, and an ES module's import of node:http loads an HTTP client besides.
  if (tls === undefined) return process.getBuiltinModule('node:http').createServer(settings)
  return process.getBuiltinModule('node:https').createServer({ ...settings, ...readTls(tls) })
}

function readTls(tls: { cert: string; key: string }): { cert: Buffer; key: Buffer } {
  try {
    return { cert: fs.readFileSync(tls.cert), key: fs.readFileSync(tls.key) }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new GatewayError(
      'bad_request',
      `The files of tls in config.yaml cannot be read: ${why}. Check tls.cert and tls.key.`,
      { cause: error },
    )
  }
}

/** Resolves with the address that it got. Rejects with a GatewayError that says why, and what to do. */
export function listen(server: http.Server, wanted: ListenAddress): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => {
      listenFailure(wanted, error).then(reject, reject)
    }
    server.once('error', onError)
    server.listen({ host: wanted.host, port: wanted.port, backlog: 1024 }, () => {
      server.off('error', onError)
      const bound = server.address()
      if (bound === null || typeof bound === 'string') {
        reject(new GatewayError('internal', 'The endpoint has no address.'))
      } else resolve({ host: bound.address, port: bound.port })
    })
  })
}

/** Answers what Node could not even parse, then hangs up. */
function refuseBadRequest(error: Error & { code?: string }, socket: Socket): void {
  // Bytes may be out already, of this answer or an earlier one: a second answer would be taken for its rest.
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy()
    return
  }
  const [status, message] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', 'The headers are too large.']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'The request took too long to arrive.']
        : ['400 Bad Request', 'This is not a valid HTTP request.']
  const body = JSON.stringify({ error: status.slice(4), message })
  const headers = Object.entries({
    ...safeHeaders,
    'content-type': 'application/json',
    'content-length': String(body.length),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status}\r\n${headers.join('')}\r\n${body}`)
}

/** At most one line a minute, or a flood of connections becomes a flood of lines. */
function warnOfDrops(log: Log, maxSockets: number): () => void {
  let quietUntil = 0
  return () => {
    const now = performance.now()
    if (now < quietUntil) return
    quietUntil = now + 60_000
    log.warn({ maxSockets }, 'Connections are refused: too many are open.')
  }
}
