import {
  answeredId,
  eventStream,
  mediaType,
  messagesIn,
  type Carrier,
  type CarrierContext,
  type Outgoing,
} from './remote-carrier.ts'
import { discard, readBody, type RemoteAnswer } from './remote-exchange.ts'
import { answerTooLarge, RemoteFailure, snippet } from './remote-failure.ts'
import { deliverRefusal, errorBody, refusal, RemotePosts, type Delivery } from './remote-posts.ts'
import { maskedUrl } from './remote-target.ts'
import { SseReader } from './sse-reader.ts'

/** The client's side of HTTP+SSE (MCP 2024-11-05, "Transports"): one stream from the server, POSTs to it. */
export class EventStreamCarrier implements Carrier {
  readonly #context: CarrierContext
  readonly #posts: RemotePosts
  readonly #stopped = new AbortController()
  /** Requests that have been posted and not been answered. */
  readonly #unanswered = new Set<number>()
  #endpoint: URL | undefined
  #protocolVersion: string | undefined

  constructor(context: CarrierContext) {
    this.#context = context
    this.#posts = new RemotePosts(context)
  }

  /** Opens the stream; resolves when the server has named the endpoint for POSTs. Rejects with RemoteFailure. */
  async connect(): Promise<void> {
    const { client, clock, target, endpointTimeoutMs } = this.#context
    let timedOut = false
    const cancelTimeout = clock.after(endpointTimeoutMs, () => {
      timedOut = true
      this.#stopped.abort()
    })
    try {
      const answer = await client.exchange({
        method: 'GET',
        headers: this.#headers({ accept: eventStream }),
        signal: this.#stopped.signal,
      })
      await this.#read(answer)
    } catch (thrown) {
      if (!timedOut) throw thrown
      throw new RemoteFailure(
        target.error(
          `${target.label} named no endpoint for messages within ${endpointTimeoutMs / 1000} s. Check that \`url\` is the server's SSE endpoint.`,
          { cause: thrown },
          'server_timeout',
        ),
        true,
      )
    } finally {
      cancelTimeout()
    }
  }

  send(message: Outgoing): void {
    void this.#posts.run(message, (delivery) => this.#post(delivery))
  }

  negotiated(protocolVersion: string): void {
    if (/^[\x21-\x7e]{1,64}$/.test(protocolVersion)) this.#protocolVersion = protocolVersion
  }

  forget(id: number): void {
    this.#posts.forget(id)
    this.#unanswered.delete(id)
  }

  unsent(): number[] {
    return this.#posts.unsent()
  }

  abort(): void {
    this.#posts.abort()
    this.#stopped.abort()
  }

  /** The end of the stream is the goodbye. */
  sayGoodbye(): Promise<void> {
    return Promise.resolve()
  }

  #headers(own: Record<string, string>): Record<string, string> {
    return this.#protocolVersion === undefined
      ? own
      : { ...own, 'mcp-protocol-version': this.#protocolVersion }
  }

  async #post(delivery: Delivery): Promise<void> {
    const { message, signal } = delivery
    const { client, target } = this.#context
    if (this.#endpoint === undefined) {
      throw new RemoteFailure(target.error('the event stream is not open.'), false)
    }
    delivery.sending()
    if (message.id !== undefined) this.#unanswered.add(message.id)
    try {
      const answer = await client.exchange({
        method: 'POST',
        url: this.#endpoint,
        headers: this.#headers({ 'content-type': 'application/json' }),
        body: message.chunks,
        signal,
      })
      if (answer.status >= 200 && answer.status < 300) {
        discard(answer.body)
        return
      }
      const body = await errorBody(this.#context, answer)
      if (signal.aborted) return
      const hint = 'The server may have ended the session, or have been restarted.'
      deliverRefusal(this.#context, message, answer, body, hint)
      if (message.id !== undefined) this.#unanswered.delete(message.id)
    } catch (thrown) {
      if (message.id !== undefined) this.#unanswered.delete(message.id)
      throw thrown
    }
  }

  /** Resolves at the endpoint event; goes on reading after it. */
  async #read(answer: RemoteAnswer): Promise<void> {
    const { host, target, createSseParser, maxMessageBytes } = this.#context
    const type = mediaType(answer.headers['content-type'])
    if (answer.status !== 200 || type !== eventStream) {
      const body = await errorBody(this.#context, answer)
      if (answer.status !== 200) throw refusal(this.#context, 'GET', answer, body, 'Check `url`.')
      throw new RemoteFailure(
        target.error(
          `${target.label} answered GET with ${type === '' ? 'no content type' : type} where MCP wants ${eventStream}. Check that \`url\` is the server's SSE endpoint.${snippet(target, body)}`,
        ),
        true,
      )
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const reader = new SseReader(createSseParser, maxMessageBytes, {
      event: ({ type: event, data }) => {
        if (event === 'endpoint' && this.#endpoint === undefined) {
          try {
            this.#endpoint = this.#checkedEndpoint(data.toString(), answer.url)
            resolve()
          } catch (thrown) {
            reject(thrown)
            this.#stopped.abort()
          }
        } else if (event === 'message') this.#receive(data)
      },
      tooLarge: (tail) => this.#dropped(tail),
    })
    void readBody(answer.body, (chunk) => {
      reader.push(chunk)
      return true
    }).then((end) => {
      const how = end.kind === 'broken' ? 'broke' : 'was ended by the server'
      if (this.#endpoint === undefined) {
        const error = target.error(
          `the event stream ${how} before it named an endpoint for messages. Check that \`url\` is the server's SSE endpoint.`,
        )
        reject(new RemoteFailure(error, true))
      } else if (!this.#stopped.signal.aborted) {
        host.lost(
          `The event stream of ${target.label} ${how}. The server may have crashed or been restarted.`,
        )
      }
    })
    await promise
  }

  #checkedEndpoint(text: string, base: URL): URL {
    const { target } = this.#context
    const endpoint = URL.parse(text.trim(), base.href)
    if (endpoint === null) {
      throw new RemoteFailure(
        target.error(
          `${target.label} named an endpoint for messages that is no URL. This is a fault of the server.`,
        ),
        true,
      )
    }
    if (endpoint.origin !== base.origin) {
      throw new RemoteFailure(
        target.error(
          `${target.label} wants its messages at ${maskedUrl(endpoint)}. That is another origin, and the configured headers are sent to none but the configured one. If the new address is right, write its origin into \`url\`.`,
        ),
        true,
      )
    }
    endpoint.username = ''
    endpoint.password = ''
    endpoint.hash = ''
    for (const value of endpoint.searchParams.values()) target.addSecret(value)
    return endpoint
  }

  #receive(data: Buffer): void {
    for (const one of messagesIn(data)) {
      const id = answeredId(one)
      if (id !== undefined) this.#unanswered.delete(id)
      this.#context.host.message(one)
    }
  }

  /** A message over the limit was skipped. Whose answer it was is told by its end, or by there being only one. */
  #dropped(tail: Buffer): void {
    const { host, target, maxMessageBytes } = this.#context
    const named = /"id"\s*:\s*(\d+)\s*\}\s*$/.exec(tail.toString('latin1'))?.[1]
    const [first] = this.#unanswered
    const id =
      named === undefined ? (this.#unanswered.size === 1 ? first : undefined) : Number(named)
    if (id === undefined || !this.#unanswered.delete(id)) {
      host.log(`The server sent a message that is too large; it was dropped.`)
      return
    }
    host.failed(id, answerTooLarge(target, maxMessageBytes), true)
  }
}
