import { randomInt } from 'node:crypto'
import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { Clock } from '../servers/clock.ts'
import type {
  AskHandle,
  Caller,
  CallHandle,
  ClientAnswer,
  ClientCapabilities,
  Reply,
} from './caller.ts'
import { readCapabilities } from './client-capability.ts'
import type { Permissions } from './client-permissions.ts'
import { ClientReply } from './client-reply.ts'
import type { Channel } from './client-reply.ts'
import { idText, isRequest, message } from './envelope.ts'
import type { Envelope, RequestEnvelope } from './envelope.ts'
import { member, slice, splice, stringAt } from './json-spans.ts'
import type { Edit } from './json-spans.ts'
import { legacyVersions } from './legacy-upstream.ts'
import { isLogLevel, logLevels } from './log-level.ts'
import type { McpLogLevel } from './log-level.ts'

/** What a session talks to: one server, or all of them as one. */
export interface Route {
  /** The InitializeResult for this protocol version (JSON). Rejects with GatewayError. */
  initialize(session: ClientSession, protocolVersion: string): Promise<Buffer>
  /** The DiscoverResult for this caller (JSON). Rejects with GatewayError. */
  discover(caller: Caller): Promise<Buffer>
  /**
   * Any request that needs more than its session. `reply` gets what the gateway answers itself, `answers` (the same,
   * or one that can be parked) what a server does. Undefined where the answer needs nobody else.
   */
  request(
    caller: Caller,
    request: RequestEnvelope,
    reply: ClientReply,
    answers: Reply,
  ): CallHandle | undefined
  /** A notification of the client that the session does not handle itself. */
  notification(session: ClientSession, envelope: Envelope): void
  /** `inputSchema` of a tool under the name that this client knows it by, as far as it is known. */
  toolSchema(caller: Pick<Caller, 'permissions'>, name: string): Buffer | undefined
  /** The session has ended. */
  closed(session: ClientSession): void
  /** The session's log level was set. */
  level(session: ClientSession): void
}

interface OpenCall {
  handle: CallHandle | undefined
  reply: ClientReply
}

interface OpenAsk {
  answer: ClientAnswer
  /** The server's own progress token, to be put back into the client's progress. */
  token: Buffer | undefined
}

/** A question that cannot be put yet. */
interface HeldAsk {
  bytes: readonly Buffer[]
  stopWaiting: () => void
}

/** Requests that one session may have under way at once. */
const maxOpenCalls = 1_000
/** Questions of servers that one client may leave open. */
const maxOpenAsks = 200
/** A client opens its stream some time after it was greeted; questions of servers wait for it this long. */
const questionWaitMs = 3_000

function noWay(method: string): GatewayError {
  return new GatewayError(
    'method_not_found',
    `The client cannot be asked for ${method}: it has no open stream. It must accept text/event-stream.`,
  )
}

/** One AI client's conversation of a legacy revision: its capabilities, calls, questions and log level. */
export class ClientSession implements Caller {
  readonly era = 'legacy'
  readonly key: string
  readonly principal: string
  readonly permissions: Permissions | undefined
  capabilities: ClientCapabilities = {}
  protocolVersion: string = legacyVersions[0]
  client: string | undefined
  /** Asked for with logging/setLevel. */
  logLevel: McpLogLevel | undefined
  /** The way for what belongs to no request; undefined while there is none. */
  stream: ((message: readonly Buffer[]) => boolean) | undefined
  /** Keeps a notification for a client whose stream is interrupted; undefined if it had none to come back to. */
  keep: ((message: readonly Buffer[]) => boolean) | undefined
  /** Ends the session from this side; set by its carrier. */
  onEnd: (() => void) | undefined
  /** Takes it off the books; set by who opened it. */
  onClose: (() => void) | undefined
  initialized = false
  /** Its server is gone, or has lost features: it is to start over. */
  leaving = false
  /** The server capabilities that its client was told; undefined where they are fixed. */
  negotiated: Readonly<Record<string, unknown>> | undefined
  readonly #route: Route
  readonly #calls = new Map<string, OpenCall>()
  readonly #asks = new Map<number, OpenAsk>()
  readonly #held = new Map<number, HeldAsk>()
  readonly #clock: Clock
  /** It has sent `notifications/initialized`, or behaves as if. */
  #isReady = false
  /** List changes that could not be told yet, by method. */
  readonly #owed = new Map<string, readonly Buffer[]>()
  /** Begins anywhere: an answer to a gateway that was here before must not be taken for one to this. */
  #nextAsk = randomInt(1, 2 ** 30)
  isGone = false

  constructor(options: {
    key: string
    principal: string
    route: Route
    clock: Clock
    client?: string | undefined
    permissions?: Permissions | undefined
  }) {
    this.key = options.key
    this.#clock = options.clock
    this.principal = options.principal
    this.client = options.client
    this.permissions = options.permissions
    this.#route = options.route
  }

  get route(): Route {
    return this.#route
  }

  get openCalls(): number {
    return this.#calls.size
  }

  /** One message of the client. `channel`: the way back for a request's answer. */
  receive(envelope: Envelope, channel: Channel | undefined): void {
    if (this.isGone) return
    if (envelope.kind === 'response') this.#answered(envelope)
    else if (isRequest(envelope)) {
      if (channel) this.#request(envelope, channel)
    } else this.#notification(envelope)
  }

  #request(request: RequestEnvelope, channel: Channel): void {
    const key = idText(request)
    const reply = new ClientReply(this, request, channel, () => {
      if (this.#calls.get(key)?.reply === reply) this.#calls.delete(key)
      if (this.leaving && this.#calls.size === 0) queueMicrotask(() => this.close())
    })
    if (request.method === 'ping') return reply.result(Buffer.from('{}'))
    if (this.leaving)
      return reply.fail(
        new GatewayError('session_not_found', 'This session is over. Send `initialize` again.'),
      )
    if (this.#calls.has(key))
      return reply.fail(
        new GatewayError('bad_request', `A request with the id ${key} is still under way.`),
      )
    if (this.#calls.size >= maxOpenCalls)
      return reply.fail(
        new GatewayError('too_many', `This session has ${maxOpenCalls} requests under way.`),
      )
    const open: OpenCall = { handle: undefined, reply }
    this.#calls.set(key, open)
    if (request.method !== 'initialize') this.#isReady = true
    if (this.#held.size > 0) this.#putHeld()
    try {
      if (request.method === 'initialize') this.#initialize(request, reply)
      else if (request.method === 'logging/setLevel') this.#setLevel(request, reply)
      else open.handle = this.#route.request(this, request, reply, reply)
    } catch (error) {
      reply.fail(asGatewayError(error))
    }
  }

  #initialize(request: RequestEnvelope, reply: ClientReply): void {
    const asked = stringAt(request.bytes, member(request.bytes, request.params, 'protocolVersion'))
    this.protocolVersion = legacyVersions.find((version) => version === asked) ?? legacyVersions[0]
    this.capabilities = readCapabilities(request)
    const info = member(request.bytes, request.params, 'clientInfo')
    this.client ??= stringAt(request.bytes, member(request.bytes, info, 'name'))
    this.#route.initialize(this, this.protocolVersion).then(
      (result) => {
        this.initialized = true
        reply.result(result)
      },
      (error: unknown) => reply.fail(asGatewayError(error)),
    )
  }

  #setLevel(request: RequestEnvelope, reply: ClientReply): void {
    const level = stringAt(request.bytes, member(request.bytes, request.params, 'level'))
    if (!isLogLevel(level))
      throw new GatewayError('invalid_params', `The level must be one of ${logLevels.join(', ')}.`)
    this.logLevel = level
    this.#route.level(this)
    reply.result(Buffer.from('{}'))
  }

  #notification(envelope: Envelope): void {
    const { bytes, params } = envelope
    if (envelope.method === 'notifications/cancelled') {
      const id = member(bytes, params, 'requestId')
      const open = id && this.#calls.get(bytes.toString('latin1', id.start, id.end))
      if (!open) return
      // No answer follows a cancellation (basic/utilities/cancellation).
      const reason = stringAt(bytes, member(bytes, params, 'reason'))
      open.handle?.cancel(reason)
      open.reply.abandon()
      return
    }
    if (envelope.method === 'notifications/progress') {
      const token = member(bytes, params, 'progressToken')
      const ask = token && this.#asks.get(Number(bytes.toString('latin1', token.start, token.end)))
      if (!token || !ask?.token) return
      ask.answer.progress(splice(bytes, [{ ...token, text: ask.token }]))
      return
    }
    if (envelope.method === 'notifications/initialized') {
      this.#isReady = true
      this.#putHeld()
      return
    }
    this.#route.notification(this, envelope)
  }

  #answered(response: Envelope): void {
    const id = Number(idText(response))
    const ask = this.#asks.get(id)
    if (!ask) return
    this.#asks.delete(id)
    ask.answer.answer(response)
  }

  ask(request: RequestEnvelope, answer: ClientAnswer, during: Reply | undefined): AskHandle {
    const id = this.#nextAsk++
    const { bytes } = request
    const idBytes = Buffer.from(String(id), 'latin1')
    const edits: Edit[] = [{ ...request.id, text: idBytes }]
    const token = member(bytes, member(bytes, request.params, '_meta'), 'progressToken')
    if (token) edits.push({ ...token, text: idBytes })
    const isFull = this.#asks.size >= maxOpenAsks
    // Copied: the message is a view of a larger chunk, and a person may think for long.
    this.#asks.set(id, { answer, token: token && Buffer.from(slice(bytes, token)) })
    const out = splice(bytes, edits)
    const fail = (why: GatewayError): void => {
      this.#asks.delete(id)
      // On a later turn: the caller of ask has not seen its handle yet.
      queueMicrotask(() => answer.fail(why))
    }
    if (isFull)
      fail(new GatewayError('too_many', `The client has left ${maxOpenAsks} questions open.`))
    else if (!this.#isReady || !this.#deliver(out, during)) {
      // Of a call it is known that its way cannot carry questions; else the client may just be opening its stream.
      if (this.#isReady && during) fail(noWay(request.method))
      else this.#hold(id, request.method, [Buffer.concat(out)])
    }
    return {
      cancel: (reason) => {
        if (!this.#asks.delete(id)) return
        if (this.#release(id)) return
        const text = reason ? { reason: JSON.parse(reason.toString()) as unknown } : {}
        this.#deliver([message('notifications/cancelled', { requestId: id, ...text })], during)
      },
    }
  }

  /**
   * Keeps a question until the client is ready for it (2025-11-25 basic/lifecycle: none before `initialized`) and a
   * way leads to it. An instance of its own may ask for roots before the client has opened its stream.
   */
  #hold(id: number, method: string, bytes: readonly Buffer[]): void {
    const stopWaiting = this.#clock.after(questionWaitMs, () => {
      this.#held.delete(id)
      const ask = this.#asks.get(id)
      if (!ask || this.#deliver(bytes, undefined)) return
      this.#asks.delete(id)
      ask.answer.fail(noWay(method))
    })
    this.#held.set(id, { bytes, stopWaiting })
  }

  /** True if the question was still held. */
  #release(id: number): boolean {
    this.#held.get(id)?.stopWaiting()
    return this.#held.delete(id)
  }

  #putHeld(): void {
    if (!this.#isReady) return
    for (const [id, { bytes }] of this.#held) if (this.#deliver(bytes, undefined)) this.#release(id)
  }

  /** Tells the client something that belongs to no request of its own. False if it will not get there. */
  push(bytes: readonly Buffer[]): boolean {
    return this.#deliver(bytes, undefined) || this.keep?.(bytes) === true
  }

  /** A list has changed: told now, or when the client next opens its stream. */
  pushListChanged(method: string): void {
    if (!this.initialized) return
    const bytes = [message(method)]
    if (this.stream?.(bytes)) return
    this.#owed.set(method, bytes)
  }

  /** The stream is open: what was owed is sent. */
  flushOwed(): void {
    this.#putHeld()
    for (const [method, bytes] of this.#owed) if (this.stream?.(bytes)) this.#owed.delete(method)
  }

  /** Takes no more requests; ends when what is in flight is answered. */
  leave(): void {
    this.leaving = true
    if (this.#calls.size === 0) this.close()
  }

  /** Its features are gone, or its carrier is: calls are cancelled, questions fail, servers forget it. */
  close(): void {
    if (this.isGone) return
    this.isGone = true
    for (const open of this.#calls.values()) {
      open.handle?.cancel('The session ended.')
      open.reply.abandon()
    }
    const gone = new GatewayError('cancelled', 'The client has gone.')
    for (const ask of this.#asks.values()) ask.answer.fail(gone)
    this.#asks.clear()
    for (const id of this.#held.keys()) this.#release(id)
    this.#route.closed(this)
    this.onClose?.()
    this.onEnd?.()
  }

  #deliver(bytes: readonly Buffer[], during: Reply | undefined): boolean {
    if (during?.notify(bytes)) return true
    if (this.stream?.(bytes)) return true
    for (const open of this.#calls.values()) if (open.reply.notify(bytes)) return true
    return false
  }
}
