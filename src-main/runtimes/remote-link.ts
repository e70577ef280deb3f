import type { GatewayError } from '../../src-shared/errors.ts'
import type { Carrier, CarrierContext, CarrierHost, Outgoing } from './remote-carrier.ts'
import { EventStreamCarrier } from './remote-event-stream.ts'
import { RemoteFailure } from './remote-failure.ts'
import { StreamableCarrier } from './remote-streamable.ts'
import type { Link, LinkEvents, RequestHeaders } from './runtime.ts'

const goodbyeMs = 1_000

/** The pipe to a server somewhere on the network. Nothing is sent before the first message. */
export class RemoteLink implements Link {
  readonly hasStreams = true
  readonly pids: readonly number[] = []
  readonly #events: LinkEvents
  readonly #context: CarrierContext
  readonly #streamable: StreamableCarrier
  #carrier: Carrier
  #state: 'open' | 'closing' | 'closed' = 'open'
  #closing: Promise<void> | undefined
  /** What waits until it is known which transport the server speaks; undefined once it is. */
  #undecided: Outgoing[] | undefined
  #isProbing = false

  /** `fallsBack`: a server that refuses the first message is tried with the older HTTP+SSE transport. */
  constructor(context: Omit<CarrierContext, 'host'>, events: LinkEvents, fallsBack: boolean) {
    this.#events = events
    this.#context = { ...context, host: this.#host() }
    const hint = fallsBack
      ? 'Check `url`.'
      : 'Check `url`; if this is a server of the older HTTP+SSE kind, its runtime type is `remote-sse`.'
    this.#streamable = new StreamableCarrier(this.#context, hint)
    this.#carrier = this.#streamable
    this.#undecided = fallsBack ? [] : undefined
  }

  send(chunks: readonly Buffer[], id?: number, headers?: RequestHeaders): boolean {
    if (this.#state !== 'open') return false
    const message: Outgoing = { chunks, id, headers }
    if (this.#undecided === undefined) this.#carrier.send(message)
    else if (headers !== undefined) this.#sendModern(message)
    else {
      this.#undecided.push(message)
      this.#probe()
    }
    return true
  }

  negotiated(protocolVersion: string): void {
    this.#carrier.negotiated(protocolVersion)
  }

  forget(id: number): void {
    if (this.#undecided !== undefined) {
      this.#undecided = this.#undecided.filter((message) => message.id !== id)
    }
    this.#carrier.forget(id)
  }

  close(graceMs = goodbyeMs): Promise<void> {
    this.#closing ??= this.#close(Math.min(graceMs, goodbyeMs))
    return this.#closing
  }

  async #close(maxMs: number): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'closing'
    this.#carrier.abort()
    await this.#carrier.sayGoodbye(maxMs)
    this.#context.client.destroy()
    this.#state = 'closed'
    const { target } = this.#context
    this.#events.closed({
      message: `The connection to ${target.label} was closed.`,
      expected: true,
    })
  }

  /** 2026-07-28 knows Streamable HTTP only: its refusal is an answer, and says nothing about the older transport. */
  #sendModern(message: Outgoing): void {
    this.#streamable.send(message, {
      settled: (speaks) => {
        if (speaks) this.#decide()
      },
      unsupported: (failure) => {
        if (message.id !== undefined) this.#context.host.failed(message.id, failure.error, true)
      },
    })
  }

  /** Sends what waits, the first message alone: its answer tells the transport. */
  #probe(): void {
    if (this.#isProbing || this.#state !== 'open') return
    const first = this.#undecided?.shift()
    if (first === undefined) return
    this.#isProbing = true
    let isOpen = true
    this.#streamable.send(first, {
      settled: (speaks) => {
        if (!isOpen) return
        isOpen = false
        this.#isProbing = false
        if (speaks) this.#decide()
        else this.#probe()
      },
      unsupported: (failure) => {
        isOpen = false
        void this.#fallBack(first, failure)
      },
    })
  }

  #decide(): void {
    const waiting = this.#undecided ?? []
    this.#undecided = undefined
    for (const message of waiting) this.#carrier.send(message)
  }

  /** Streamable HTTP was refused: HTTP+SSE then, with the message that was refused. */
  async #fallBack(first: Outgoing, refused: RemoteFailure): Promise<void> {
    const carrier = new EventStreamCarrier(this.#context)
    this.#carrier = carrier
    this.#undecided?.unshift(first)
    try {
      await carrier.connect()
      this.#isProbing = false
      if (this.#state === 'open') this.#decide()
    } catch (thrown) {
      this.#isProbing = false
      carrier.abort()
      this.#carrier = this.#streamable
      if (this.#state === 'open') this.#failWaiting(thrown, refused)
    }
  }

  #failWaiting(thrown: unknown, refused: RemoteFailure): void {
    const { target, host } = this.#context
    const why = thrown instanceof Error ? thrown.message : String(thrown)
    // The second is the one of the transport that the person chose; the first may be the one to mend.
    const error = target.error(
      `neither transport works. Streamable HTTP: ${withoutId(refused.message, target.serverId)} HTTP+SSE: ${withoutId(why, target.serverId)}`,
      { cause: thrown },
    )
    const waiting = this.#undecided ?? []
    this.#undecided = []
    for (const { id } of waiting) {
      if (id !== undefined) host.failed(id, error, true)
    }
  }

  #host(): CarrierHost {
    return {
      message: (bytes: Buffer, relatedTo?: number) => {
        if (this.#state !== 'open') return
        if (relatedTo === undefined) this.#events.message(bytes)
        else this.#events.message(bytes, relatedTo)
      },
      failed: (id: number, error: GatewayError, reached: boolean) => {
        if (this.#state === 'open') this.#events.failed(id, error, reached)
      },
      lost: (message: string, refused: readonly number[] = []) => {
        if (this.#state !== 'open') return
        this.#state = 'closed'
        const { target } = this.#context
        const waiting = (this.#undecided ?? []).map(({ id }) => id)
        for (const id of [...refused, ...this.#carrier.unsent(), ...waiting]) {
          if (id !== undefined) this.#events.failed(id, target.error(message), false)
        }
        this.#carrier.abort()
        this.#context.client.destroy()
        this.#events.closed({ message, expected: false })
      },
      log: (text: string) => {
        if (this.#state === 'open') this.#events.log('lifecycle', text)
      },
    }
  }
}

function withoutId(message: string, serverId: string): string {
  return message.startsWith(`${serverId}: `) ? message.slice(serverId.length + 2) : message
}
