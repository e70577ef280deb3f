import {
  answeredId,
  bothTypes,
  delay,
  envelopeOf,
  eventStream,
  mediaType,
  messagesIn,
  methodOf,
  type Carrier,
  type CarrierContext,
  type Outgoing,
} from './remote-carrier.ts'
import { discard, readBody, wholeBody, type RemoteAnswer } from './remote-exchange.ts'
import { networkError, RemoteFailure, snippet } from './remote-failure.ts'
import { deliverRefusal, errorBody, refusal, RemotePosts, type Delivery } from './remote-posts.ts'
import { SseReader } from './sse-reader.ts'
import { UnsolicitedStream } from './remote-unsolicited.ts'

/** How often a broken stream is resumed without a new event on it. */
const maxFruitlessResumes = 5
/** A server should end a stream after the answer; one that does not is helped. */
const afterAnswerMs = 2_000
/** Requests wait so long for `notifications/initialized` to be accepted. */
const initializedMs = 10_000

/** What came of the first message, where the transport is not known yet. */
export interface Probe {
  /** The server speaks this transport, or failed in a way that says nothing about it. */
  settled(speaks: boolean): void
  /** The server does not take this message here: the older transport may be what it speaks. */
  unsupported(failure: RemoteFailure): void
}

/** The client's side of Streamable HTTP (MCP 2025-11-25, "Transports"), messages untouched. */
export class StreamableCarrier implements Carrier {
  readonly #context: CarrierContext
  readonly #posts: RemotePosts
  readonly #notFoundHint: string
  readonly #unsolicited: UnsolicitedStream
  #sessionId: string | undefined
  #protocolVersion: string | undefined
  /** Pending while the server has been sent `notifications/initialized` and has not accepted it. */
  #initialized: Promise<void> | undefined

  constructor(context: CarrierContext, notFoundHint: string) {
    this.#context = context
    this.#posts = new RemotePosts(context)
    this.#notFoundHint = notFoundHint
    this.#unsolicited = new UnsolicitedStream(context, {
      headers: () => this.#headers({ accept: eventStream }),
      sessionGone: () => context.host.lost(this.#goneMessage()),
    })
  }

  send(message: Outgoing, probe?: Probe): void {
    const isInitialized =
      message.id === undefined && methodOf(message) === 'notifications/initialized'
    const delivered = this.#posts.run(message, (delivery) => this.#deliver(delivery, probe))
    if (!isInitialized) return
    // Each message is a request of its own and may overtake another; nothing may overtake this one.
    const limit = new AbortController()
    this.#initialized = Promise.race([
      delivered.finally(() => limit.abort()),
      delay(this.#context.clock, initializedMs, limit.signal),
    ])
  }

  negotiated(protocolVersion: string): void {
    if (/^[\x21-\x7e]{1,64}$/.test(protocolVersion)) this.#protocolVersion = protocolVersion
  }

  forget(id: number): void {
    this.#posts.forget(id)
  }

  abort(): void {
    this.#posts.abort()
    this.#unsolicited.stop()
  }

  async sayGoodbye(maxMs: number): Promise<void> {
    if (this.#sessionId === undefined) return
    const limit = new AbortController()
    const cancel = this.#context.clock.after(maxMs, () => limit.abort())
    try {
      const headers = this.#headers({})
      const answer = await this.#context.client.exchange({
        method: 'DELETE',
        headers,
        signal: limit.signal,
      })
      discard(answer.body)
    } catch {
      // The session is forgotten here either way; the server lets it expire.
    } finally {
      cancel()
    }
  }

  #headers(own: Record<string, string>): Record<string, string> {
    const headers = { ...own }
    if (this.#sessionId !== undefined) headers['mcp-session-id'] = this.#sessionId
    if (this.#protocolVersion !== undefined) headers['mcp-protocol-version'] = this.#protocolVersion
    return headers
  }

  async #deliver(delivery: Delivery, probe: Probe | undefined): Promise<void> {
    try {
      const answer = await this.#post(delivery)
      const { status } = answer
      if (status >= 200 && status < 300) {
        probe?.settled(true)
        await this.#accepted(delivery, answer)
      } else await this.#refused(delivery, answer, probe)
    } finally {
      probe?.settled(false)
    }
  }

  async #post({ message, signal }: Delivery): Promise<RemoteAnswer> {
    if (message.id !== undefined && this.#initialized !== undefined) {
      await this.#initialized
      signal.throwIfAborted()
    }
    const answer = await this.#context.client.exchange({
      method: 'POST',
      headers: this.#headers({ accept: bothTypes, 'content-type': 'application/json' }),
      body: message.chunks,
      signal,
    })
    this.#learnSession(answer)
    return answer
  }

  #learnSession(answer: RemoteAnswer): void {
    const given = answer.headers['mcp-session-id']
    if (this.#sessionId !== undefined || typeof given !== 'string') return
    if (answer.status < 200 || answer.status >= 300) return
    if (!/^[\x21-\x7e]{1,1024}$/.test(given)) {
      this.#context.host.log(
        'The server gave a session id that is not visible ASCII; it is not used.',
      )
      return
    }
    this.#sessionId = given
    this.#context.target.addSecret(given)
  }

  async #accepted(delivery: Delivery, answer: RemoteAnswer): Promise<void> {
    const { message } = delivery
    const type = mediaType(answer.headers['content-type'])
    if (message.id === undefined) {
      if (methodOf(message) === 'notifications/initialized') this.#unsolicited.start()
      if (type === eventStream) await this.#readStream(delivery, answer)
      else if (type === 'application/json') await this.#readStray(answer)
      else discard(answer.body)
    } else if (type === eventStream) await this.#readStream(delivery, answer)
    else if (type === 'application/json') await this.#readJson(message.id, answer)
    else await this.#notMcp(answer)
  }

  /** A body where none was due: handed on if it is a message, else not worth a word. */
  async #readStray(answer: RemoteAnswer): Promise<void> {
    const { bytes } = await wholeBody(answer.body, this.#context.maxMessageBytes)
    for (const one of messagesIn(bytes)) {
      if (envelopeOf(one) !== undefined) this.#context.host.message(one)
    }
  }

  async #readJson(id: number, answer: RemoteAnswer): Promise<void> {
    const { host, target, maxMessageBytes } = this.#context
    const { bytes, end } = await wholeBody(answer.body, maxMessageBytes)
    if (end.kind === 'stopped') throw this.#tooLarge()
    if (end.kind === 'broken') throw new RemoteFailure(networkError(target, end.error, true), true)
    const messages = messagesIn(bytes)
    for (const one of messages) host.message(one, id)
    if (messages.some((one) => answeredId(one) === id)) return
    throw new RemoteFailure(
      target.error(
        `${target.label} answered ${answer.status} without an answer to the request. It may not be an MCP server, or has a bug.${snippet(target, bytes)}`,
      ),
      true,
    )
  }

  async #notMcp(answer: RemoteAnswer): Promise<never> {
    const { target } = this.#context
    const type = answer.headers['content-type'] ?? 'no content'
    const body = await errorBody(this.#context, answer)
    throw new RemoteFailure(
      target.error(
        `${target.label} answered ${answer.status} with ${type} where MCP wants application/json or ${eventStream}. Check that \`url\` is the server's MCP endpoint and not a web page.${snippet(target, body)}`,
      ),
      true,
    )
  }

  #tooLarge(): RemoteFailure {
    const { target, maxMessageBytes } = this.#context
    return new RemoteFailure(
      target.error(
        `its answer is larger than ${Math.floor(maxMessageBytes / 1024 / 1024)} MiB and was dropped. Ask for less at once.`,
        {},
        'too_large',
      ),
      true,
    )
  }

  /** Reads the stream that answers a request, and its continuations, until the answer has come. */
  async #readStream(delivery: Delivery, first: RemoteAnswer): Promise<void> {
    const { host, clock, target, createSseParser, maxMessageBytes } = this.#context
    const { message, signal } = delivery
    let current = first
    let answered = false
    let overflowed = false
    let cancelLinger = () => {}
    const reader = new SseReader(createSseParser, maxMessageBytes, {
      event: ({ type, data }) => {
        if (type !== 'message') return
        for (const one of messagesIn(data)) {
          host.message(one, message.id)
          if (answered || message.id === undefined || answeredId(one) !== message.id) continue
          answered = true
          delivery.release()
          cancelLinger = clock.after(afterAnswerMs, () => current.body.destroy())
        }
      },
      tooLarge: () => {
        overflowed = true
      },
    })
    let fruitless = 0
    for (;;) {
      const before = reader.count
      const end = await readBody(current.body, (chunk) => {
        reader.push(chunk)
        overflowed ||= reader.isSkipping
        // The message may or may not have been the answer. To wait on would be to hope.
        return !overflowed
      })
      cancelLinger()
      if (answered || message.id === undefined || signal.aborted) return
      if (overflowed) throw this.#tooLarge()
      const broken =
        end.kind === 'broken'
          ? networkError(target, end.error, true)
          : target.error(
              `${target.label} ended its answer's stream without the answer. The server may have crashed or been restarted. Try again, and look at the server's own log.`,
            )
      fruitless = reader.count > before ? 0 : fruitless + 1
      if (reader.lastEventId === undefined || fruitless > maxFruitlessResumes) {
        throw new RemoteFailure(broken, true)
      }
      current = await this.#resume(reader, signal, fruitless)
    }
  }

  /** Opens a broken stream again where it broke (MCP 2025-11-25, "Resumability and Redelivery"). */
  async #resume(reader: SseReader, signal: AbortSignal, fruitless: number): Promise<RemoteAnswer> {
    const { clock, client, host, reconnectMs } = this.#context
    for (let attempt = fruitless; ; attempt++) {
      await delay(clock, reader.reconnectDelayMs(attempt, reconnectMs), signal)
      signal.throwIfAborted()
      reader.restart()
      const headers = this.#headers({
        accept: eventStream,
        'last-event-id': reader.lastEventId ?? '',
      })
      let answer: RemoteAnswer
      try {
        answer = await client.exchange({ method: 'GET', headers, signal })
      } catch (thrown) {
        // The server may be on its way up again.
        if (signal.aborted || attempt >= maxFruitlessResumes) throw asLost(thrown)
        continue
      }
      if (answer.status === 200 && mediaType(answer.headers['content-type']) === eventStream) {
        return answer
      }
      const body = await errorBody(this.#context, answer)
      if (answer.status < 500 || attempt >= maxFruitlessResumes) {
        if (answer.status === 404 && this.#sessionId !== undefined) host.lost(this.#goneMessage())
        throw refusal(this.#context, 'GET', answer, body, 'The answer is lost. Try again.')
      }
    }
  }

  async #refused(
    delivery: Delivery,
    answer: RemoteAnswer,
    probe: Probe | undefined,
  ): Promise<void> {
    const { message } = delivery
    const { host, target } = this.#context
    const body = await errorBody(this.#context, answer)
    if (delivery.signal.aborted) return
    if (this.#sessionId !== undefined && saysSessionGone(answer.status, body)) {
      // Refused before it was looked at: as good as never sent, so that it may be sent to the next session.
      if (message.id !== undefined) {
        host.failed(message.id, target.error(this.#goneMessage(), {}, 'session_not_found'), false)
      }
      host.lost(this.#goneMessage())
      return
    }
    if (probe !== undefined && isUnsupported(answer.status) && answeredId(body) !== message.id) {
      probe.unsupported(refusal(this.#context, 'POST', answer, body, ''))
      return
    }
    deliverRefusal(this.#context, message, answer, body, this.#notFoundHint)
  }

  #goneMessage(): string {
    return `The server at ${this.#context.target.label} has ended the session. It may have been restarted, or the session was idle for too long. A new one is begun by the next request.`
  }
}

/** Whatever became of the attempt to resume: the request itself had been sent. */
function asLost(thrown: unknown): unknown {
  return thrown instanceof RemoteFailure ? new RemoteFailure(thrown.error, true) : thrown
}

/** A 4xx that says "not like this", not "not you" or "not now" (MCP 2025-11-25, "Backwards Compatibility"). */
function isUnsupported(status: number): boolean {
  return status >= 400 && status < 500 && ![401, 403, 407, 408, 429].includes(status)
}

/**
 * 404 is what the specification wants for a session that is gone. Many servers made from the SDK's examples answer 400
 * with a JSON-RPC error instead. A 404 may also be the answer to a method that the server does not know.
 */
function saysSessionGone(status: number, body: Buffer): boolean {
  if (status !== 404 && status !== 400) return false
  let code: unknown
  let text: unknown
  try {
    const parsed: unknown = JSON.parse(body.toString())
    if (typeof parsed === 'object' && parsed !== null && 'error' in parsed) {
      const { error } = parsed
      if (typeof error === 'object' && error !== null) {
        if ('code' in error) ({ code } = error)
        if ('message' in error) text = error.message
      }
    }
  } catch {
    // No JSON: the status alone has to do.
  }
  if (status === 404) return code !== -32601
  return (
    (code === -32000 || code === -32001) &&
    typeof text === 'string' &&
    /session|not initialized/i.test(text)
  )
}
