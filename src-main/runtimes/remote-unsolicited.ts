import { asGatewayError } from '../../src-shared/errors.ts'
import { delay, eventStream, mediaType, messagesIn, type CarrierContext } from './remote-carrier.ts'
import { discard, readBody, type RemoteAnswer } from './remote-exchange.ts'
import { RemoteFailure } from './remote-failure.ts'
import type { RemoteSession } from './remote-session.ts'
import { SseReader } from './sse-reader.ts'

/** A stream that lived so long has worked: the next break starts the backoff anew. */
const provenMs = 10_000

/** The GET stream of Streamable HTTP: what the server says of its own accord. Opened again whenever it breaks. */
export class UnsolicitedStream {
  readonly #context: CarrierContext
  readonly #session: RemoteSession
  readonly #stopped = new AbortController()
  readonly #reader: SseReader
  #started = false
  #hasOpened = false

  constructor(context: CarrierContext, session: RemoteSession) {
    this.#context = context
    this.#session = session
    this.#reader = new SseReader(context.createSseParser, context.maxMessageBytes, {
      event: ({ type, data }) => {
        if (type !== 'message') return
        for (const one of messagesIn(data)) context.host.message(one)
      },
      tooLarge: () =>
        context.host.log('The server sent a notification that is too large; it was dropped.'),
    })
  }

  /** Once; later calls do nothing. */
  start(): void {
    if (this.#started) return
    this.#started = true
    void this.#keepOpen()
  }

  stop(): void {
    this.#stopped.abort()
  }

  async #keepOpen(): Promise<void> {
    const { clock, reconnectMs, host } = this.#context
    const { signal } = this.#stopped
    let failures = 0
    while (!signal.aborted) {
      const since = clock.now()
      const before = this.#reader.count
      let why: string
      try {
        const answer = await this.#open()
        if (answer === undefined) return
        why = await this.#read(answer)
      } catch (thrown) {
        why = asGatewayError(thrown).message
      }
      if (signal.aborted) return
      const proven = this.#reader.count > before || clock.now() - since >= provenMs
      failures = proven ? 0 : failures + 1
      // A server that polls drops the stream again and again: only trouble is worth a line, and only once.
      if (failures === 2) host.log(`The server's own notifications do not come through. ${why}`)
      await delay(clock, this.#reader.reconnectDelayMs(failures, reconnectMs), signal)
    }
  }

  /** The open stream; undefined if the server has none. */
  async #open(): Promise<RemoteAnswer | undefined> {
    const { client, host, target } = this.#context
    const headers = this.#session.headers({ accept: eventStream })
    if (this.#reader.lastEventId !== undefined) headers['last-event-id'] = this.#reader.lastEventId
    const answer = await client.exchange({ method: 'GET', headers, signal: this.#stopped.signal })
    const { status } = answer
    if (status === 200 && mediaType(answer.headers['content-type']) === eventStream) {
      this.#hasOpened = true
      return answer
    }
    discard(answer.body)
    if (status >= 500 || status === 429 || status === 408) {
      throw new RemoteFailure(target.error(`${target.label} answered ${status} to GET.`), true)
    }
    // A server without such a stream should say 405; many just do not know the route. Once it was there, 404 is news.
    if (status === 404 && this.#hasOpened) this.#session.ended()
    else if (status !== 405) {
      host.log(`${target.label} answered ${status} to GET: it sends no notifications of its own.`)
    }
    return undefined
  }

  /** Why it ended. */
  async #read(answer: RemoteAnswer): Promise<string> {
    this.#reader.restart()
    const end = await readBody(answer.body, (chunk) => {
      this.#reader.push(chunk)
      return true
    })
    return end.kind === 'broken' ? 'The stream broke.' : 'The server ended the stream.'
  }
}
