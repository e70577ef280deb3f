import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { Link } from '../runtimes/runtime.ts'
import type { Clock } from '../servers/clock.ts'
import type { Call } from './call.ts'
import { CallTable } from './call-table.ts'
import type { Caller } from './caller.ts'
import { modernRequestEdits, withoutMembers } from './era-bridge.ts'
import { glanceAtResult, idText, isRequest, message, readEnvelope } from './envelope.ts'
import type { Envelope } from './envelope.ts'
import { InputRounds } from './input-rounds.ts'
import { arrayItems, isObject, member, parseSpan, slice, spliced, stringAt } from './json-spans.ts'
import type { Edit, Span } from './json-spans.ts'
import { isModernVersion, membersOf, metaKey, modernVersions } from './modern-message.ts'
import { paramHeaders, requestHeaders } from './request-headers.ts'
import type { ServerGreeting, Upstream, UpstreamEvents, UpstreamLimits } from './upstream.ts'

interface Options {
  serverId: string
  link: Link
  clock: Clock
  limits: () => UpstreamLimits
  events: UpstreamEvents
  /** What the gateway declares when it asks for itself. */
  capabilities: Readonly<Record<string, unknown>>
  junk: (text: string) => void
  version: string
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

/** What the gateway listens for at a server: all list changes, and the resources that somebody follows. */
interface Listen {
  id: number
  uris: readonly string[]
}

const discoverId = -1
/** A listen that the server has ended is opened again after this, and after twice as long each time in a row. */
const relistenMs = 1_000
const maxRelistenMs = 5 * 60_000

/** An MCP server of 2026-07-28: no handshake, metadata on every request, questions inside results. */
export class ModernUpstream implements Upstream {
  readonly healthMethod = 'server/discover'
  #greeting: ServerGreeting | undefined
  readonly #options: Options
  readonly #calls: CallTable
  readonly #rounds: InputRounds
  #discovering: ((answer: Envelope | GatewayError) => void) | undefined
  #listen: Listen | undefined
  #uris: readonly string[] = []
  #waitsToListen = false
  #relistenMs = relistenMs
  #closed: GatewayError | undefined

  constructor(options: Options) {
    this.#options = options
    this.#calls = new CallTable(options)
    this.#rounds = new InputRounds(options.serverId, (call, edits) => this.#transmit(call, edits))
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
    this.#relisten()
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
    if (id === discoverId) {
      this.#discovering?.(error)
      return
    }
    if (id === this.#listen?.id) {
      this.#endListen()
      return
    }
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

  /** The resources that somebody follows; the listen stream is built anew if they differ. */
  follow(uris: readonly string[]): void {
    this.#uris = uris
    this.#relisten()
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

  #response(envelope: Envelope): void {
    const id = Number(idText(envelope))
    if (id === discoverId) {
      this.#discovering?.(envelope)
      return
    }
    if (id === this.#listen?.id) {
      this.#endListen()
      return
    }
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
    const { method, bytes, params } = envelope
    if (method === 'notifications/progress') return this.#calls.progress(envelope)
    if (method === 'notifications/message') return this.#calls.logMessage(envelope, relatedTo)
    if (method === 'notifications/subscriptions/acknowledged') {
      this.#relistenMs = relistenMs
      return
    }
    if (method === 'notifications/cancelled') {
      const id = member(bytes, params, 'requestId')
      if (id && Number(bytes.toString('latin1', id.start, id.end)) === this.#listen?.id)
        this.#endListen()
      return
    }
    const meta = member(bytes, params, '_meta')
    const edits =
      meta && isObject(bytes, meta)
        ? withoutMembers(bytes, meta, (key) => key === metaKey.subscriptionId)
        : []
    this.#options.events.notification(
      edits.length === 0 ? envelope : readEnvelope(spliced(bytes, edits)),
    )
  }

  // ---- what the server is listened to for ---------------------------------------------------------

  #relisten(): void {
    const greeting = this.#greeting
    if (!greeting || this.#closed) return
    const filter = listenFilter(greeting.capabilities, this.#uris)
    const before = this.#listen
    if (before && before.uris.join('\n') === this.#uris.join('\n')) return
    if (filter === undefined) {
      this.#listen = undefined
      this.#stopListen(before)
      return
    }
    const id = this.#calls.takeId()
    this.#listen = { id, uris: this.#uris }
    const params = { _meta: this.#ownMeta(), notifications: filter }
    const headers = {
      'mcp-protocol-version': modernVersions[0],
      'mcp-method': 'subscriptions/listen',
    }
    this.#options.link.send([message('subscriptions/listen', params, id)], id, headers)
    this.#stopListen(before)
  }

  #stopListen(listen: Listen | undefined): void {
    if (!listen) return
    const { link } = this.#options
    if (link.hasStreams) link.forget(listen.id)
    else link.send([message('notifications/cancelled', { requestId: listen.id })])
  }

  #endListen(): void {
    this.#listen = undefined
    if (this.#waitsToListen || this.#closed) return
    this.#waitsToListen = true
    this.#options.clock.after(this.#relistenMs, () => {
      this.#waitsToListen = false
      this.#relisten()
    })
    this.#relistenMs = Math.min(2 * this.#relistenMs, maxRelistenMs)
  }
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

function listens(capabilities: Record<string, unknown>, name: string, what: string): boolean {
  const capability = capabilities[name]
  const parts: Readonly<Record<string, unknown>> =
    typeof capability === 'object' && capability !== null ? { ...capability } : {}
  return parts[what] === true
}

/** The filter of `subscriptions/listen`, or undefined if this server has nothing to tell. */
function listenFilter(
  capabilities: Record<string, unknown>,
  uris: readonly string[],
): object | undefined {
  const filter = {
    ...(listens(capabilities, 'tools', 'listChanged') ? { toolsListChanged: true } : {}),
    ...(listens(capabilities, 'prompts', 'listChanged') ? { promptsListChanged: true } : {}),
    ...(listens(capabilities, 'resources', 'listChanged') ? { resourcesListChanged: true } : {}),
    ...(uris.length > 0 ? { resourceSubscriptions: uris } : {}),
  }
  return Object.keys(filter).length === 0 ? undefined : filter
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
    capabilities: typeof parsed === 'object' && parsed !== null ? { ...parsed } : {},
  }
}
