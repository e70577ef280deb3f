import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { Clock } from '../servers/clock.ts'
import type { AskHandle, Caller, CallHandle, ClientAnswer, Era, Reply } from './caller.ts'
import type { ClientReply } from './client-reply.ts'
import { readEnvelope, resultMessage } from './envelope.ts'
import type { Envelope, RequestEnvelope } from './envelope.ts'
import { eachMember, isObject, member, parseSpan, slice, stringAt } from './json-spans.ts'
import type { Span } from './json-spans.ts'

/** A parked call whose client does not come back within this is cancelled: a person may be thinking. */
const parkedMs = 10 * 60_000
/**
 * What a server asks with no longer pause than this goes to the client in one result: a server that asks for several
 * things writes one after another, and on the way out of a container each may wait for the processor.
 */
const pauseMs = 40
/** After the first question nobody waits longer than this for more. */
const togetherMs = 200
/** Parked calls at once; past it a question fails. */
const maxParked = 1_000

/** What a request must share with the one that was parked. */
interface Binding {
  principal: string
  /** Empty on the aggregate endpoint. */
  serverId: string
  request: RequestEnvelope
}

/**
 * Modern clients in front of legacy servers (2026-07-28 basic/patterns/mrtr): the server's question is a request of
 * its own, the client expects it inside a result. So the call is parked at the server, its client gets
 * `input_required` with a handle, and the retry with the answers takes the call up again. The handle is random, signed
 * and bound to principal, endpoint, request and time; it says nothing and opens nothing else.
 */
export class ParkedCalls {
  readonly #clock: Clock
  readonly #key = randomBytes(32)
  /** Tells our handles from a server's own, and from those of another gateway behind this one. */
  readonly #prefix = `omg1.${randomBytes(6).toString('base64url')}.`
  readonly #parked = new Map<string, ParkableReply>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#parked.size
  }

  /** The handle of a request that is a retry, or undefined if it carries none of ours. */
  handleOf(request: RequestEnvelope): string | undefined {
    const state = stringAt(request.bytes, member(request.bytes, request.params, 'requestState'))
    return state?.startsWith(this.#prefix) ? state : undefined
  }

  /** Takes a parked call up again. Throws GatewayError `invalid_params` for a handle that is not this request's. */
  resume(handle: string, binding: Binding, reply: ClientReply): ParkableReply {
    const [id = '', signature = ''] = handle.slice(this.#prefix.length).split('.')
    const parked = this.#parked.get(id)
    const given = Buffer.from(signature, 'base64url')
    const right = parked && this.#sign(id, binding)
    if (!parked || !right || given.length !== right.length || !timingSafeEqual(given, right))
      throw new GatewayError(
        'invalid_params',
        'The requestState is not known, has expired, or belongs to another request. Send the request anew without it.',
      )
    this.#parked.delete(id)
    parked.resume(reply)
    return parked
  }

  /** A reply that can be parked, for a request that may be asked for input. */
  reply(binding: Binding, reply: ClientReply): ParkableReply {
    return new ParkableReply(reply, this.#clock, (parkable) => this.#park(parkable, binding))
  }

  /** The calls of a client that is gone are given up. */
  forget(caller: Caller): void {
    for (const parked of this.#parked.values())
      if (parked.caller === caller) parked.cancel('The client has gone.')
  }

  /** All calls are given up. */
  close(): void {
    for (const parked of this.#parked.values()) parked.cancel('The gateway stops.')
    this.#parked.clear()
  }

  #park(parkable: ParkableReply, binding: Binding): string | undefined {
    if (this.#parked.size >= maxParked) return undefined
    const id = randomBytes(24).toString('base64url')
    this.#parked.set(id, parkable)
    parkable.onGone = () => this.#parked.delete(id)
    return `${this.#prefix}${id}.${this.#sign(id, binding).toString('base64url')}`
  }

  #sign(id: string, { principal, serverId, request }: Binding): Buffer {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([id, principal, serverId, request.method, digest(request)]))
      .digest()
  }
}

/** What the request asks for, whatever its metadata and answers. */
function digest({ bytes, params }: RequestEnvelope): string {
  const hash = createHash('sha256')
  const parts: string[] = []
  if (params)
    eachMember(bytes, params.start, (key, value) => {
      if (key === '_meta' || key === 'inputResponses' || key === 'requestState') return
      parts.push(`${JSON.stringify(key)}:${normal(bytes, value)}`)
    })
  return hash.update(parts.toSorted().join(',')).digest('base64url')
}

/** The value however it was spaced and escaped. */
function normal(bytes: Buffer, value: Span): string {
  try {
    return JSON.stringify(parseSpan(bytes, value))
  } catch {
    // Nested so deeply that it cannot be walked: then it has to come again as it came.
    return slice(bytes, value).toString('latin1')
  }
}

interface Question {
  request: RequestEnvelope
  answer: ClientAnswer
}

/** The way back of a call that outlives the request which began it. */
export class ParkableReply implements Reply, CallHandle {
  readonly caller: Caller
  /** Of the call at the server; set when it is sent. */
  handle: CallHandle | undefined
  onGone: (() => void) | undefined
  readonly #clock: Clock
  readonly #park: (reply: ParkableReply) => string | undefined
  /** The request that waits for an answer now; undefined while the call is parked. */
  #current: ClientReply | undefined
  #finished: ((reply: ClientReply) => void) | undefined
  readonly #questions = new Map<string, Question>()
  #nextKey = 1
  /** When the first of the questions came that wait to be sent together. */
  #gatheringSince: number | undefined
  #stopGathering = (): void => {}
  #stopTimer = (): void => {}

  constructor(
    reply: ClientReply,
    clock: Clock,
    park: (reply: ParkableReply) => string | undefined,
  ) {
    this.caller = reply.caller
    this.#current = reply
    this.#clock = clock
    this.#park = park
  }

  get root(): Reply {
    return this
  }

  answer(response: Envelope, era: Era): void {
    this.#finish((reply) => reply.answer(response, era))
  }

  fail(error: GatewayError): void {
    this.#finish((reply) => reply.fail(error))
  }

  notify(message: readonly Buffer[]): boolean {
    return this.#current?.notify(message) ?? false
  }

  /** A question of the server in the course of this call. */
  ask(request: RequestEnvelope, answer: ClientAnswer): AskHandle {
    const key = `${request.method}#${this.#nextKey++}`
    this.#questions.set(key, { request, answer })
    this.#flushSoon()
    return { cancel: () => this.#questions.delete(key) }
  }

  /** The client has come back, with answers in `inputResponses`. */
  resume(reply: ClientReply): void {
    this.#stopTimer()
    this.onGone = undefined
    if (this.#finished) return this.#finished(reply)
    this.#current = reply
    const { bytes, params } = reply.request
    const responses = member(bytes, params, 'inputResponses')
    if (responses && isObject(bytes, responses))
      eachMember(bytes, responses.start, (key, value) => {
        const question = this.#questions.get(key)
        // What is no result is no answer either.
        if (!question || !isObject(bytes, value)) return
        this.#questions.delete(key)
        const json = resultMessage(Buffer.from('0'), [slice(bytes, value)])
        question.answer.answer(readEnvelope(Buffer.concat(json)))
      })
    // What was not answered is asked for again (mrtr, Error Handling).
    if (this.#questions.size > 0) this.#flushSoon()
  }

  /** The handle of one of its requests: once the call is parked, or taken up by another, its end is not the call's. */
  during(reply: ClientReply): CallHandle {
    return {
      cancel: (reason) => {
        if (this.#current === reply) this.cancel(reason)
      },
    }
  }

  /** Gives the call up, parked or not. */
  cancel(reason?: string): void {
    this.#stopTimer()
    this.onGone?.()
    this.#current = undefined
    this.#finished ??= () => {}
    this.handle?.cancel(reason)
    this.#failQuestions(new GatewayError('cancelled', 'The client has cancelled the call.'))
  }

  #finish(deliver: (reply: ClientReply) => void): void {
    if (this.#finished) return
    // First: what cannot be delivered throws, and is failed then.
    if (this.#current) deliver(this.#current)
    this.#finished = deliver
  }

  /** Each question that comes in meanwhile puts it off. */
  #flushSoon(): void {
    const now = this.#clock.now()
    this.#gatheringSince ??= now
    const left = this.#gatheringSince + togetherMs - now
    const flush = (): void => {
      this.#gatheringSince = undefined
      this.#stopGathering()
      try {
        this.#flush()
      } catch (error) {
        this.#failQuestions(asGatewayError(error))
      }
    }
    this.#stopGathering()
    // What has come in meanwhile is read before, even if this process was busy.
    this.#stopGathering = this.#clock.after(Math.max(0, Math.min(pauseMs, left)), () =>
      setImmediate(flush),
    )
  }

  #flush(): void {
    const reply = this.#current
    if (!reply || this.#finished || this.#questions.size === 0) return
    const state = this.#park(this)
    if (state === undefined) {
      this.#failQuestions(new GatewayError('too_many', 'Too many calls wait for input.'))
      return
    }
    this.#current = undefined
    this.#stopTimer = this.#clock.after(parkedMs, () =>
      this.cancel('Its client did not come back.'),
    )
    const requests = [...this.#questions].map(([key, { request }]) => {
      const { bytes, params } = request
      const method = `"method":${JSON.stringify(request.method)}`
      const json = params
        ? `{${method},"params":${slice(bytes, params).toString()}}`
        : `{${method}}`
      return `${JSON.stringify(key)}:${json}`
    })
    reply.result(
      Buffer.from(
        `{"resultType":"input_required","inputRequests":{${requests.join(',')}},"requestState":${JSON.stringify(state)}}`,
      ),
    )
  }

  #failQuestions(error: GatewayError): void {
    const questions = [...this.#questions.values()]
    this.#questions.clear()
    for (const { answer } of questions) answer.fail(error)
  }
}
