import { readAnswerStream } from './remote-answer-stream.ts'
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
import { discard, wholeBody, type RemoteAnswer } from './remote-exchange.ts'
import { answerTooLarge, networkError, RemoteFailure, snippet } from './remote-failure.ts'
import { deliverRefusal, errorBody, refusal, RemotePosts, type Delivery } from './remote-posts.ts'
import { RemoteSession, saysSessionGone } from './remote-session.ts'
import { UnsolicitedStream } from './remote-unsolicited.ts'

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
  readonly #session: RemoteSession
  readonly #notFoundHint: string
  readonly #unsolicited: UnsolicitedStream
  /** Resolved once the server has accepted `notifications/initialized`; undefined before that is sent. */
  #initialized: Promise<void> | undefined

  constructor(context: CarrierContext, notFoundHint: string) {
    this.#context = context
    this.#posts = new RemotePosts(context)
    this.#session = new RemoteSession(context)
    this.#notFoundHint = notFoundHint
    this.#unsolicited = new UnsolicitedStream(context, this.#session)
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
    this.#session.negotiated(protocolVersion)
  }

  forget(id: number): void {
    this.#posts.forget(id)
  }

  unsent(): number[] {
    return this.#posts.unsent()
  }

  abort(): void {
    this.#posts.abort()
    this.#unsolicited.stop()
  }

  async sayGoodbye(maxMs: number): Promise<void> {
    if (!this.#session.exists) return
    const limit = new AbortController()
    const cancel = this.#context.clock.after(maxMs, () => limit.abort())
    try {
      const headers = this.#session.headers({})
      const { signal } = limit
      const answer = await this.#context.client.exchange({ method: 'DELETE', headers, signal })
      discard(answer.body)
    } catch {
      // The session is forgotten here either way; the server lets it expire.
    } finally {
      cancel()
    }
  }

  async #deliver(delivery: Delivery, probe: Probe | undefined): Promise<void> {
    await this.#turn(delivery)
    const accepted = await this.#session.hearing(async () => {
      try {
        const answer = await this.#post(delivery)
        if (answer.status >= 200 && answer.status < 300) {
          probe?.settled(true)
          return answer
        }
        await this.#refused(delivery, answer, probe)
      } finally {
        probe?.settled(false)
      }
    })
    if (accepted !== undefined) await this.#accepted(delivery, accepted)
  }

  /** Holds back requests that would come too early, or to a session that is known to be gone. */
  async #turn({ message, signal }: Delivery): Promise<void> {
    if (message.id !== undefined) await this.#initialized
    if (this.#session.isEnding)
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    signal.throwIfAborted()
  }

  async #post(delivery: Delivery): Promise<RemoteAnswer> {
    delivery.sending()
    const answer = await this.#context.client.exchange({
      method: 'POST',
      headers: {
        ...this.#session.headers({ accept: bothTypes, 'content-type': 'application/json' }),
        ...delivery.message.headers,
      },
      body: delivery.message.chunks,
      signal: delivery.signal,
    })
    this.#session.learn(answer)
    return answer
  }

  async #accepted(delivery: Delivery, answer: RemoteAnswer): Promise<void> {
    const { message } = delivery
    const type = mediaType(answer.headers['content-type'])
    const isRequest = message.id !== undefined
    if (!isRequest && methodOf(message) === 'notifications/initialized') this.#unsolicited.start()
    if (type === eventStream) {
      await readAnswerStream(this.#context, this.#session, delivery, answer)
    } else if (type === 'application/json') {
      await (isRequest ? this.#readJson(message.id, answer) : this.#readStray(answer))
    } else if (isRequest) await this.#notMcp(answer)
    else discard(answer.body)
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
    if (end.kind === 'stopped') {
      throw new RemoteFailure(answerTooLarge(target, maxMessageBytes), true)
    }
    if (end.kind === 'broken') throw new RemoteFailure(networkError(target, end.error, true), true)
    const messages = messagesIn(bytes)
    for (const one of messages) host.message(one, id)
    if (messages.some((one) => answeredId(one) === id)) return
    const error = target.error(
      `${target.label} answered ${answer.status} without an answer to the request. It may not be an MCP server, or has a bug.${snippet(target, bytes)}`,
    )
    throw new RemoteFailure(error, true)
  }

  async #notMcp(answer: RemoteAnswer): Promise<never> {
    const { target } = this.#context
    const type = answer.headers['content-type'] ?? 'no content'
    const body = await errorBody(this.#context, answer)
    const error = target.error(
      `${target.label} answered ${answer.status} with ${type} where MCP wants application/json or ${eventStream}. Check that \`url\` is the server's MCP endpoint and not a web page.${snippet(target, body)}`,
    )
    throw new RemoteFailure(error, true)
  }

  async #refused(
    { message, signal }: Delivery,
    answer: RemoteAnswer,
    probe: Probe | undefined,
  ): Promise<void> {
    const body = await errorBody(this.#context, answer)
    if (signal.aborted) return
    if (this.#session.exists && saysSessionGone(answer.status, body)) {
      this.#session.ended(message.id)
    } else if (
      probe !== undefined &&
      isUnsupported(answer.status) &&
      answeredId(body) !== message.id
    ) {
      probe.unsupported(refusal(this.#context, 'POST', answer, body, ''))
    } else deliverRefusal(this.#context, message, answer, body, this.#notFoundHint)
  }
}

/** A 4xx that says "not like this", not "not you" or "not now" (MCP 2025-11-25, "Backwards Compatibility"). */
function isUnsupported(status: number): boolean {
  return status >= 400 && status < 500 && ![401, 403, 407, 408, 429].includes(status)
}
