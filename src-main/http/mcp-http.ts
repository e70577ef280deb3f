import type { IncomingMessage, ServerResponse } from 'node:http'
import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import { Batch, batchVersion, isBatch } from '../mcp/batch.ts'
import type { CallHandle } from '../mcp/caller.ts'
import { errorBody, errorMessage, isRequest, onOneLine, readEnvelope } from '../mcp/envelope.ts'
import type { Envelope } from '../mcp/envelope.ts'
import { slice, stringAt } from '../mcp/json-spans.ts'
import { legacyVersions } from '../mcp/legacy-upstream.ts'
import { mayBeModern, readMeta } from '../mcp/modern-message.ts'
import type { OneCall } from '../mcp/one-call.ts'
import type { Sessions } from '../mcp/sessions.ts'
import type { Clock } from '../servers/clock.ts'
import { readBody } from './body.ts'
import { HttpChannel } from './http-channel.ts'
import { HttpSessions, isPrimed, sessionNotFound } from './http-sessions.ts'
import type { Context, HttpSession } from './http-sessions.ts'
import type { McpHttp } from './listener.ts'
import { checkRequestHeaders, checkVersionHeader } from './modern-headers.ts'
import { errorHeaders, sendJson } from './respond.ts'
import { SseResponse } from './sse-response.ts'

/** One message, with room for 8 MiB arguments many times over. */
const maxBodyBytes = 64 * 1024 * 1024
const heartbeatMs = 25_000

interface Options {
  sessions: Sessions
  oneCall: OneCall
  clock: Clock
}

/** MCP over HTTP: Streamable HTTP with sessions (2025-11-25 basic/transports), and the one-call envelope. */
export class McpEndpoint implements McpHttp {
  readonly #options: Options
  readonly #sessions: HttpSessions
  readonly #streams = new Set<SseResponse>()
  readonly #heartbeat: NodeJS.Timeout

  constructor(options: Options) {
    this.#options = options
    this.#sessions = new HttpSessions(options.sessions, options.clock)
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs)
    this.#heartbeat.unref()
  }

  handle(request: IncomingMessage, response: ServerResponse, context: Context): void {
    switch (request.method) {
      case 'POST':
        readBody(request, maxBodyBytes, (error, body) => {
          if (error) refuse(response, error)
          else this.#guard(response, () => this.#post(request, response, context, body))
        })
        return
      case 'GET':
        this.#guard(response, () => this.#get(request, response, context))
        return
      case 'DELETE':
        this.#guard(response, () => {
          checkVersion(request)
          this.#options.sessions.close(this.#sessions.find(request, context).session)
          response.writeHead(204).end()
        })
        return
      default:
        response.setHeader('allow', 'GET, POST, DELETE')
        refuse(response, new GatewayError('method_not_allowed', 'MCP takes POST, GET and DELETE.'))
    }
  }

  rpc(request: IncomingMessage, response: ServerResponse, context: Context): void {
    readBody(request, maxBodyBytes, (error, body) => {
      if (error) return refuse(response, error)
      this.#guard(response, () => {
        if (context.serverId === undefined)
          throw new GatewayError(
            'bad_request',
            'The header X-Server-ID is missing. It names the server to call.',
          )
        this.#once(
          request,
          response,
          context,
          context.serverId,
          readEnvelope(onOneLine(body), 'always'),
        )
      })
    })
  }

  /** Ends the timers; sessions are closed by their owner. */
  close(): void {
    clearInterval(this.#heartbeat)
  }

  #post(request: IncomingMessage, response: ServerResponse, context: Context, body: Buffer): void {
    const bytes = onOneLine(body)
    if (isBatch(bytes) && this.#batch(request, response, context, bytes)) return
    const isAggregate = context.serverId === undefined
    const envelope = readEnvelope(bytes, isAggregate ? 'with server_id' : 'never')
    if (isAggregate && envelope.serverId) {
      const serverId = stringAt(bytes, envelope.serverId)
      if (serverId === undefined)
        throw new GatewayError('bad_request', '`server_id` must be a string.')
      this.#once(request, response, context, serverId, envelope)
      return
    }
    if (this.#isModern(request, envelope)) {
      this.#modern(request, response, context, envelope)
      return
    }
    checkVersion(request)
    const opens = envelope.kind === 'request' && envelope.method === 'initialize'
    const entry = opens ? this.#sessions.open(context) : this.#sessions.find(request, context)
    if (entry.session.leaving && envelope.kind === 'request') throw sessionNotFound()
    this.#sessions.touch(entry)
    if (envelope.kind !== 'request') {
      entry.session.receive(envelope, undefined)
      response.writeHead(202, { 'content-length': 0 }).end()
      return
    }
    const channel = this.#channel(
      request,
      response,
      opens ? { 'mcp-session-id': entry.session.key } : {},
      'legacy',
      entry,
      envelope,
    )
    if (opens)
      response.on('close', () => {
        // A client that was refused has no session, and one that is gone does not know of it.
        if (!entry.session.initialized) this.#options.sessions.close(entry.session)
      })
    entry.session.receive(envelope, channel)
  }

  #get(request: IncomingMessage, response: ServerResponse, context: Context): void {
    const accept = request.headers.accept ?? '*/*'
    if (!/text\/event-stream|\*\/\*|text\/\*/.test(accept))
      throw new GatewayError(
        'not_acceptable',
        'GET opens an event stream: send Accept: text/event-stream.',
      )
    checkVersion(request)
    const entry = this.#sessions.find(request, context)
    const lastEventId = request.headers['last-event-id']
    const place = typeof lastEventId === 'string' ? entry.streams.find(lastEventId) : undefined
    if (place && place.stream !== entry.listening) {
      // The answer to a POST, which goes on where it was interrupted.
      place.stream.resume(new SseResponse(response, this.#streams), place.sequence)
      response.on('close', () => this.#sessions.touch(entry))
      return
    }
    if (entry.session.leaving) throw sessionNotFound()
    const connection = new SseResponse(response, this.#streams)
    if (place) place.stream.resume(connection, place.sequence)
    else {
      // One stream a session: a client that opens another has lost the first.
      entry.listening?.discard()
      entry.listening = entry.streams.create('g')
      entry.listening.open(connection, isPrimed(entry))
    }
    const { session, listening } = entry
    const send = (message: readonly Buffer[]): boolean => listening?.send(message) ?? false
    session.stream = send
    session.keep = undefined
    response.on('close', () => {
      this.#sessions.touch(entry)
      if (entry.listening !== listening || listening?.isConnected) return
      session.stream = undefined
      session.keep = send
    })
    session.flushOwed()
  }

  /** False if the session's revision has no batches, or there is no session. */
  #batch(
    request: IncomingMessage,
    response: ServerResponse,
    context: Context,
    bytes: Buffer,
  ): boolean {
    if (request.headers['mcp-session-id'] === undefined) return false
    checkVersion(request)
    const entry = this.#sessions.find(request, context)
    const { session } = entry
    if (session.protocolVersion !== batchVersion) return false
    const batch = Batch.read(bytes)
    if (session.leaving && batch.hasRequest) throw sessionNotFound()
    this.#sessions.touch(entry)
    const channel = batch.isAnswered
      ? this.#channel(request, response, {}, 'legacy', entry)
      : undefined
    batch.deliver(
      {
        respond: (message) => channel?.respond(message),
        send: (message) => channel?.send(message) ?? false,
        abandon: () => channel?.abandon(),
        answer: (message, id) => void channel?.send(message, id),
      },
      (envelope, its) => {
        if (session.isGone) its.abandon()
        else session.receive(envelope, its)
      },
    )
    if (!channel) response.writeHead(202, { 'content-length': 0 }).end()
    return true
  }

  /** The two eras are told apart by the request itself (2026-07-28 basic/versioning, Backward Compatibility). */
  #isModern(request: IncomingMessage, envelope: Envelope): boolean {
    if (mayBeModern(envelope) && readMeta(envelope)?.protocolVersion) return true
    const { 'mcp-protocol-version': version, 'mcp-session-id': session } = request.headers
    if (session !== undefined || version === undefined) return false
    return !legacyVersions.some((known) => known === version)
  }

  /** A request of 2026-07-28: no session, and its end is the end of its stream. */
  #modern(
    request: IncomingMessage,
    response: ServerResponse,
    context: Context,
    envelope: Envelope,
  ): void {
    if (!isRequest(envelope)) {
      response.writeHead(202, { 'content-length': 0 }).end()
      return
    }
    const { modern } = this.#options.sessions
    const channel = this.#channel(request, response, {}, 'modern')
    const { headers } = request
    const wrong = (): GatewayError | undefined =>
      checkRequestHeaders(headers, envelope, (tool) => modern.toolSchema(context, tool))
    const handle = modern.request(envelope, context, channel, {
      version: (meta) => checkVersionHeader(headers, envelope, meta),
      headers: wrong,
    })
    response.on('close', () => {
      if (!response.writableFinished) handle.cancel('The client closed the connection.')
    })
  }

  /** One call without a session. */
  #once(
    request: IncomingMessage,
    response: ServerResponse,
    { principal, client }: Context,
    serverId: string,
    envelope: Envelope,
  ): void {
    const channel = this.#channel(request, response, {}, 'rest')
    let handle: CallHandle | undefined
    try {
      handle = this.#options.oneCall.send(serverId, principal, envelope, channel, client)
    } catch (thrown) {
      const error = asGatewayError(thrown)
      const id = envelope.id && slice(envelope.bytes, envelope.id)
      channel.respond(errorMessage(id, errorBody(error)), error)
      return
    }
    if (!handle) {
      if (!response.headersSent && envelope.kind === 'notification')
        response.writeHead(202, { 'content-length': 0 }).end()
      return
    }
    // Without a session nobody can ask for the answer later: a closed connection cancels.
    response.on('close', () => {
      if (!response.writableFinished) handle?.cancel('The client closed the connection.')
    })
  }

  #channel(
    request: IncomingMessage,
    response: ServerResponse,
    headers: Record<string, string>,
    statuses: 'rest' | 'legacy' | 'modern',
    entry?: HttpSession,
    envelope?: Envelope,
  ): HttpChannel {
    const accept = request.headers.accept
    const acceptsEvents =
      statuses !== 'rest' && accept !== undefined && accept.includes('text/event-stream')
    const acceptsJson =
      !acceptsEvents || accept === undefined || /application\/(?:json|\*)|\*\/\*/.test(accept)
    return new HttpChannel({
      response,
      acceptsEvents,
      acceptsJson,
      headers,
      statuses,
      streams: this.#streams,
      id: envelope?.id && slice(envelope.bytes, envelope.id),
      resumable:
        entry &&
        ((connection) => {
          const stream = entry.streams.create('p')
          stream.open(connection, isPrimed(entry))
          return stream
        }),
    })
  }

  #beat(): void {
    for (const stream of this.#streams) stream.beat()
    this.#sessions.expire()
  }

  #guard(response: ServerResponse, act: () => void): void {
    try {
      act()
    } catch (error) {
      refuse(response, asGatewayError(error))
    }
  }
}

/** Throws `bad_request` for a revision that is not spoken here (2025-11-25 basic/transports, Protocol Version Header). */
function checkVersion(request: IncomingMessage): void {
  const version = request.headers['mcp-protocol-version']
  if (version === undefined || legacyVersions.some((known) => known === version)) return
  throw new GatewayError(
    'bad_request',
    `Unsupported protocol version '${String(version)}'. Supported: ${legacyVersions.join(', ')}.`,
  )
}

/** A request that was not let in: the status, and a JSON-RPC error without an id in the body. */
function refuse(response: ServerResponse, error: GatewayError): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const body = { jsonrpc: '2.0', id: null, error: errorBody(error) }
  sendJson(response, error.status, body, errorHeaders(error))
}
