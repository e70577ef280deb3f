import type { IncomingMessage, ServerResponse } from 'node:http'
import { errorRegistry, type GatewayError } from '../../src-shared/errors.ts'
import { redactPatterns } from '../telemetry/redact.ts'

/** How long a client may go on sending a body that was refused, so that it gets to read why. */
const lingerMs = 1000

/** On every answer that is not MCP: nothing here is a page, and nothing may be kept. */
export const safeHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
} as const

/** The body of a REST error (product.md 4). */
export function errorBody(
  error: GatewayError,
  redact: (text: string) => string = redactPatterns,
): { error: string; message: string } {
  return { error: errorRegistry[error.code].title, message: redact(error.message) }
}

/** Headers that belong to an error whatever its body: Retry-After, WWW-Authenticate. */
export function errorHeaders(error: GatewayError): Record<string, string> {
  const headers: Record<string, string> = {}
  if (error.retryAfterSeconds !== undefined) {
    headers['retry-after'] = String(Math.max(0, Math.ceil(error.retryAfterSeconds)))
  }
  if (error.code === 'unauthorized') headers['www-authenticate'] = 'Bearer realm="mcp-gateway"'
  return headers
}

/** One JSON answer, headers and body in one write. */
export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  const body = Buffer.from(JSON.stringify(value))
  const { req: request } = response
  const bodyPending = !request.complete && hasBody(request)
  response.writeHead(status, {
    ...safeHeaders,
    'content-type': 'application/json',
    'content-length': body.length,
    ...headers,
    ...(bodyPending ? { connection: 'close' } : {}),
  })
  if (bodyPending) linger(request, response, body)
  else response.end(body)
}

/**
 * `{"error", "message"}` with the status of the error's code. If the answer has begun already, it is cut off: the
 * client must not take half of it for the whole.
 */
export function sendError(
  response: ServerResponse,
  error: GatewayError,
  redact: (text: string) => string = redactPatterns,
): void {
  if (response.headersSent) response.destroy()
  else sendJson(response, error.status, errorBody(error, redact), errorHeaders(error))
}

function hasBody(request: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
  return encoding !== undefined || (length !== undefined && length !== '0')
}

/**
 * Closing a socket with unread input resets it, and the client loses the answer. So the whole answer is written, the
 * rest of the body is thrown away, and only then, or when the time is up, the connection ends.
 */
function linger(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  response.write(body)
  const timer = setTimeout(end, lingerMs)
  function end(): void {
    clearTimeout(timer)
    request.off('end', end)
    request.off('close', end)
    response.end()
  }
  request.on('end', end)
  request.on('close', end)
  request.on('error', end)
  request.resume()
}
