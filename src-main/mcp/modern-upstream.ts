import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import type { Call } from './call.ts'
import { CallTable } from './call-table.ts'
import type { Caller } from './caller.ts'
import { ChangeStream } from './change-stream.ts'
import { modernRequestEdits } from './era-bridge.ts'
import { glanceAtResult, idText, isRequest, message, readEnvelope } from './envelope.ts'
import type { Envelope } from './envelope.ts'
import { InputRounds } from './input-rounds.ts'
import { arrayItems, member, parseSpan, slice, spliced, stringAt } from './json-spans.ts'
import type { Edit, Span } from './json-spans.ts'
import { isModernVersion, membersOf, metaKey, modernVersions } from './modern-message.ts'
import { paramHeaders, requestHeaders } from './request-headers.ts'
import type { ServerGreeting, Upstream, UpstreamOptions } from './upstream.ts'

interface Options extends UpstreamOptions {
  /** The `inputSchema` of a tool, for the headers that it asks for (x-mcp-header). */
  toolSchema: (name: string) => Buffer | undefined
}

/**
 * Over HTTP a tool whose `x-mcp-header` breaks the rules is left out (2026-07-28 basic/transports/streamable-http,
 * Schema Extension).
 */
function withoutInvalidTools(envelope: Envelope): Envelope {
  const { bytes, result } = envelope
  const tools = member(bytes, result, 'tools')
  if (!tools || !bytes.includes('x-mcp-header', tools.start)) return envelope
  const items = arrayItems(bytes, tools.start)
  const kept = items.filter((item) => {
    const schema = member(bytes, item, 'inputSchema')
    return !schema || paramHeaders(slice(bytes, schema)) !== undefined
  })
  if (kept.length === items.length) return envelope
  const text = Buffer.concat(
    kept.flatMap((item, i) =>
      i === 0 ? [slice(bytes, item)] : [Buffer.from(','), slice(bytes, item)],
    ),
  )
  return readEnvelope(spliced(bytes, [{ start: tools.start + 1, end: tools.end - 1, text }]))
}

const discoverId = -1

/** An MCP server of 2026-07-28: no handshake, metadata on every request, questions inside results. */
export class ModernUpstream implements Upstream {
  readonly healthMethod = 'server/discover'
  #greeting: ServerGreeting | undefined
  readonly #options: Options
  readonly #calls: CallTable
  readonly #rounds: InputRounds
  readonly #changes: ChangeStream
  #discovering: ((answer: Envelope | GatewayError) => void) | undefined
  #closed: GatewayError | undefined

  constructor(options: Options) {
    this.#options = options
    this.#calls = new CallTable(options)
    this.#rounds = new InputRounds(options.serverId, (call, edits) => this.#transmit(call, edits))
    this.#changes = new ChangeStream({
      ...options,
      capabilities: () => this.#greeting?.capabilities,
      takeId: () => this.#calls.takeId(),
      meta: () => this.#ownMeta(),
      tell: (change) => options.events.notification(change),
      missed: () => options.events.missed(),
    })
  }

  get greeting(): ServerGreeting {
    if (this.#greeting === undefined)
      throw new GatewayError('internal', 'The server was not greeted yet.')
    return this.#greeting
  }

  get inFlight(): number {
    return this.#calls.inFlight + this.#rounds.size
  }

  /**
   * Asks `server/discover` (2026-07-28 basic/transports/stdio, Backward Compatibility). Undefined: the server is of the
   * legacy era. The owner bounds the time. Rejects with GatewayError if it is modern but shares no version, or if the
   * link is gone.
   */
  async discover(): Promise<ServerGreeting | undefined> {
    for (let tries = 0; tries < 2; tries++) {
      const answer = await this.#askDiscover()
      if (this.#closed) throw this.#closed
      if (answer instanceof GatewayError) return undefined
      if (answer.result) return this.#discovered(answer)
      const supported = supportedOf(answer)
      // A dual-era server that lists only handshake versions is greeted like any legacy one.
      if (!supported || supported.some((version) => version <= '2025-11-25')) return undefined
      if (!supported.some(isModernVersion))
        throw new GatewayError(
          'server_failed',
          `${this.#options.serverId} cannot be used. It speaks ${supported.join(', ')}; the gateway speaks ${modernVersions.join(', ')}.`,
        )
      // It lists what it has just refused: once more, as the spec has it (basic/versioning).
    }
    return undefined
  }

  #askDiscover(): Promise<Envelope | GatewayError> {
    return new Promise((resolve) => {
      if (this.#closed) return resolve(this.#closed)
      this.#discovering = (given) => {
        this.#discovering = undefined
        resolve(given)
      }
      const request = message('server/discover', { _meta: this.#ownMeta() }, discoverId)
      const headers = { 'mcp-protocol-version': modernVersions[0], 'mcp-method': 'server/discover' }
      this.#options.link.send([request], discoverId, headers)
    })
  }

  #discovered({ bytes, result }: Envelope): ServerGreeting | undefined {
    const versions = member(bytes, result, 'supportedVersions')
    const supported = versions ? parseSpan(bytes, versions) : undefined
    if (!result || !Array.isArray(supported)) return undefined
    if (!supported.some((version) => isModernVersion(String(version)))) return undefined
    this.#greeting = greetingOf(Buffer.from(slice(bytes, result)))
    this.#options.link.negotiated(modernVersions[0])
    return this.#greeting
  }

  /** A message that comes while the server is being greeted the older way: only the late answer concerns this. */
  late(bytes: Buffer): void {
    try {
      const envelope = readEnvelope(bytes)
      if (envelope.kind === 'response' && idText(envelope) === String(discoverId))
        this.#response(envelope)
    } catch {
      // Who else reads it says so.
    }
  }

  send(call: Call): boolean {
    call.carrier = this
    if (this.#transmit(call, this.#rewrites(call))) return true
    call.carrier = undefined
    return false
  }

  notify(): void {
    // 2026-07-28 has no notification from a client but cancellation, which is the gateway's own.
  }

  receive(bytes: Buffer, relatedTo: number | undefined): void {
    const glance = glanceAtResult(bytes)
    // Whatever a server writes must not end the gateway.
    try {
      const call = glance && this.#calls.get(glance.id)
      // Between two of this era nothing of a result is read; what is listed may have to be filtered.
      if (glance && call?.outgoing.era === 'modern' && call.method !== 'tools/list') {
        this.#calls.take(glance.id)
        call.carrier = undefined
        call.answer(glance.envelope, 'modern')
        return
      }
      const envelope = readEnvelope(bytes)
      if (envelope.kind === 'response') this.#response(envelope)
      else if (isRequest(envelope))
        // 2026-07-28 basic/transports/stdio: a server must not write requests.
        this.#options.junk(
          `Ignored ${envelope.method}: a server of this revision makes no requests.`,
        )
      else this.#notification(envelope, relatedTo)
    } catch (error) {
      const why = asGatewayError(error).message
      const call = glance && this.#calls.take(glance.id)
      if (!call) return this.#options.junk(`Ignored a message. ${why}`)
      call.carrier = undefined
      call.fail(new GatewayError('server_failed', `The answer cannot be read. ${why}`))
    }
  }

  undelivered(id: number, error: GatewayError, reached: boolean): void {
    if (this.#isOwn(id, error)) return
    const call = this.#calls.take(id)
    if (!call) return
    call.carrier = undefined
    call.owner.lost(call, error, reached)
  }

  sweep(): void {
    this.#calls.sweep((call, reason) => this.abandon(call, reason))
    this.#rounds.sweep(this.#options.clock.now(), this.#options.limits().maxRequestMs)
  }

  close(error: GatewayError): void {
    this.#closed = error
    this.#discovering?.(error)
    this.#changes.close(error)
    this.#rounds.close(error)
    this.#calls.loseAll(error)
  }

  forget(caller: Caller): void {
    this.#rounds.forget(caller)
  }

  abandon(call: Call, reason: string | undefined): void {
    if (this.#rounds.abandon(call)) return
    if (this.#calls.take(call.id) === undefined) return
    call.carrier = undefined
    const params = { requestId: call.id, ...(reason === undefined ? {} : { reason }) }
    // Over HTTP the end of the stream is the sign; a pipe has none.
    if (this.#options.link.hasStreams) this.#options.link.forget(call.id)
    else this.#options.link.send([message('notifications/cancelled', params)])
  }

  follow(uris: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#changes.follow(uris)
  }

  // ---- requests -----------------------------------------------------------------------------------

  #rewrites(call: Call): Edit[] {
    const { outgoing, reply } = call
    if (outgoing.era === 'modern') return []
    const capabilities = call.internal ? this.#options.capabilities : reply.caller.capabilities
    return modernRequestEdits(outgoing.envelope, this.#metaJson(capabilities, outgoing.logLevel))
  }

  #transmit(call: Call, edits: readonly Edit[]): boolean {
    const { link, toolSchema } = this.#options
    const headers = link.hasStreams ? requestHeaders(call.outgoing, toolSchema) : undefined
    return this.#calls.send(call, edits, headers)
  }

  #ownMeta(): Record<string, unknown> {
    const { capabilities, version } = this.#options
    return {
      [metaKey.protocolVersion]: modernVersions[0],
      [metaKey.clientInfo]: { name: 'open-mcp-gateway', title: 'Open MCP Gateway', version },
      [metaKey.clientCapabilities]: capabilities,
    }
  }

  #metaJson(capabilities: Readonly<Record<string, unknown>>, logLevel: string | undefined): string {
    const meta = {
      ...this.#ownMeta(),
      [metaKey.clientCapabilities]: capabilities,
      ...(logLevel === undefined ? {} : { [metaKey.logLevel]: logLevel }),
    }
    return JSON.stringify(meta).slice(1, -1)
  }

  // ---- answers ------------------------------------------------------------------------------------

  /** True if what has come of the request with this id is for nobody's call. */
  #isOwn(id: number, given: Envelope | GatewayError): boolean {
    if (id !== discoverId) return this.#changes.ended(id, reasonOf(given))
    this.#discovering?.(given)
    return true
  }

  #response(envelope: Envelope): void {
    const id = Number(idText(envelope))
    if (this.#isOwn(id, envelope)) return
    const call = this.#calls.take(id)
    if (!call) return
    const { bytes, result } = envelope
    // It is off the table: whatever is wrong with the answer, the call must end.
    try {
      if (call.outgoing.era === 'legacy' && result && isInputRequired(bytes, result)) {
        this.#rounds.begin(call, envelope, this.#rewrites(call))
        return
      }
      call.carrier = undefined
      const isList = call.method === 'tools/list' && this.#options.link.hasStreams
      call.answer(isList ? withoutInvalidTools(envelope) : envelope, 'modern')
    } catch (error) {
      call.carrier = undefined
      const why = asGatewayError(error).message
      call.fail(new GatewayError('server_failed', `The answer cannot be read. ${why}`))
    }
  }

  #notification(envelope: Envelope, relatedTo: number | undefined): void {
    const { method } = envelope
    if (method === 'notifications/progress') this.#calls.progress(envelope)
    else if (method === 'notifications/message') this.#calls.logMessage(envelope, relatedTo)
    else this.#changes.receive(envelope, relatedTo)
  }
}

/** What an error says; undefined if it is a result. */
function reasonOf(given: Envelope | GatewayError): string | undefined {
  if (given instanceof GatewayError) return given.message
  const { bytes, error } = given
  return stringAt(bytes, member(bytes, error, 'message'))
}

/** The versions that an UnsupportedProtocolVersionError lists; undefined for any other error. */
function supportedOf({ bytes, error }: Envelope): string[] | undefined {
  const code = member(bytes, error, 'code')
  if (!code || Number(bytes.toString('latin1', code.start, code.end)) !== -32022) return undefined
  const supported = member(bytes, member(bytes, error, 'data'), 'supported')
  const versions = supported ? parseSpan(bytes, supported) : []
  return Array.isArray(versions) ? versions.map(String) : []
}

function isInputRequired(bytes: Buffer, result: Span): boolean {
  return stringAt(bytes, member(bytes, result, 'resultType')) === 'input_required'
}

/** A DiscoverResult (JSON), and the InitializeResult that a legacy client gets in its place. */
function greetingOf(discover: Buffer): ServerGreeting {
  const whole = { start: 0, end: discover.length }
  const {
    capabilities,
    _meta: meta,
    instructions,
  } = membersOf(discover, whole, ['capabilities', '_meta', 'instructions'])
  const info = member(discover, meta, metaKey.serverInfo)
  const raw = (span: Span | undefined, otherwise: string): Buffer =>
    span ? slice(discover, span) : Buffer.from(otherwise)
  const parsed = capabilities ? parseSpan(discover, capabilities) : {}
  return {
    era: 'modern',
    protocolVersion: modernVersions[0],
    discover,
    result: Buffer.concat([
      Buffer.from(`{"protocolVersion":"2025-11-25","capabilities":`),
      raw(capabilities, '{}'),
      Buffer.from(',"serverInfo":'),
      raw(info, '{"name":"unknown","version":"0"}'),
      ...(instructions ? [Buffer.from(',"instructions":'), raw(instructions, '""')] : []),
      Buffer.from('}'),
    ]),
    capabilities: isRecord(parsed) ? parsed : {},
  }
}
