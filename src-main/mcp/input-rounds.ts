import { GatewayError } from '../../src-shared/errors.ts'
import type { Call } from './call.ts'
import { timeoutError } from './call.ts'
import type { AskHandle, Caller } from './caller.ts'
import { missingCapability } from './client-capability.ts'
import { withMembers } from './era-bridge.ts'
import { isRequest, readEnvelope } from './envelope.ts'
import type { Envelope, RequestEnvelope } from './envelope.ts'
import { eachMember, isObject, jsonBytes, member, slice, stringAt } from './json-spans.ts'
import type { Edit } from './json-spans.ts'

/** One call of a legacy client that waits for answers which the modern server has asked for. */
interface Round {
  call: Call
  /** Of the first transmission; the answers come on top. */
  edits: readonly Edit[]
  startedAt: number
  requestState: string | undefined
  /** Raw results by the server's own keys. */
  responses: Map<string, Buffer>
  open: Map<string, AskHandle>
  rounds: number
}

/** A server that asks without end is cut off. */
const maxRounds = 20

/**
 * The `input_required` loop on behalf of legacy clients (2026-07-28 basic/patterns/mrtr): each input request becomes a
 * real request to the client; when all are answered, the original request is sent again with the answers.
 */
export class InputRounds {
  readonly #serverId: string
  readonly #transmit: (call: Call, edits: readonly Edit[]) => boolean
  readonly #rounds = new Map<Call, Round>()
  readonly #counts = new WeakMap<Call, number>()

  constructor(serverId: string, transmit: (call: Call, edits: readonly Edit[]) => boolean) {
    this.#serverId = serverId
    this.#transmit = transmit
  }

  get size(): number {
    return this.#rounds.size
  }

  /** Throws if the questions cannot be read. */
  begin(call: Call, { bytes, result }: Envelope, edits: readonly Edit[]): void {
    const rounds = (this.#counts.get(call) ?? 0) + 1
    this.#counts.set(call, rounds)
    const fail = (error: GatewayError): void => {
      call.carrier = undefined
      call.fail(error)
    }
    if (rounds > maxRounds)
      return fail(
        new GatewayError(
          'server_failed',
          `${this.#serverId} asked for input more than ${maxRounds} times.`,
        ),
      )
    const questions = readQuestions(bytes, result && member(bytes, result, 'inputRequests'))
    for (const [, question] of questions) {
      const missing = missingCapability(call.reply.caller.capabilities, question)
      if (missing !== undefined)
        return fail(
          new GatewayError(
            'method_not_found',
            `${this.#serverId} needs ${question.method}, and this client does not support ${missing}. Use a client that does.`,
          ),
        )
    }
    const round: Round = {
      call,
      edits,
      startedAt: call.startedAt,
      requestState: result && stringAt(bytes, member(bytes, result, 'requestState')),
      responses: new Map(),
      open: new Map(),
      rounds,
    }
    this.#rounds.set(call, round)
    if (questions.length === 0) return this.#again(round)
    for (const [key, question] of questions) this.#ask(round, key, question, questions.length)
  }

  #ask(round: Round, key: string, question: RequestEnvelope, count: number): void {
    const { call } = round
    const handle = call.reply.caller.ask(
      question,
      {
        progress() {},
        fail: (error) => this.#fail(round, error),
        answer: (response) => {
          if (this.#rounds.get(call) !== round) return
          round.open.delete(key)
          const { bytes, result, error } = response
          if (!result) {
            const text = error ? stringAt(bytes, member(bytes, error, 'message')) : undefined
            this.#fail(
              round,
              new GatewayError(
                'server_failed',
                `The client refused ${question.method}: ${text ?? 'no reason given'}.`,
              ),
            )
            return
          }
          round.responses.set(key, Buffer.from(slice(bytes, result)))
          if (round.responses.size === count) this.#again(round)
        },
      },
      call.reply,
    )
    if (this.#rounds.get(call) === round) round.open.set(key, handle)
  }

  #again(round: Round): void {
    const { call, requestState, responses } = round
    this.#rounds.delete(call)
    const parts: string[] = []
    if (responses.size > 0) {
      const members = [...responses].map(
        ([key, json]) => `${JSON.stringify(key)}:${json.toString()}`,
      )
      parts.push(`"inputResponses":{${members.join(',')}}`)
    }
    if (requestState !== undefined) parts.push(`"requestState":${JSON.stringify(requestState)}`)
    const { envelope } = call.outgoing
    const { bytes, params } = envelope
    // tools/call, prompts/get and resources/read always have params.
    const edits =
      params && parts.length > 0
        ? [...round.edits, withMembers(bytes, params, parts.join(','))]
        : round.edits
    if (this.#transmit(call, edits)) return
    call.carrier = undefined
    call.owner.lost(call, new GatewayError('server_failed', `${this.#serverId} has stopped.`), true)
  }

  #fail(round: Round, error: GatewayError): void {
    if (!this.#rounds.delete(round.call)) return
    for (const handle of round.open.values()) handle.cancel(undefined)
    round.call.carrier = undefined
    round.call.fail(error)
  }

  /** True if the call was waiting here. */
  abandon(call: Call): boolean {
    const round = this.#rounds.get(call)
    if (!round) return false
    this.#rounds.delete(call)
    for (const handle of round.open.values()) handle.cancel(undefined)
    call.carrier = undefined
    return true
  }

  sweep(now: number, maxRequestMs: number): void {
    for (const round of this.#rounds.values())
      if (now >= round.startedAt + maxRequestMs)
        this.#fail(
          round,
          timeoutError(this.#serverId, round.call.method, maxRequestMs, 'max_request_seconds'),
        )
  }

  forget(caller: Caller): void {
    const gone = new GatewayError('cancelled', 'The client has gone.')
    for (const round of this.#rounds.values())
      if (round.call.reply.caller === caller) this.#fail(round, gone)
  }

  close(error: GatewayError): void {
    for (const round of this.#rounds.values()) this.#fail(round, error)
  }
}

/** `inputRequests` as requests that a legacy client understands, by the server's keys. */
function readQuestions(
  bytes: Buffer,
  span: { start: number; end: number } | undefined,
): [string, RequestEnvelope][] {
  // A key that stands there twice counts once: each is answered once.
  const questions = new Map<string, RequestEnvelope>()
  if (!span || !isObject(bytes, span)) return []
  eachMember(bytes, span.start, (key, value) => {
    const method = stringAt(bytes, member(bytes, value, 'method'))
    if (method === undefined) return
    const params = member(bytes, value, 'params')
    const envelope = readEnvelope(
      Buffer.concat([
        Buffer.from('{"jsonrpc":"2.0","id":0,"method":'),
        jsonBytes(method),
        ...(params ? [Buffer.from(',"params":'), slice(bytes, params)] : []),
        Buffer.from('}'),
      ]),
    )
    if (isRequest(envelope)) questions.set(key, envelope)
  })
  return [...questions]
}
