import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { Link } from '../runtimes/runtime.ts'
import type { Clock } from '../servers/clock.ts'
import type { Call } from './call.ts'
import { timeoutError } from './call.ts'
import { gatewayCaller } from './caller.ts'
import type { AskHandle, Caller, ClientCapabilities } from './caller.ts'
import { isClientQuestion, missingCapability } from './client-capability.ts'
import {
  errorBody,
  errorMessage,
  glanceAtResult,
  idText,
  isRequest,
  message,
  readEnvelope,
  resultMessage,
} from './envelope.ts'
import type { Envelope, RequestEnvelope } from './envelope.ts'
import { member, parseSpan, slice, splice, spliced, stringAt } from './json-spans.ts'
import type { Edit } from './json-spans.ts'
import type { ServerGreeting, Upstream, UpstreamEvents, UpstreamLimits } from './upstream.ts'

/** Revisions with a handshake, newest first. */
export const legacyVersions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const

const emptyObject = [Buffer.from('{}')]

interface Options {
  serverId: string
  link: Link
  clock: Clock
  limits: () => UpstreamLimits
  events: UpstreamEvents
  /** The one client of an instance with `isolation: session`; undefined if the instance is shared. */
  owner: Caller | undefined
  /** What the gateway declares to the server. */
  capabilities: ClientCapabilities
  /** A message that could not be understood. */
  junk: (text: string) => void
  version: string
}

/** A request of the server to a client, open. */
interface Ask {
  handle: AskHandle | undefined
  caller: Caller
  /** The calls of this caller that it may belong to: their time stands still while a person thinks. */
  calls: readonly Call[]
}

/** An MCP server of the revisions with `initialize` (2024-11-05 to 2025-11-25). */
export class LegacyUpstream implements Upstream {
  #greeting: ServerGreeting | undefined
  readonly #options: Options
  readonly #calls = new Map<number, Call>()
  readonly #asks = new Map<string, Ask>()
  #nextId = 1
  #own = 0
  #greeted:
    { resolve: (greeting: ServerGreeting) => void; reject: (error: Error) => void } | undefined
  #closed: GatewayError | undefined

  constructor(options: Options) {
    this.#options = options
  }

  get greeting(): ServerGreeting {
    if (this.#greeting === undefined)
      throw new GatewayError('internal', 'The server was not greeted yet.')
    return this.#greeting
  }

  get inFlight(): number {
    return this.#calls.size - this.#own
  }

  /**
   * The handshake (2025-11-25 basic/lifecycle): `initialize`, then `notifications/initialized`. The owner bounds the
   * time. Rejects with GatewayError.
   */
  greet(): Promise<ServerGreeting> {
    const { link, capabilities, version } = this.#options
    const params = {
      protocolVersion: legacyVersions[0],
      capabilities,
      clientInfo: { name: 'open-mcp-gateway', title: 'Open MCP Gateway', version },
    }
    return new Promise((resolve, reject) => {
      this.#greeted = { resolve, reject }
      if (this.#closed) reject(this.#closed)
      else link.send([message('initialize', params, 0)], 0)
    })
  }

  send(call: Call): boolean {
    const { link, clock, limits } = this.#options
    const id = this.#nextId++
    const { envelope, progressToken, edits } = call.outgoing
    const idBytes = Buffer.from(String(id), 'latin1')
    const all: Edit[] = [{ start: envelope.id.start, end: envelope.id.end, text: idBytes }]
    if (progressToken)
      all.push({ start: progressToken.start, end: progressToken.end, text: idBytes })
    if (edits.length > 0) all.push(...edits)
    call.id = id
    call.deadline = clock.now() + limits().requestTimeoutMs
    if (!link.send(splice(envelope.bytes, all), id)) return false
    call.carrier = this
    this.#calls.set(id, call)
    if (call.internal) this.#own++
    return true
  }

  notify(bytes: readonly Buffer[]): void {
    this.#options.link.send(bytes)
  }

  receive(bytes: Buffer, relatedTo: number | undefined): void {
    // Whatever a server writes must not end the gateway.
    try {
      const glance = glanceAtResult(bytes)
      // The gateway's own requests are read for what they say, so they are read in full.
      if (glance && this.#calls.get(glance.id)?.internal === false) {
        this.#take(glance.id)?.answer(glance.envelope)
        return
      }
      const envelope = readEnvelope(bytes)
      if (envelope.kind === 'response') this.#response(envelope)
      else if (isRequest(envelope)) this.#request(envelope, relatedTo)
      else this.#notification(envelope)
    } catch (error) {
      this.#options.junk(`Ignored a message. ${asGatewayError(error).message}`)
    }
  }

  undelivered(id: number, error: GatewayError, reached: boolean): void {
    if (id === 0 && this.#greeted) return this.#refused(error)
    const call = this.#take(id)
    call?.owner.lost(call, error, reached)
  }

  sweep(): void {
    const now = this.#options.clock.now()
    for (const call of this.#calls.values()) {
      const { requestTimeoutMs, maxRequestMs } = this.#options.limits()
      const overall = call.startedAt + maxRequestMs
      if (now < overall && (now < call.deadline || call.asking > 0)) continue
      this.abandon(call, 'timed out')
      const setting = now < overall ? 'request_timeout_seconds' : 'max_request_seconds'
      const ms = now < overall ? requestTimeoutMs : maxRequestMs
      call.fail(timeoutError(this.#options.serverId, call.method, ms, setting))
    }
  }

  close(error: GatewayError): void {
    this.#closed = error
    this.#refused(error)
    for (const ask of this.#asks.values()) ask.handle?.cancel(undefined)
    this.#asks.clear()
    for (const call of this.#calls.values()) {
      this.#take(call.id)
      call.owner.lost(call, error, true)
    }
  }

  forget(caller: Caller): void {
    for (const [key, ask] of this.#asks)
      if (ask.caller === caller) this.#withdraw(key, 'The client has gone.')
  }

  abandon(call: Call, reason: string | undefined): void {
    if (this.#take(call.id) === undefined) return
    for (const [key, ask] of this.#asks) {
      if (!ask.calls.includes(call)) continue
      // It may be the question of another call of the same client.
      if (ask.calls.some((other) => other !== call && !other.done)) continue
      ask.handle?.cancel(undefined)
      this.#withdraw(key, 'The call that this belongs to has ended.')
    }
    // 2025-11-25 basic/utilities/cancellation: `initialize` must not be cancelled; it is no Call here.
    const params = { requestId: call.id, ...(reason === undefined ? {} : { reason }) }
    this.#options.link.send([message('notifications/cancelled', params)])
    this.#options.link.forget(call.id)
  }

  #take(id: number): Call | undefined {
    const call = this.#calls.get(id)
    if (call === undefined) return undefined
    this.#calls.delete(id)
    call.carrier = undefined
    if (call.internal) this.#own--
    return call
  }

  #refused(error: GatewayError): void {
    this.#greeted?.reject(error)
    this.#greeted = undefined
  }

  #response(envelope: Envelope): void {
    const text = idText(envelope)
    if (text === '0' && this.#greeted) return this.#welcome(envelope)
    // An answer to a call that was cancelled or timed out is late, not wrong.
    this.#take(Number(text))?.answer(envelope)
  }

  #welcome(envelope: Envelope): void {
    const { serverId, link } = this.#options
    const { bytes, result, error } = envelope
    if (result === undefined) {
      const text = error ? stringAt(bytes, member(bytes, error, 'message')) : undefined
      this.#refused(
        new GatewayError(
          'server_failed',
          `${serverId} refused initialize: ${text ?? 'no reason given'}.`,
        ),
      )
      return
    }
    const protocolVersion = stringAt(bytes, member(bytes, result, 'protocolVersion')) ?? ''
    if (!legacyVersions.some((version) => version === protocolVersion)) {
      const why = `It speaks protocol version '${protocolVersion}'; the gateway speaks ${legacyVersions.join(', ')}.`
      this.#refused(new GatewayError('server_failed', `${serverId} cannot be used. ${why}`))
      return
    }
    const declared = member(bytes, result, 'capabilities')
    const capabilities = declared === undefined ? {} : parseSpan(bytes, declared)
    this.#greeting = {
      era: 'legacy',
      protocolVersion,
      result: Buffer.from(slice(bytes, result)),
      capabilities:
        typeof capabilities === 'object' && capabilities !== null ? { ...capabilities } : {},
    }
    link.negotiated(protocolVersion)
    link.send([message('notifications/initialized')])
    this.#greeted?.resolve(this.#greeting)
    this.#greeted = undefined
  }

  #notification(envelope: Envelope): void {
    const { bytes, params, method } = envelope
    if (method === 'notifications/progress') {
      const token = member(bytes, params, 'progressToken')
      const call =
        token && this.#calls.get(Number(bytes.toString('latin1', token.start, token.end)))
      if (!token || !call?.outgoing.progressToken) return
      call.deadline = this.#options.clock.now() + this.#options.limits().requestTimeoutMs
      const original = slice(call.outgoing.envelope.bytes, call.outgoing.progressToken)
      call.reply.notify(splice(bytes, [{ start: token.start, end: token.end, text: original }]))
      return
    }
    if (method === 'notifications/cancelled') {
      const id = member(bytes, params, 'requestId')
      const key = id && bytes.toString('latin1', id.start, id.end)
      const ask = key === undefined ? undefined : this.#asks.get(key)
      if (key === undefined || ask === undefined) return
      this.#asked(key, ask)
      const reason = member(bytes, params, 'reason')
      ask.handle?.cancel(reason && slice(bytes, reason))
      return
    }
    this.#options.events.notification(envelope)
  }

  #request(request: RequestEnvelope, relatedTo: number | undefined): void {
    const id = Buffer.from(slice(request.bytes, request.id))
    if (request.method === 'ping') {
      this.#respond(resultMessage(id, emptyObject))
      return
    }
    if (isClientQuestion(request.method)) this.#options.events.asked(request.method)
    const target = this.#whom(request, relatedTo)
    if (target instanceof GatewayError) {
      this.#respond(errorMessage(id, errorBody(target)))
      return
    }
    const key = id.toString('latin1')
    const ask: Ask = { handle: undefined, ...target }
    this.#asks.set(key, ask)
    for (const call of ask.calls) call.asking++
    const end = (): boolean => this.#asked(key, ask)
    ask.handle = ask.caller.ask(
      request,
      {
        answer: (response) => {
          if (!end()) return
          const at = response.id
          const text = response.bytes
          this.#respond(at ? [spliced(text, [{ start: at.start, end: at.end, text: id }])] : [text])
        },
        progress: (progress) => this.notify(progress),
        fail: (error) => {
          if (end()) this.#respond(errorMessage(id, errorBody(error)))
        },
      },
      ask.calls.at(-1)?.reply,
    )
  }

  /** Nobody will answer this question of the server's any more. */
  #withdraw(key: string, why: string): void {
    this.#asks.delete(key)
    this.#respond(errorMessage(Buffer.from(key, 'latin1'), { code: -32000, message: why }))
  }

  /** A question of the server is settled: the time of its calls runs again. False if it was settled before. */
  #asked(key: string, ask: Ask): boolean {
    if (this.#asks.get(key) !== ask) return false
    for (const call of ask.calls) {
      call.asking--
      call.deadline = this.#options.clock.now() + this.#options.limits().requestTimeoutMs
    }
    return this.#asks.delete(key)
  }

  /** Which client a request of the server is for: the only one whose call is in flight (product 3, isolation). */
  #whom(
    request: RequestEnvelope,
    relatedTo: number | undefined,
  ): { caller: Caller; calls: readonly Call[] } | GatewayError {
    const { serverId, owner } = this.#options
    const related = relatedTo === undefined ? undefined : this.#calls.get(relatedTo)
    const calls = related ? [related] : []
    let caller = owner ?? related?.reply.caller
    if (related === undefined) {
      for (const other of this.#calls.values()) {
        if (other.internal) continue
        const its = other.reply.caller
        if (caller !== undefined && its !== caller) {
          if (owner !== undefined) continue
          return new GatewayError(
            'method_not_found',
            `${serverId} asked for ${request.method} while calls of several clients were in flight, so it is not known ` +
              `whom to ask. Set \`isolation: session\` for this server.`,
          )
        }
        caller = its
        calls.push(other)
      }
    }
    if (caller === undefined || caller === gatewayCaller)
      return new GatewayError(
        'method_not_found',
        `${serverId} asked for ${request.method} while no client's call was in flight, so there is nobody to ask. ` +
          `Set \`isolation: session\` for this server.`,
      )
    const missing = missingCapability(caller.capabilities, request)
    if (missing !== undefined)
      return new GatewayError(
        'method_not_found',
        `The client that called ${serverId} does not support ${missing}, which ${request.method} needs. ` +
          `Use a client that does; with \`isolation: session\` the server is told each client's own abilities.`,
      )
    return { caller, calls }
  }

  #respond(chunks: readonly Buffer[]): void {
    this.#options.link.send(chunks)
  }
}
