import type http from 'node:http'
import { GatewayError } from '../../src-shared/errors.ts'
import { redirectPage, redirectPageHeaders } from './redirect-page.ts'
import type { RedirectOutcome } from './redirect-page.ts'

const host = '127.0.0.1'
const path = '/callback'

/** Where the browser is sent at the end of a sign-in (RFC 8252 7.3). */
export function redirectUri(port: number): string {
  return `http://${host}:${port}${path}`
}

export interface RedirectListener {
  readonly port: number
  /** Answers what is under way, then ends. Idempotent. */
  close(): void
}

export interface RedirectListenerOptions {
  /** 0: a free one. */
  port: number
  /** As people know the server. */
  serverName: string
  /** Ends the sign-in with what the browser has brought; never rejects. */
  arrived(parameters: URLSearchParams): Promise<RedirectOutcome>
}

/**
 * Listens on loopback, for as long as one sign-in is under way. Rejects with GatewayError `conflict` if the port is
 * taken.
 */
export async function listenForRedirect(
  options: RedirectListenerOptions,
): Promise<RedirectListener> {
  const { createServer } = process.getBuiltinModule('node:http')
  let port = options.port
  const server = createServer(
    { maxHeaderSize: 32 * 1024, requestTimeout: 10_000 },
    (request, response) => {
      const url = URL.parse(request.url ?? '', redirectUri(port))
      // A page of elsewhere whose name leads here (DNS rebinding) is not answered.
      if (request.headers.host !== `${host}:${port}`) return end(response, 403)
      if (url?.pathname !== path) return end(response, 404)
      if (request.method !== 'GET') return end(response, 405)
      void options.arrived(url.searchParams).then((outcome) => {
        response.writeHead(outcome === 'unknown' ? 400 : 200, redirectPageHeaders)
        response.end(redirectPage(outcome, options.serverName))
      })
    },
  )
  server.maxConnections = 20
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new GatewayError(
          'conflict',
          `Port ${options.port} of ${host}, where the browser comes back to, cannot be used (${cause.code}). Another program may have it; try again later.`,
          { cause },
        ),
      ),
    )
    server.listen({ host, port: options.port }, resolve)
  })
  const address = server.address()
  if (typeof address === 'object' && address !== null) port = address.port
  server.unref()
  return {
    port,
    close: () => {
      server.close()
      server.closeIdleConnections()
    },
  }
}

function end(response: http.ServerResponse, status: number): void {
  response.writeHead(status, { 'content-length': '0', connection: 'close' })
  response.end()
}
