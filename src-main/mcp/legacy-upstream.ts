import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import type { Call } from './call.ts'
import { CallTable } from './call-table.ts'
import { gatewayCaller } from './caller.ts'
import type { AskHandle, Caller } from './caller.ts'
import { isClientQuestion, lacksCapability, missingCapability } from './client-capability.ts'
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
import { member, parseSpan, slice, spliced, stringAt } from './json-spans.ts'
import { legacyRequestEdits } from './era-bridge.ts'
import type { ServerGreeting, Upstream, UpstreamOptions } from './upstream.ts'

/** Revisions with a handshake, newest first. */
export const legacyVersions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const

const emptyObject = [Buffer.from('{}')]

interface Options extends UpstreamOptions {
  /** The one client of an instance with `isolation: session`; undefined if the instance is shared. */
  owner: Caller | undefined
}

/** A request of the server to a client, open. */
interface Ask {
  handle: AskHandle | undefined
  caller: Caller
  /** The calls of this caller that it may belong to: their time stands still while a person thinks. */
  calls: readonly Call[]
}

/** A client of 2026-07-28 can be asked only by the result of such a request (basic/patterns/mrtr, Supported Requests). */
function mayAskDuring({ outgoing, method }: Call): boolean {
  return outgoing.era === 'legacy' || /^(?:tools\/call|prompts\/get|resources\/read)$/.test(method)
}

/** An MCP server of the revisions with `initialize` (2024-11-05 to 2025-11-25). */
export class LegacyUpstream implements Upstream {
  readonly healthMethod = 'ping'
  #greeting: ServerGreeting | undefined
  readonly #options: Options
  readonly #calls: CallTable
  readonly #asks = new Map<string, Ask>()
  #greeted:
    { resolve: (greeting: ServerGreeting) => void; reject: (error: Error) => void } | undefined
  #closed: GatewayError | undefined

  constructor(options: Options) {
    this.#options = options
    this.#calls = new CallTable(options)
  }

  get greeting(): ServerGreeting {
    if (this.#greeting === undefined)
      throw new GatewayError('internal', 'The server was not greeted yet.')
    return this.#greeting
  }

  get inFlight(): number {
    return this.#calls.inFlight
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
    const { era, envelope } = call.outgoing
    const { bytes, params } = envelope
    if (
      era === 'modern' &&
      bytes.includes('requestState') &&
      member(bytes, params, 'requestState')
    ) {
      // Such a server has never given one out, and the call must not be made a second time.
      const why =
        'The requestState is not known here, or has expired. Send the request anew without it.'
      call.fail(new GatewayError('invalid_params', why))
      return true
    }
    if (!this.#calls.send(call, era === 'modern' ? legacyRequestEdits(envelope) : [])) return false
    call.carrier = this
    return true
  }

  follow(): Promise<ReadonlySet<string>> {
    // Here each resource is subscribed to by a request.
    return Promise.resolve(new Set())
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
        this.#take(glance.id)?.answer(glance.envelope, 'legacy')
        return
      }
      const envelope = readEnvelope(bytes)
      if (envelope.kind === 'response') this.#response(envelope)
      else if (isRequest(envelope)) this.#request(envelope, relatedTo)
      else this.#notification(envelope, relatedTo)
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
    this.#calls.sweep((call, reason) => this.abandon(call, reason))
  }

  close(error: GatewayError): void {
    this.#closed = error
    this.#refused(error)
    for (const ask of this.#asks.values()) ask.handle?.cancel(undefined)
    this.#asks.clear()
    this.#calls.loseAll(error)
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
    const call = this.#calls.take(id)
    if (call) call.carrier = undefined
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
    this.#take(Number(text))?.answer(envelope, 'legacy')
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
      discover: undefined,
      result: Buffer.from(slice(bytes, result)),
      capabilities: isRecord(capabilities) ? capabilities : {},
    }
    link.negotiated(protocolVersion)
    link.send([message('notifications/initialized')])
    this.#greeted?.resolve(this.#greeting)
    this.#greeted = undefined
  }

  #notification(envelope: Envelope, relatedTo: number | undefined): void {
    const { bytes, params, method } = envelope
    if (method === 'notifications/progress') return this.#calls.progress(envelope)
    if (method === 'notifications/message') this.#calls.logMessage(envelope, relatedTo, 'modern')
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
        if (other.internal || !mayAskDuring(other)) continue
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
    const lacking = calls.length === 1 ? calls[0] : undefined
    if (missing !== undefined && lacking?.outgoing.era === 'modern') {
      // 2026-07-28 basic, Per-request protocol fields: its client learns what to declare, at once.
      const error = lacksCapability(serverId, missing, request.method)
      queueMicrotask(() => {
        this.abandon(lacking, error.message)
        lacking.fail(error)
      })
      return error
    }
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
