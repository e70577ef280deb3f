/**
 * The one registry of what can go wrong: code → HTTP status, title and JSON-RPC code.
 * `title` is the `error` member of a REST body; the message is the thrower's.
 */
export const errorRegistry = {
  bad_request: { status: 400, title: 'Bad Request', jsonrpc: -32600 },
  parse_error: { status: 400, title: 'Bad Request', jsonrpc: -32700 },
  /** What the spec wants on every request is missing. */
  malformed: { status: 400, title: 'Bad Request', jsonrpc: -32602 },
  invalid_params: { status: 400, title: 'Bad Request', jsonrpc: -32602 },
  unauthorized: { status: 401, title: 'Unauthorized', jsonrpc: -32001 },
  forbidden: { status: 403, title: 'Forbidden', jsonrpc: -32003 },
  not_found: { status: 404, title: 'Not Found', jsonrpc: -32602 },
  server_not_found: { status: 404, title: 'Not Found', jsonrpc: -32602 },
  session_not_found: { status: 404, title: 'Not Found', jsonrpc: -32001 },
  resource_not_found: { status: 404, title: 'Not Found', jsonrpc: -32002 },
  method_not_found: { status: 404, title: 'Not Found', jsonrpc: -32601 },
  method_not_allowed: { status: 405, title: 'Method Not Allowed', jsonrpc: -32600 },
  not_acceptable: { status: 406, title: 'Not Acceptable', jsonrpc: -32600 },
  conflict: { status: 409, title: 'Conflict', jsonrpc: -32600 },
  precondition_failed: { status: 412, title: 'Precondition Failed', jsonrpc: -32600 },
  too_large: { status: 413, title: 'Payload Too Large', jsonrpc: -32600 },
  unsupported_media_type: { status: 415, title: 'Unsupported Media Type', jsonrpc: -32600 },
  catalog_invalid: { status: 422, title: 'Unprocessable Content', jsonrpc: -32600 },
  too_many: { status: 429, title: 'Too Many Requests', jsonrpc: -32000 },
  internal: { status: 500, title: 'Internal Server Error', jsonrpc: -32603 },
  server_failed: { status: 502, title: 'Bad Gateway', jsonrpc: -32000 },
  server_disabled: { status: 503, title: 'Service Unavailable', jsonrpc: -32000 },
  /** A person has paused the gateway. */
  paused: { status: 503, title: 'Service Unavailable', jsonrpc: -32000 },
  /** A remote server wants a person to sign in. */
  sign_in_needed: { status: 503, title: 'Service Unavailable', jsonrpc: -32000 },
  /** The same for a client that can show a link (2025-11-25 client/elicitation, URL Elicitation Required Error). */
  url_elicitation_required: { status: 503, title: 'Service Unavailable', jsonrpc: -32042 },
  circuit_open: { status: 503, title: 'Service Unavailable', jsonrpc: -32000 },
  shutting_down: { status: 503, title: 'Service Unavailable', jsonrpc: -32000 },
  server_timeout: { status: 504, title: 'Gateway Timeout', jsonrpc: -32000 },
  /** 2026-07-28 basic, Error Codes. */
  header_mismatch: { status: 400, title: 'Bad Request', jsonrpc: -32020 },
  missing_capability: { status: 400, title: 'Bad Request', jsonrpc: -32021 },
  unsupported_version: { status: 400, title: 'Bad Request', jsonrpc: -32022 },
  cancelled: { status: 499, title: 'Client Closed Request', jsonrpc: -32000 },
} as const

export type ErrorCode = keyof typeof errorRegistry

/** An error that a person or a program outside will read: what happened, why, what to do. */
export class GatewayError extends Error {
  readonly code: ErrorCode
  /** Seconds after which a retry makes sense (`Retry-After`). */
  readonly retryAfterSeconds?: number
  /** `data` of the JSON-RPC error, where the spec says what it is. */
  readonly data?: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      cause?: unknown
      retryAfterSeconds?: number
      data?: Readonly<Record<string, unknown>>
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'GatewayError'
    this.code = code
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds
    if (options.data !== undefined) this.data = options.data
  }

  get status(): number {
    return errorRegistry[this.code].status
  }
}

/** Any thrown value as a GatewayError; what is not one becomes `internal`. */
export function asGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new GatewayError('internal', message, { cause: thrown })
}
