import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { Channel } from './client-reply.ts'
import { errorBody, errorMessage, isRequest, readEnvelope } from './envelope.ts'
import type { Envelope } from './envelope.ts'
import { JsonSyntaxError, skipValue, skipWhitespace, slice } from './json-spans.ts'
import { mayBeModern, readMeta } from './modern-message.ts'

/** The one revision that has batches (2025-03-26 basic, Batching). */
export const batchVersion = '2025-03-26'
/** Messages in one batch. */
const maxMessages = 100

const openBracket = 0x5b
const closeBracket = 0x5d
const comma = 0x2c

/** True if the text is an array, and so no single message. */
export function isBatch(bytes: Buffer): boolean {
  return bytes[skipWhitespace(bytes, 0)] === openBracket
}

/** One member of a batch: a message, or why it is none. */
type BatchMember = Envelope | GatewayError

function readMember(bytes: Buffer): BatchMember {
  try {
    if (bytes[0] === openBracket)
      throw new GatewayError('bad_request', 'A batch must not contain another batch.')
    const envelope = readEnvelope(bytes)
    if (mayBeModern(envelope) && readMeta(envelope)?.protocolVersion)
      throw new GatewayError(
        'bad_request',
        'Batches are not part of the protocol version that this message names.',
      )
    return envelope
  } catch (error) {
    return asGatewayError(error)
  }
}

/** The messages of a batch, as they were written. */
export class Batch {
  readonly #members: readonly BatchMember[]

  private constructor(members: readonly BatchMember[]) {
    this.#members = members
  }

  /** Throws GatewayError `parse_error`, or `bad_request` for an empty one or one that is too long. */
  static read(bytes: Buffer): Batch {
    try {
      return new Batch(readMembers(bytes))
    } catch (error) {
      if (error instanceof JsonSyntaxError) throw new GatewayError('parse_error', error.message)
      throw error
    }
  }

  get hasRequest(): boolean {
    return this.#members.some((member) => !(member instanceof GatewayError) && isRequest(member))
  }

  /** True if anything in it is answered: a request, or what is no message. */
  get isAnswered(): boolean {
    return this.hasRequest || this.#members.some((member) => member instanceof GatewayError)
  }

  /** Hands each message on as if it had come alone; the answers go back together. */
  deliver(way: BatchWay, receive: (envelope: Envelope, channel: Channel) => void): void {
    const answers = new BatchAnswers(way)
    for (const member of this.#members) {
      if (member instanceof GatewayError) {
        answers.expect(undefined).respond(errorMessage(undefined, errorBody(member)))
        continue
      }
      // Only requests are answered: the others get a channel that stays silent.
      const channel = isRequest(member) ? answers.expect(slice(member.bytes, member.id)) : silent
      // 2025-03-26 basic/lifecycle, Initialization.
      if (isRequest(member) && member.method === 'initialize')
        channel.respond(errorMessage(slice(member.bytes, member.id), errorBody(noInitialize())))
      else receive(member, channel)
    }
    answers.seal()
  }
}

const silent: Channel = { respond() {}, send: () => false, abandon() {} }

function noInitialize(): GatewayError {
  return new GatewayError('bad_request', '`initialize` must not be part of a batch.')
}

/** The array is read member by member: a long one must not cost more than its bytes. */
function readMembers(bytes: Buffer): BatchMember[] {
  const members: BatchMember[] = []
  let at = skipWhitespace(bytes, skipWhitespace(bytes, 0) + 1)
  if (bytes[at] === closeBracket)
    throw new GatewayError('bad_request', 'The batch is empty. Send at least one message.')
  for (;;) {
    const end = skipValue(bytes, at)
    if (members.length === maxMessages)
      throw new GatewayError('bad_request', `A batch may have at most ${maxMessages} messages.`)
    members.push(readMember(bytes.subarray(at, end)))
    at = skipWhitespace(bytes, end)
    if (bytes[at] === closeBracket) break
    if (bytes[at] !== comma) throw new JsonSyntaxError(at, "expected ',' or ']'")
    at = skipWhitespace(bytes, at + 1)
  }
  if (skipWhitespace(bytes, at + 1) !== bytes.length)
    throw new JsonSyntaxError(at + 1, 'more text after the end of the batch')
  return members
}

/** Where the answers of a batch go. */
export interface BatchWay extends Channel {
  /**
   * One answer of several, as an event of its own; `id` is its request's (JSON). Absent where the way is shared with
   * other messages: there the answers go as one array, whatever came before them.
   */
  answer?(message: readonly Buffer[], id: Buffer | undefined): void
}

const arrayStart = Buffer.from('[')
const arrayComma = Buffer.from(',')
const arrayEnd = Buffer.from(']')

/** Collects answers for one array; once something has to be sent before them, they go one by one. */
class BatchAnswers {
  readonly #way: BatchWay
  #answers: { message: readonly Buffer[]; id: Buffer | undefined }[] = []
  #isStream = false
  /** Answers to come, and the end of the batch itself. */
  #open = 1

  constructor(way: BatchWay) {
    this.#way = way
  }

  /** The way back for one request. */
  expect(id: Buffer | undefined): Channel {
    this.#open++
    return {
      respond: (message) => {
        if (this.#isStream) this.#way.answer?.(message, id)
        else this.#answers.push({ message, id })
        this.#less()
      },
      send: (message) => this.#send(message),
      abandon: () => this.#less(),
    }
  }

  /** All messages were handed on. */
  seal(): void {
    this.#less()
  }

  #send(message: readonly Buffer[]): boolean {
    if (!this.#way.send(message)) return false
    if (this.#way.answer && !this.#isStream) {
      this.#isStream = true
      for (const { message: answer, id } of this.#answers) this.#way.answer(answer, id)
      this.#answers = []
    }
    return true
  }

  #less(): void {
    if (--this.#open > 0) return
    // A stream has nothing left to wait for; and a batch of cancelled requests has no answer.
    if (this.#isStream || this.#answers.length === 0) return this.#way.abandon()
    const all = this.#answers.flatMap(({ message }) => [arrayComma, ...message])
    this.#way.respond([arrayStart, ...all.slice(1), arrayEnd])
  }
}
