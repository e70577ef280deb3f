import {
  answeredId,
  delay,
  eventStream,
  mediaType,
  messagesIn,
  type CarrierContext,
} from './remote-carrier.ts'
import { readBody, type RemoteAnswer } from './remote-exchange.ts'
import { answerTooLarge, networkError, RemoteFailure } from './remote-failure.ts'
import { errorBody, refusal, type Delivery } from './remote-posts.ts'
import type { RemoteSession } from './remote-session.ts'
import { SseReader } from './sse-reader.ts'

/** How often a broken stream is resumed without a new event on it. */
const maxFruitlessResumes = 5
/** A server should end a stream after the answer; one that does not is helped. */
const afterAnswerMs = 2_000

/**
 * Reads the event stream that answers a POST, and its continuations, until the answer has come. Rejects with
 * RemoteFailure if it does not come.
 */
export async function readAnswerStream(
  context: CarrierContext,
  session: RemoteSession,
  delivery: Delivery,
  first: RemoteAnswer,
): Promise<void> {
  const { host, clock, target } = context
  const { message, signal } = delivery
  let current = first
  let answered = false
  let overflowed = false
  let cancelLinger = () => {}
  const reader = new SseReader(context.createSseParser, context.maxMessageBytes, {
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
      // What is too large may or may not be the answer. To wait on would be to hope.
      overflowed ||= reader.isSkipping
      return !overflowed || answered
    })
    cancelLinger()
    if (answered || message.id === undefined || signal.aborted) return
    if (overflowed) throw new RemoteFailure(answerTooLarge(target, context.maxMessageBytes), true)
    fruitless = reader.count > before ? 0 : fruitless + 1
    if (reader.lastEventId === undefined || fruitless > maxFruitlessResumes) {
      const error =
        end.kind === 'broken'
          ? networkError(target, end.error, true)
          : target.error(
              `${target.label} ended its answer's stream without the answer. The server may have crashed or been restarted. Try again, and look at the server's own log.`,
            )
      throw new RemoteFailure(error, true)
    }
    current = await resume(context, session, reader, signal, fruitless)
  }
}

/** Opens a broken stream again where it broke (MCP 2025-11-25, "Resumability and Redelivery"). */
async function resume(
  context: CarrierContext,
  session: RemoteSession,
  reader: SseReader,
  signal: AbortSignal,
  fruitless: number,
): Promise<RemoteAnswer> {
  const { clock, client, reconnectMs } = context
  for (let attempt = fruitless; ; attempt++) {
    await delay(clock, reader.reconnectDelayMs(attempt, reconnectMs), signal)
    signal.throwIfAborted()
    reader.restart()
    const lastEventId = reader.lastEventId ?? ''
    const headers = session.headers({ accept: eventStream, 'last-event-id': lastEventId })
    const isLast = attempt >= maxFruitlessResumes
    let answer: RemoteAnswer
    try {
      answer = await client.exchange({ method: 'GET', headers, signal })
    } catch (thrown) {
      // The server may be on its way up again.
      if (!signal.aborted && !isLast) continue
      // Whatever became of this attempt: the request itself had been sent.
      throw thrown instanceof RemoteFailure ? new RemoteFailure(thrown.error, true) : thrown
    }
    if (answer.status === 200 && mediaType(answer.headers['content-type']) === eventStream) {
      return answer
    }
    const body = await errorBody(context, answer)
    if (answer.status < 500 || isLast) {
      if (answer.status === 404 && session.exists) session.ended()
      throw refusal(context, 'GET', answer, body, 'The answer is lost. Try again.')
    }
  }
}
