import { GatewayError } from '../../src-shared/errors.ts'
import type { Link } from '../runtimes/runtime.ts'
import type { Clock } from '../servers/clock.ts'
import { message, readEnvelope } from './envelope.ts'
import type { Envelope } from './envelope.ts'
import { withoutMembers } from './era-bridge.ts'
import { arrayItems, isArray, isObject, member, spliced, stringAt } from './json-spans.ts'
import type { Span } from './json-spans.ts'
import { metaKey, modernVersions } from './modern-message.ts'
import { declares } from './server-capability.ts'

interface Options {
  serverId: string
  link: Link
  clock: Clock
  /** What the server has declared. */
  capabilities: () => Readonly<Record<string, unknown>> | undefined
  takeId: () => number
  /** `_meta` of the gateway's own requests. */
  meta: () => object
  /** A change, as the server would tell it without a subscription. */
  tell: (change: Envelope) => void
  /** The lists may have changed while nobody listened. */
  missed: () => void
}

type Taken = ReadonlySet<string>

/** Who waits for the server to say what it takes. */
interface Waiter {
  resolve(taken: Taken): void
  reject(error: GatewayError): void
}

/** One `subscriptions/listen` at the server. */
interface Listen {
  readonly id: number
  /** What it asks for, as JSON. */
  readonly filter: string
  readonly uris: readonly string[]
  /** The resources that the server tells of; undefined: it has not acknowledged the listen. */
  taken: Taken | undefined
  waiters: readonly Waiter[]
  stopTimer: () => void
}

/** A listen that has a successor, over a transport where what it has told may still be on its way. */
interface Replaced {
  readonly id: number
  /** What it has told since, by kind; undefined once its successor has told the same. */
  readonly late: Map<string, Envelope | undefined>
  readonly stopTimer: () => void
}

/** A server that does not acknowledge in this time is not waited for. */
const acknowledgeMs = 10_000
/** A listen that the server has ended is opened again after this, and after twice as long each time in a row. */
const relistenMs = 1_000
const maxRelistenMs = 5 * 60_000
/** Streams overtake each other: how long the replaced one is still read, where each listen has its own. */
const lateMs = 1_000

const nothing: Taken = new Set()

/**
 * What the gateway listens for at a server of 2026-07-28 (basic/patterns/subscriptions): all list changes, and the
 * resources that somebody follows. One listen at a time; one that is replaced stays until the server has acknowledged
 * its successor, so that no change falls between them, and each change is told by one of the two.
 */
export class ChangeStream {
  readonly #options: Options
  #uris: readonly string[] = []
  /** The one that counts. */
  #current: Listen | undefined
  /** Asked for, not acknowledged yet. */
  #next: Listen | undefined
  #replaced: Replaced | undefined
  #waiters: Waiter[] = []
  #isDue = false
  #waitsToListen = false
  /** The server has ended a listen, and there was no other. */
  #hasMissed = false
  #relistenMs = relistenMs
  #closed: GatewayError | undefined

  constructor(options: Options) {
    this.#options = options
  }

  /**
   * All resources that somebody follows now. Resolves with those that the server tells of, once it has said so. Rejects
   * with GatewayError if it refuses, does not say so in time, or is gone.
   */
  follow(uris: readonly string[]): Promise<Taken> {
    this.#uris = uris
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(this.#closed)
      this.#waiters.push({ resolve, reject })
      this.#listenSoon()
    })
  }

  /** A notification of the server that belongs to no call: an acknowledgment, the end of a listen, or something to tell. */
  receive(envelope: Envelope, relatedTo: number | undefined): void {
    const { bytes, params, method } = envelope
    if (method === 'notifications/cancelled') {
      const id = numberAt(bytes, member(bytes, params, 'requestId'))
      if (id !== undefined) this.ended(id, undefined)
      return
    }
    const meta = member(bytes, params, '_meta')
    const tag = member(bytes, meta, metaKey.subscriptionId)
    const id = tag ? numberAt(bytes, tag) : relatedTo
    if (method === 'notifications/subscriptions/acknowledged') this.#acknowledged(envelope, id)
    else if (!tag && !this.#isListen(id)) this.#options.tell(envelope)
    else if (this.#replaced && id === this.#replaced.id) this.#hold(this.#replaced, envelope)
    // Until the successor is acknowledged, it is the other one that tells; and one that was ended tells nothing new.
    else if (id === (this.#current ?? this.#next)?.id) this.#tell(envelope, meta)
  }

  /** The request with this id has ended: true if it is a listen. `why`: what the server, or the way to it, says. */
  ended(id: number, why: string | undefined): boolean {
    if (!this.#isListen(id)) return false
    if (id === this.#replaced?.id) this.#flush()
    else if (id === this.#next?.id) {
      const text = why === undefined ? '' : ` ${why}`
      const error = `${this.#options.serverId} ended the request for its changes.${text}`
      this.#failed(this.#next, new GatewayError('server_failed', error))
    } else {
      this.#current = undefined
      this.#hasMissed = true
      if (!this.#next) this.#listenLater()
    }
    return true
  }

  close(error: GatewayError): void {
    this.#closed = error
    this.#next?.stopTimer()
    this.#replaced?.stopTimer()
    for (const waiter of [...(this.#next?.waiters ?? []), ...this.#waiters]) waiter.reject(error)
    this.#current = this.#next = this.#replaced = undefined
    this.#waiters = []
  }

  #isListen(id: number | undefined): boolean {
    if (id === undefined) return false
    return id === this.#current?.id || id === this.#next?.id || id === this.#replaced?.id
  }

  /** What is asked for in one turn, or let go because of one refusal, makes one listen. */
  #listenSoon(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      this.#listen()
    })
  }

  /** Asks for what is wanted now, if it is not what is listened for already. */
  #listen(): void {
    const { capabilities, clock, link, meta, takeId } = this.#options
    if (this.#closed || this.#next) return
    const notifications = listenFilter(capabilities(), this.#uris)
    const filter = JSON.stringify(notifications)
    const waiters = this.#waiters.splice(0)
    const current = this.#current
    if (Object.keys(notifications).length === 0) {
      this.#current = undefined
      if (current) this.#end(current.id)
      for (const waiter of waiters) waiter.resolve(nothing)
      return
    }
    if (current?.filter === filter) {
      for (const waiter of waiters)
        if (current.taken) waiter.resolve(current.taken)
        else waiter.reject(this.#silent())
      return
    }
    const next: Listen = {
      id: takeId(),
      filter,
      uris: this.#uris,
      taken: undefined,
      waiters,
      stopTimer: clock.after(acknowledgeMs, () => this.#gaveUp(next)),
    }
    this.#next = next
    const params = { _meta: meta(), notifications }
    const headers = {
      'mcp-protocol-version': modernVersions[0],
      'mcp-method': 'subscriptions/listen',
    }
    link.send([message('subscriptions/listen', params, next.id)], next.id, headers)
  }

  #acknowledged({ bytes, params }: Envelope, id: number | undefined): void {
    const listen = [this.#next, this.#current].find((one) => one?.id === id)
    if (!listen) return
    const honoured = member(bytes, params, 'notifications')
    const uris = member(bytes, honoured, 'resourceSubscriptions')
    const items = uris && isArray(bytes, uris) ? arrayItems(bytes, uris.start) : []
    listen.taken = new Set(
      honoured ? items.flatMap((at) => stringAt(bytes, at) ?? []) : listen.uris,
    )
    this.#relistenMs = relistenMs
    // A late one.
    if (listen !== this.#next) return
    const before = this.#current
    this.#current = listen
    this.#settle(listen)
    for (const waiter of listen.waiters) waiter.resolve(listen.taken)
    if (before) this.#replace(before)
    this.#catchUp(listen.taken)
    this.#listenSoon()
  }

  /** What may have changed in between: the lists are read, and who follows a resource is told to. */
  #catchUp(taken: Taken): void {
    if (!this.#hasMissed) return
    this.#hasMissed = false
    this.#options.missed()
    for (const uri of taken)
      this.#options.tell(readEnvelope(message('notifications/resources/updated', { uri })))
  }

  #replace({ id }: Listen): void {
    const { clock, link } = this.#options
    this.#flush()
    if (!link.hasStreams) return this.#end(id)
    const stopTimer = clock.after(lateMs, () => this.#flush())
    this.#replaced = { id, late: new Map(), stopTimer }
  }

  /** Ends the listen that was replaced; what it alone has told since is told. */
  #flush(): void {
    const replaced = this.#replaced
    if (!replaced) return
    this.#replaced = undefined
    replaced.stopTimer()
    this.#end(replaced.id)
    for (const change of replaced.late.values())
      if (change) this.#tell(change, member(change.bytes, change.params, '_meta'))
  }

  /** It may be older than the successor, and known to nobody; or both tell of it. */
  #hold({ late }: Replaced, change: Envelope): void {
    const kind = kindOf(change)
    if (!late.has(kind)) late.set(kind, change)
  }

  #gaveUp(listen: Listen): void {
    if (this.#current) this.#end(listen.id)
    // It may work all the same, and there is no other.
    else this.#current = listen
    this.#failed(listen, this.#silent())
  }

  #failed(listen: Listen, error: GatewayError): void {
    this.#settle(listen)
    for (const waiter of listen.waiters) waiter.reject(error)
    // Who has come since may want something else.
    if (this.#waiters.length > 0) this.#listenSoon()
    else if (this.#current?.filter !== listen.filter) this.#listenLater()
  }

  /** It is not waited for any longer. */
  #settle(listen: Listen): void {
    listen.stopTimer()
    this.#next = undefined
  }

  #listenLater(): void {
    if (this.#waitsToListen || this.#closed) return
    this.#waitsToListen = true
    this.#options.clock.after(this.#relistenMs, () => {
      this.#waitsToListen = false
      this.#listen()
    })
    this.#relistenMs = Math.min(2 * this.#relistenMs, maxRelistenMs)
  }

  #end(id: number): void {
    const { link } = this.#options
    if (link.hasStreams) link.forget(id)
    else link.send([message('notifications/cancelled', { requestId: id })])
  }

  /** Tells it without the subscription that it came by. */
  #tell(change: Envelope, meta: Span | undefined): void {
    const { bytes } = change
    this.#replaced?.late.set(kindOf(change), undefined)
    const edits =
      meta && isObject(bytes, meta)
        ? withoutMembers(bytes, meta, (key) => key === metaKey.subscriptionId)
        : []
    this.#options.tell(edits.length === 0 ? change : readEnvelope(spliced(bytes, edits)))
  }

  #silent(): GatewayError {
    const s = acknowledgeMs / 1000
    const why = `${this.#options.serverId} did not say within ${s} s which changes it tells.`
    return new GatewayError('server_timeout', why)
  }
}

/** What is told of what: a second one says no more than the first. */
function kindOf({ bytes, params, method }: Envelope): string {
  return `${method} ${stringAt(bytes, member(bytes, params, 'uri')) ?? ''}`
}

function numberAt(bytes: Buffer, span: Span | undefined): number | undefined {
  return span && Number(bytes.toString('latin1', span.start, span.end))
}

/** The filter of `subscriptions/listen`; empty if this server has nothing to tell. */
function listenFilter(
  capabilities: Readonly<Record<string, unknown>> | undefined,
  uris: readonly string[],
): object {
  const lists = (['tools', 'prompts', 'resources'] as const).filter((name) =>
    declares(capabilities, name, 'listChanged'),
  )
  return {
    ...Object.fromEntries(lists.map((name) => [`${name}ListChanged`, true])),
    ...(uris.length > 0 ? { resourceSubscriptions: uris } : {}),
  }
}
