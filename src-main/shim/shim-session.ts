import { readEnvelope } from '../mcp/envelope.ts'
import { Demand } from './carrier.ts'
import type { Carrier, Connect, ShimLog } from './carrier.ts'
import { glance } from './glance.ts'
import type { Glance } from './glance.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import { parseRecord } from './json-record.ts'

export interface ShimSessionOptions {
  connect: Connect
  /** One message to the AI client, without a line end. */
  out(line: Buffer): void
  /** No gateway can be had and the client has no session yet: there is nothing to keep alive for. */
  failed(error: Error): void
  log: ShimLog
}

/** A request that was sent and not answered. Without a line: it must not be sent twice. */
interface InFlight {
  /** As JSON. */
  id: string
  method: string
  line?: Buffer
}

/** More waiting messages than this, and the client's input is not read on. */
const maxQueuedBytes = 64 * 1024 * 1024

/**
 * One AI client's conversation, which outlives the gateway: it remembers what the client has agreed with the gateway
 * (initialize, log level, subscriptions) and agrees it again with the next one.
 */
export class ShimSession {
  readonly #options: ShimSessionOptions
  readonly #stop = new AbortController()
  #state: 'idle' | 'connecting' | 'resuming' | 'open' | 'closing' = 'idle'
  #carrier: Carrier | undefined
  #demand = new Demand()
  #queue: Buffer[] = []
  #queuedBytes = 0
  readonly #inFlight = new Map<string, InFlight>()
  /** Ids of the answers to what was replayed: the client has them already. */
  readonly #replayed = new Map<string, ReplayAnswer>()
  #replays = 1
  #serverRequests = new Set<string>()
  /** Requests of a gateway that is gone: a late answer means nothing to the next one. */
  readonly #forgotten = new Set<string>()
  #initialize: { id: string; line: Buffer; answer?: InitializeAnswer } | undefined
  #initialized: Buffer | undefined
  #level: Buffer | undefined
  #resumeLimit: NodeJS.Timeout | undefined
  readonly #subscriptions = new Map<string, Buffer>()

  constructor(options: ShimSessionOptions) {
    this.#options = options
  }

  /** Requests that the client waits for. */
  get waiting(): number {
    return this.#inFlight.size + this.#queue.length
  }

  /** True when too much waits: the client's input should not be read before `waiting` goes down. */
  get isFull(): boolean {
    return this.#queuedBytes > maxQueuedBytes
  }

  /** Looks for a gateway, and starts one, before the client has said anything. */
  open(): void {
    this.#connect()
    this.#demand.raise()
  }

  /** One message from the client. */
  receive(line: Buffer): void {
    const message = glance(line)
    if (message?.kind === 'response') {
      const id = message.id
      this.#serverRequests.delete(id)
      if (!this.#forgotten.delete(id)) this.#carrier?.send(line)
      return
    }
    if (message?.method === 'notifications/cancelled') return this.#cancel(line)
    if (this.#state === 'open') return this.#send(line, message)
    this.#queue.push(Buffer.from(line))
    this.#queuedBytes += line.length
    if (this.#state === 'idle') this.#connect()
    this.#demand.raise()
  }

  close(): void {
    this.#stop.abort()
    this.#carrier?.end()
    this.#carrier = undefined
  }

  #connect(): void {
    this.#state = 'connecting'
    this.#demand = new Demand()
    if (this.waiting > 0) this.#demand.raise()
    const events = {
      message: (line: Buffer) => this.#fromGateway(line),
      closing: () => this.#closing(),
      lost: (error: Error, undelivered?: Buffer) => this.#lost(error, undelivered),
    }
    this.#options.connect(events, this.#demand, this.#stop.signal).then(
      (carrier) => {
        if (this.#stop.signal.aborted) return carrier.end()
        this.#carrier = carrier
        this.#resume(carrier)
      },
      (thrown: unknown) => {
        if (this.#stop.signal.aborted) return
        this.#giveUp(thrown instanceof Error ? thrown : new Error(String(thrown)))
      },
    )
  }

  /** Everything that waits gets the error; the next message of the client tries anew. */
  #giveUp(error: Error): void {
    this.#options.log('error', error.message)
    this.#carrier?.end()
    this.#carrier = undefined
    this.#state = 'idle'
    for (const line of this.#takeQueue()) {
      const message = glance(line)
      if (message?.kind === 'request') this.#track(line, message)
    }
    for (const request of this.#inFlight.values()) this.#fail(request, error.message)
    if (this.#initialize?.answer === undefined) this.#options.failed(error)
  }

  #fail({ id, line, method }: InFlight, message: string): void {
    this.#inFlight.delete(id)
    if (method === 'initialize' && line !== undefined) this.#initialize = undefined
    const error = JSON.stringify({ code: -32000, message })
    this.#options.out(Buffer.from(`{"jsonrpc":"2.0","id":${id},"error":${error}}`))
  }

  #resume(carrier: Carrier): void {
    const initialize = this.#initialize
    if (initialize?.answer === undefined) return this.#resent()
    this.#state = 'resuming'
    this.#resumeLimit = setTimeout(
      () => this.#lost(new Error('no answer to initialize')),
      resumeLimitMs,
    )
    this.#replay(carrier, initialize.line, (answer, isError) => {
      clearTimeout(this.#resumeLimit)
      if (isError)
        return this.#giveUp(
          new Error(
            `The gateway restarted and did not take up the session again. It said: ${answer.toString('utf8')}`,
          ),
        )
      if (this.#initialized !== undefined) carrier.send(this.#initialized)
      for (const line of [this.#level, ...this.#subscriptions.values()])
        if (line !== undefined && !this.#isInFlight(line)) this.#replay(carrier, line)
      this.#resent()
      // The catalog may have changed while nobody told the client.
      for (const kind of initialize.answer?.listChanged ?? [])
        this.#options.out(
          Buffer.from(`{"jsonrpc":"2.0","method":"notifications/${kind}/list_changed"}`),
        )
    })
  }

  /** Sends what the client has sent before, with an id of ours, so that it never sees the answer. */
  #replay(carrier: Carrier, line: Buffer, onAnswer: ReplayAnswer = () => {}): void {
    const { id } = readEnvelope(line)
    if (id === undefined) return
    const ours = `"gateway-stdio-${this.#replays++}"`
    this.#replayed.set(ours, onAnswer)
    carrier.send(
      Buffer.concat([line.subarray(0, id.start), Buffer.from(ours), line.subarray(id.end)]),
    )
  }

  /** What is in flight is sent again anyway, and the client waits for that answer. */
  #isInFlight(line: Buffer): boolean {
    for (const request of this.#inFlight.values()) if (request.line === line) return true
    return false
  }

  /** What was in flight goes out again, then what came since. */
  #resent(): void {
    this.#state = 'open'
    for (const { line } of this.#inFlight.values())
      if (line !== undefined) this.#carrier?.send(line)
    for (const line of this.#takeQueue()) this.#send(line, glance(line))
  }

  #takeQueue(): Buffer[] {
    const queue = this.#queue
    this.#queue = []
    this.#queuedBytes = 0
    return queue
  }

  #send(line: Buffer, message: Glance | undefined): void {
    if (message?.kind === 'request') this.#track(line, message)
    else if (message?.method === 'notifications/initialized') this.#initialized = Buffer.from(line)
    this.#carrier?.send(line)
  }

  #track(line: Buffer, message: Glance): void {
    const { id, method } = message
    if (method === 'tools/call') {
      this.#inFlight.set(id, { id, method })
      return
    }
    const copy = Buffer.from(line)
    this.#inFlight.set(id, { id, method, line: copy })
    if (method === 'initialize') this.#initialize = { id, line: copy }
    else if (method === 'logging/setLevel') this.#level = copy
    else if (method === 'resources/subscribe') this.#subscriptions.set(uriOf(line), copy)
    else if (method === 'resources/unsubscribe') this.#subscriptions.delete(uriOf(line))
  }

  /** Nobody needs to be told of a request that has not left, or whose gateway is gone. */
  #cancel(line: Buffer): void {
    const { params } = parseRecord(line)
    const key = isRecord(params) ? JSON.stringify(params['requestId']) : ''
    if (this.#inFlight.delete(key ?? '')) {
      if (this.#state === 'open' || this.#state === 'closing') this.#carrier?.send(line)
      this.#leaveWhenAnswered()
      return
    }
    const at = this.#queue.findIndex((queued) => {
      const message = glance(queued)
      return message?.kind === 'request' && message.id === key
    })
    if (at >= 0) for (const gone of this.#queue.splice(at, 1)) this.#queuedBytes -= gone.length
  }

  #fromGateway(line: Buffer): void {
    const message = glance(line)
    if (message?.kind === 'response') {
      const id = message.id
      const replayed = this.#replayed.get(id)
      if (replayed !== undefined) {
        this.#replayed.delete(id)
        return replayed(line, message.isError)
      }
      this.#inFlight.delete(id)
      if (id === this.#initialize?.id && this.#initialize.answer === undefined) {
        if (message.isError) this.#initialize = undefined
        else this.#initialize.answer = { listChanged: listsOf(line) }
      }
    } else if (message?.kind === 'request') this.#serverRequests.add(message.id)
    this.#options.out(line)
    this.#leaveWhenAnswered()
  }

  #closing(): void {
    if (this.#state !== 'open') return
    this.#state = 'closing'
    this.#leaveWhenAnswered()
  }

  /** A gateway that is stopping is left as soon as it owes nothing, so that what waits can go to the next one. */
  #leaveWhenAnswered(): void {
    if (this.#state !== 'closing' || this.#inFlight.size > 0) return
    this.#carrier?.end()
    this.#lost(new Error('the gateway is stopping'))
  }

  #lost(error: Error, undelivered?: Buffer): void {
    this.#options.log('info', `The connection to the gateway has ended: ${error.message}`)
    this.#carrier?.end()
    this.#carrier = undefined
    clearTimeout(this.#resumeLimit)
    this.#replayed.clear()
    for (const id of this.#serverRequests) this.#forgotten.add(id)
    this.#serverRequests.clear()
    if (undelivered !== undefined) this.#takeBack(undelivered)
    for (const request of this.#inFlight.values())
      if (request.line === undefined)
        this.#fail(
          request,
          `The gateway restarted while ${request.method} was running; it was not sent again, because it may have had an effect already.`,
        )
    this.#connect()
  }

  /** As if it had not been sent yet. A message of the replay is not taken back: the next replay has it again. */
  #takeBack(line: Buffer): void {
    const message = glance(line)
    if (message?.kind === 'request' && !this.#inFlight.delete(message.id)) return
    this.#queue.unshift(line)
    this.#queuedBytes += line.length
  }
}

type ReplayAnswer = (answer: Buffer, isError: boolean) => void

interface InitializeAnswer {
  /** Lists of whose changes the client was promised to hear: tools, prompts, resources. */
  listChanged: string[]
}

/** A gateway may start the server to answer `initialize`. */
const resumeLimitMs = 90_000

function uriOf(line: Buffer): string {
  const { params } = parseRecord(line)
  return isRecord(params) ? String(params['uri']) : ''
}

function listsOf(line: Buffer): string[] {
  const { result } = parseRecord(line)
  const capabilities = isRecord(result) ? result['capabilities'] : undefined
  if (!isRecord(capabilities)) return []
  return ['tools', 'prompts', 'resources'].filter((kind) => {
    const capability = capabilities[kind]
    return isRecord(capability) && capability['listChanged'] === true
  })
}
