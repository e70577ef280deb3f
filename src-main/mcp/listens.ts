import { GatewayError } from '../../src-shared/errors.ts'
import type { Clock } from '../servers/clock.ts'
import type { Server } from '../servers/server.ts'
import type { AskHandle, Caller, CallHandle, ClientAnswer } from './caller.ts'
import type { ClientReply } from './client-reply.ts'
import type { RequestEnvelope } from './envelope.ts'
import { arrayItems, isArray, member, stringAt } from './json-spans.ts'
import { metaKey } from './modern-message.ts'
import { aggregateUri, splitUri } from './names.ts'
import { declares } from './server-capability.ts'
import { visibleTo } from './server-directory.ts'
import type { ServerDirectory } from './server-directory.ts'

/** The list changes that a client can ask for, and what a server must have declared for them. */
const kinds = {
  toolsListChanged: { method: 'notifications/tools/list_changed', capability: 'tools' },
  promptsListChanged: { method: 'notifications/prompts/list_changed', capability: 'prompts' },
  resourcesListChanged: { method: 'notifications/resources/list_changed', capability: 'resources' },
} as const
type Kind = keyof typeof kinds

/** How long the acknowledgment waits for a server to say that it tells of a resource. */
const followMs = 5_000
const maxListens = 5_000
const maxUris = 1_000

/**
 * One open `subscriptions/listen` (2026-07-28 basic/patterns/subscriptions). It is a caller of its own, since what it
 * follows is let go with it, at the instances of the client that has opened it.
 */
class Listen implements Caller {
  readonly era = 'modern'
  readonly capabilities: Caller['capabilities']
  readonly placedWith: Caller
  readonly key: string
  /** Undefined: all servers as one. */
  readonly serverId: string | undefined
  readonly reply: ClientReply
  readonly kinds = new Set<Kind>()
  isGone = false
  /** Changes that wait for the acknowledgment, each once: nothing may come before it. Undefined: it was sent. */
  #early: Map<string, { method: string; params: string }> | undefined = new Map()

  constructor(key: string, serverId: string | undefined, reply: ClientReply) {
    this.key = key
    this.serverId = serverId
    this.reply = reply
    this.placedWith = reply.caller
    this.capabilities = reply.caller.capabilities
  }

  get permissions(): Caller['permissions'] {
    return this.placedWith.permissions
  }

  ask(_request: RequestEnvelope, answer: ClientAnswer): AskHandle {
    queueMicrotask(() =>
      answer.fail(new GatewayError('method_not_found', 'A stream of changes cannot be asked.')),
    )
    return { cancel() {} }
  }

  /** `honoured`: of the filter, as JSON. False: there is no way to the client. */
  acknowledge(honoured: string): boolean {
    const params = `"notifications":${honoured}`
    if (!this.#send('notifications/subscriptions/acknowledged', params)) return false
    const early = this.#early
    this.#early = undefined
    for (const change of early?.values() ?? []) this.#send(change.method, change.params)
    return true
  }

  /** `params`: members besides `_meta`, as JSON. */
  tell(method: string, params: string): void {
    if (this.#early) this.#early.set(`${method} ${params}`, { method, params })
    else this.#send(method, params)
  }

  #send(method: string, params: string): boolean {
    const meta = `"_meta":{${JSON.stringify(metaKey.subscriptionId)}:${this.reply.id.toString()}}`
    const rest = params === '' ? '' : `,${params}`
    return this.reply.notify([
      Buffer.from(`{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":{${meta}${rest}}}`),
    ])
  }
}

/** The open streams of change notifications of modern clients. */
export class Listens {
  readonly #directory: ServerDirectory
  readonly #clock: Clock
  readonly #listens = new Set<Listen>()
  #nextKey = 1

  constructor(directory: ServerDirectory, clock: Clock) {
    this.#directory = directory
    this.#clock = clock
  }

  get size(): number {
    return this.#listens.size
  }

  /** Opens a stream on the reply: acknowledged first, with what is honoured of the filter; then changes until it is cancelled. */
  open(request: RequestEnvelope, serverId: string | undefined, reply: ClientReply): CallHandle {
    if (this.#listens.size >= maxListens)
      throw new GatewayError(
        'too_many',
        `The gateway has ${maxListens} open streams and takes no more.`,
      )
    const { bytes, params } = request
    const filter = member(bytes, params, 'notifications')
    if (!filter)
      throw new GatewayError('invalid_params', 'subscriptions/listen needs `notifications`.')
    const wants = (kind: Kind): boolean => {
      const at = member(bytes, filter, kind)
      return at !== undefined && bytes.toString('latin1', at.start, at.end) === 'true'
    }
    const list = member(bytes, filter, 'resourceSubscriptions')
    const uris =
      list && isArray(bytes, list)
        ? arrayItems(bytes, list.start).flatMap((at) => stringAt(bytes, at) ?? [])
        : []
    if (uris.length > maxUris)
      throw new GatewayError('invalid_params', `A stream follows at most ${maxUris} resources.`)
    const listen = new Listen(`listen ${this.#nextKey++}`, serverId, reply)
    const handle = { cancel: () => this.#close(listen) }
    void this.#acknowledge(listen, Object.keys(kinds).filter(isKind).filter(wants), uris)
    return handle
  }

  /** A server's lists differ. `owner`: of the instance, if it is not shared. */
  listChanged(server: Server, owner: Caller | undefined, method: string): void {
    for (const listen of this.#listens)
      if (listen.serverId === undefined || listen.serverId === server.id)
        if (this.#sees(listen, server.id) && server.slotOf(listen).owner === owner)
          this.#tell(listen, method)
  }

  /** Another catalog is in force. `differing`: servers whose lists may be others; `isOther`: the aggregate's may. */
  catalogChanged(differing: ReadonlySet<string>, isOther: boolean): void {
    for (const listen of this.#listens)
      if (listen.serverId !== undefined && !this.#directory.get(listen.serverId)) this.#end(listen)
      else if (listen.serverId === undefined ? isOther : differing.has(listen.serverId))
        for (const { method } of Object.values(kinds)) this.#tell(listen, method)
  }

  updated(server: Server, owner: Caller | undefined, uri: string): void {
    for (const listen of this.#listens) {
      const isAggregate = listen.serverId === undefined
      if (!isAggregate && listen.serverId !== server.id) continue
      if (!this.#sees(listen, server.id)) continue
      const slot = owner ? server.slotOf(listen) : server.shared
      const follows = slot.owner === owner && slot.subscriptions.follows(uri, listen)
      const exposed = isAggregate ? aggregateUri(server.id, uri) : uri
      if (follows)
        listen.tell('notifications/resources/updated', `"uri":${JSON.stringify(exposed)}`)
    }
  }

  /** A client may see and use more or less than before. */
  limitsChanged(client: string): void {
    for (const listen of this.#of(client)) {
      if (listen.serverId !== undefined && !this.#sees(listen, listen.serverId)) this.#end(listen)
      else for (const { method } of Object.values(kinds)) this.#tell(listen, method)
      for (const server of this.#directory.all())
        if (!this.#sees(listen, server.id)) server.forget(listen)
    }
  }

  /** Ends the streams of a client that has no access any more. */
  clientEnded(client: string): void {
    for (const listen of this.#of(client)) this.#end(listen)
  }

  #of(client: string): Listen[] {
    return [...this.#listens].filter(({ permissions }) => permissions?.client === client)
  }

  #sees(listen: Listen, serverId: string): boolean {
    return visibleTo(listen, this.#directory).get(serverId) !== undefined
  }

  /** Ends all streams gracefully (subscriptions, Graceful Closure). */
  close(): void {
    for (const listen of this.#listens) this.#end(listen)
  }

  async #acknowledge(
    listen: Listen,
    wanted: readonly Kind[],
    uris: readonly string[],
  ): Promise<void> {
    this.#listens.add(listen)
    const { serverId } = listen
    const visible = visibleTo(listen, this.#directory)
    const server = serverId === undefined ? undefined : visible.get(serverId)
    let capabilities: Record<string, unknown> | undefined
    try {
      capabilities = server && (await server.greeting(listen)).capabilities
    } catch {
      capabilities = {}
    }
    const honoured = wanted.filter(
      (kind) => !server || declares(capabilities, kinds[kind].capability, 'listChanged'),
    )
    for (const kind of honoured) listen.kinds.add(kind)
    const followed = await Promise.all(uris.map((uri) => this.#follow(listen, uri)))
    if (listen.isGone) return
    const accepted = uris.filter((_, i) => followed[i])
    const filter = {
      ...Object.fromEntries(honoured.map((kind) => [kind, true])),
      ...(accepted.length > 0 ? { resourceSubscriptions: accepted } : {}),
    }
    if (!listen.acknowledge(JSON.stringify(filter))) {
      const why = 'A stream of changes needs a client that accepts text/event-stream.'
      listen.reply.fail(new GatewayError('not_acceptable', why))
      this.#close(listen)
    }
  }

  /** True if the resource is followed. */
  async #follow(listen: Listen, exposed: string): Promise<boolean> {
    const own =
      listen.serverId === undefined
        ? splitUri(exposed)
        : { serverId: listen.serverId, uri: exposed }
    const server = own && visibleTo(listen, this.#directory).get(own.serverId)
    if (!own || !server) return false
    return new Promise((resolve) => {
      const stop = this.#clock.after(followMs, () => resolve(false))
      const settle = (isFollowed: boolean): void => {
        stop()
        resolve(isFollowed)
      }
      server.follow(own.uri, listen).then(
        () => settle(true),
        () => settle(false),
      )
    })
  }

  #tell(listen: Listen, method: string): void {
    for (const kind of listen.kinds) if (kinds[kind].method === method) listen.tell(method, '')
  }

  #end(listen: Listen): void {
    const meta = `"_meta":{${JSON.stringify(metaKey.subscriptionId)}:${listen.reply.id.toString()}}`
    listen.reply.result(Buffer.from(`{"resultType":"complete",${meta}}`))
    this.#close(listen)
  }

  #close(listen: Listen): void {
    if (!this.#listens.delete(listen)) return
    listen.isGone = true
    const servers =
      listen.serverId === undefined ? this.#directory.all() : [this.#directory.get(listen.serverId)]
    for (const server of servers) server?.forget(listen)
  }
}

function isKind(text: string): text is Kind {
  return Object.hasOwn(kinds, text)
}
