import { randomUUID } from 'node:crypto'
import type { ServerDefinition } from '../../src-shared/catalog.ts'
import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { Clock } from '../servers/clock.ts'
import type { Server } from '../servers/server.ts'
import { AggregateLists } from './aggregate-lists.ts'
import { AggregateRoute } from './aggregate-route.ts'
import { Batch, batchVersion, isBatch } from './batch.ts'
import type { Caller } from './caller.ts'
import type { ClientDirectory } from './client-permissions.ts'
import { ClientSession } from './client-session.ts'
import type { Channel } from './client-reply.ts'
import { errorBody, errorMessage, onOneLine, readEnvelope } from './envelope.ts'
import type { Envelope } from './envelope.ts'
import { jsonBytes, member, splice, stringAt } from './json-spans.ts'
import { isLogLevel, logLevels } from './log-level.ts'
import type { McpLogLevel } from './log-level.ts'
import { Listens } from './listens.ts'
import { ModernEndpoint } from './modern-endpoint.ts'
import { aggregateUri } from './names.ts'
import { PipeRequests } from './pipe-requests.ts'
import { declares } from './server-capability.ts'
import { findServer, visibleTo } from './server-directory.ts'
import type { ServerDirectory } from './server-directory.ts'
import type { Duplex, DuplexOptions, SessionHost } from './session-host.ts'
import { SingleRoute } from './single-route.ts'
import type { ServerGreeting } from './upstream.ts'

interface Options {
  directory: ServerDirectory
  clock: Clock
  version: string
  maxSessions: number
  /** Without it every client may see and use everything. */
  clients?: ClientDirectory | undefined
}

/** One list change of a server is one notification, however many lists and servers it touches at once. */
const listChangeDelayMs = 50

/** A session that sets no level gets these and above, once another session has asked for more. */
const defaultLevel: McpLogLevel = 'info'

const isListChange = /^notifications\/(?:tools|prompts|resources)\/list_changed$/

const changeOf = {
  'tools/list': 'notifications/tools/list_changed',
  'prompts/list': 'notifications/prompts/list_changed',
  'resources/list': 'notifications/resources/list_changed',
  'resources/templates/list': 'notifications/resources/list_changed',
} as const

/** The index of the least severe message that a session gets. */
function severityOf(session: ClientSession): number {
  return logLevels.indexOf(session.logLevel ?? defaultLevel)
}

/** What some sessions together want to hear. */
class Verbosity {
  lowest = Infinity
  isAsked = false

  add(session: ClientSession): void {
    this.lowest = Math.min(this.lowest, severityOf(session))
    this.isAsked ||= session.logLevel !== undefined
  }
}

function listsMayDiffer(before: ServerDefinition | undefined, after: ServerDefinition): boolean {
  if (before === after) return false
  const relevant = (it: ServerDefinition): string =>
    JSON.stringify([it.enabled, it.runtime, it.env, it.env_file, it.inherit_env, it.tools])
  return before === undefined || relevant(before) !== relevant(after)
}

/** True if these capabilities lack something of those. */
function isLess(
  now: Readonly<Record<string, unknown>>,
  before: Readonly<Record<string, unknown>>,
): boolean {
  const follows = (capabilities: typeof now): boolean =>
    declares(capabilities, 'resources', 'subscribe')
  if (follows(before) && !follows(now)) return true
  return Object.keys(before).some((name) => !(name in now))
}

/** All sessions: opens them, and brings what servers say of themselves to those whom it concerns. */
export class Sessions implements SessionHost {
  readonly #options: Options
  readonly #lists: AggregateLists
  readonly #aggregate: AggregateRoute
  readonly #single = new Map<string, SingleRoute>()
  readonly #sessions = new Set<ClientSession>()
  readonly #changes = new Set<string>()
  /** Servers that were told a level. */
  readonly #levelled = new WeakSet<Server>()
  readonly #listens: Listens
  /** Requests of 2026-07-28, which have no session. */
  readonly modern: ModernEndpoint
  /** Of the catalog in force. */
  #definitions: ReadonlyMap<string, ServerDefinition> = new Map()

  constructor(options: Options) {
    this.#options = options
    const { directory, clock, version } = options
    this.#lists = new AggregateLists(directory, clock)
    this.#aggregate = new AggregateRoute(directory, this.#lists, () => this.#levels(), version)
    this.#listens = new Listens(directory, clock)
    this.modern = new ModernEndpoint({
      directory,
      clock,
      listens: this.#listens,
      route: (serverId) => (serverId === undefined ? this.#aggregate : this.#singleRoute(serverId)),
      permissions: (client) =>
        client === undefined ? undefined : options.clients?.permissions(client),
    })
  }

  /** Sessions, and streams of clients without one. */
  get size(): number {
    return this.#sessions.size + this.#listens.size
  }

  /** True if no more are opened until one ends. */
  get isFull(): boolean {
    return this.#sessions.size >= this.#options.maxSessions
  }

  /** `client`: its id. Throws GatewayError as `SessionHost.openDuplex` does. */
  open(options: {
    serverId?: string | undefined
    principal: string
    client?: string | undefined
  }): ClientSession {
    const { clients, directory, maxSessions } = this.#options
    const { client } = options
    const refusal = client === undefined ? undefined : clients?.refusal(client)
    if (refusal) throw refusal
    const permissions = client === undefined ? undefined : clients?.permissions(client)
    if (options.serverId !== undefined)
      findServer(visibleTo({ permissions }, directory), options.serverId)
    if (this.isFull)
      throw new GatewayError(
        'too_many',
        `The gateway has ${maxSessions} sessions and takes no more. Close some clients.`,
        {
          retryAfterSeconds: 30,
        },
      )
    const route =
      options.serverId === undefined ? this.#aggregate : this.#singleRoute(options.serverId)
    const session = new ClientSession({
      key: randomUUID(),
      principal: options.principal,
      route,
      clock: this.#options.clock,
      client,
      permissions,
    })
    this.#sessions.add(session)
    session.onClose = () => {
      this.#sessions.delete(session)
      if (session.logLevel !== undefined) this.#levels(options.serverId)
    }
    return session
  }

  close(session: ClientSession): void {
    session.close()
  }

  closeAll(): void {
    for (const session of this.#sessions) this.close(session)
    this.modern.close()
  }

  openDuplex(options: DuplexOptions): Duplex {
    const session = this.open(options)
    const write = (message: readonly Buffer[]): boolean => {
      options.send(message.map(onOneLine))
      return true
    }
    const channel: Channel = {
      respond: (message) => void write(message),
      send: write,
      abandon() {},
    }
    session.stream = write
    session.onEnd = () => options.end()
    const requests = new PipeRequests(this.modern, options)
    return {
      receive: (bytes) => {
        try {
          if (session.protocolVersion === batchVersion && isBatch(bytes)) {
            Batch.read(onOneLine(bytes)).deliver(channel, (envelope, its) => {
              if (session.isGone) its.abandon()
              else session.receive(envelope, its)
            })
            return
          }
          const envelope = readEnvelope(onOneLine(bytes))
          if (!requests.receive(envelope, channel)) session.receive(envelope, channel)
        } catch (error) {
          write(errorMessage(undefined, errorBody(asGatewayError(error))))
        }
      },
      close: () => {
        requests.close()
        this.close(session)
      },
    }
  }

  /** A notification of a server that belongs to no call. */
  notification(server: Server, owner: Caller | undefined, envelope: Envelope): void {
    const { method, bytes, params } = envelope
    if (isListChange.test(method)) this.#listChanged(server, owner, [method])
    else if (method === 'notifications/resources/updated') {
      this.#updated(server, owner, envelope)
      const uri = stringAt(bytes, member(bytes, params, 'uri'))
      if (uri !== undefined) this.#listens.updated(server, owner, uri)
    } else {
      const level = owner ? Infinity : this.#severity(server, envelope)
      for (const session of this.#audience(server, owner)) {
        if (!owner && !server.met(session)) continue
        if (level >= severityOf(session)) session.push([bytes])
      }
    }
  }

  /**
   * Lists are known to differ although the server did not say so: it was restarted, or listed for the first time.
   * Then nobody has another list of it, but for those who got one of all servers without it.
   */
  listsChanged(
    server: Server,
    owner: Caller | undefined,
    methods: readonly (keyof typeof changeOf)[],
    isFirst: boolean,
  ): void {
    const wasMissed = this.#lists.takeMissed(server)
    if (isFirst && !wasMissed) return
    this.#listChanged(server, owner, new Set(methods.map((method) => changeOf[method])))
  }

  /** A new catalog is in force. Only what differs is told: its unchanged servers are untouched. */
  catalogChanged(): void {
    const { directory } = this.#options
    const before = this.#definitions
    this.#definitions = new Map(directory.all().map(({ id, definition }) => [id, definition]))
    const order = (of: ReadonlyMap<string, ServerDefinition>): string =>
      JSON.stringify([...of.values()].filter((it) => it.enabled).map((it) => it.id))
    const differing = new Set<string>()
    for (const [id, definition] of this.#definitions)
      if (listsMayDiffer(before.get(id), definition)) differing.add(id)
    if (differing.size > 0 || order(before) !== order(this.#definitions))
      for (const change of Object.values(changeOf)) this.#changed(change)
    this.#listens.catalogChanged(
      differing,
      differing.size > 0 || order(before) !== order(this.#definitions),
    )
    for (const session of this.#sessions) {
      const { route } = session
      if (!(route instanceof SingleRoute)) continue
      if (!this.#definitions.has(route.serverId)) session.leave()
      else if (differing.has(route.serverId))
        for (const change of new Set(Object.values(changeOf))) session.pushListChanged(change)
    }
    for (const id of this.#single.keys()) if (!this.#definitions.has(id)) this.#single.delete(id)
    this.#levels()
  }

  /**
   * A new instance has taken over. A session that negotiated features which it lacks is ended, so that its client
   * starts over (404 on Streamable HTTP, 2025-11-25 basic/transports, Session Management).
   */
  greeted(server: Server, owner: Caller | undefined, greeting: ServerGreeting): void {
    for (const session of this.#audience(server, owner)) {
      if (session.route === this.#aggregate || !session.negotiated) continue
      if (isLess(greeting.capabilities, session.negotiated)) session.leave()
    }
  }

  /** A client may see and use more or less than before: its sessions are told at once. */
  limitsChanged(client: string): void {
    const { directory } = this.#options
    this.#listens.limitsChanged(client)
    for (const session of this.#of(client)) {
      const { route } = session
      const visible = visibleTo(session, directory)
      for (const server of directory.all()) if (!visible.get(server.id)) server.forget(session)
      if (route instanceof SingleRoute && !visible.get(route.serverId)) session.leave()
      else for (const change of new Set(Object.values(changeOf))) session.pushListChanged(change)
    }
  }

  /** A client has no access any more: its sessions and streams end, and what is under way in them. */
  clientEnded(client: string): void {
    this.#listens.clientEnded(client)
    for (const session of this.#of(client)) this.close(session)
  }

  /** Open sessions of each client that has given its id. */
  countByClient(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const { permissions } of this.#sessions)
      if (permissions) counts.set(permissions.client, (counts.get(permissions.client) ?? 0) + 1)
    return counts
  }

  #of(client: string): ClientSession[] {
    return [...this.#sessions].filter(({ permissions }) => permissions?.client === client)
  }

  /** The sessions that this instance of the server serves. */
  *#audience(server: Server, owner: Caller | undefined): Iterable<ClientSession> {
    if (owner) {
      if (owner instanceof ClientSession && this.#sessions.has(owner)) yield owner
      return
    }
    for (const session of this.#sessions) {
      const { route } = session
      if (route instanceof SingleRoute && route.serverId !== server.id) continue
      if (session.permissions?.allowsServer(server.id) === false) continue
      if (server.slotOf(session) === server.shared) yield session
    }
  }

  #listChanged(server: Server, owner: Caller | undefined, methods: Iterable<string>): void {
    for (const method of methods) this.#listens.listChanged(server, owner, method)
    for (const session of this.#audience(server, owner))
      for (const method of methods)
        if (session.route === this.#aggregate && !owner) this.#changed(method)
        else session.pushListChanged(method)
  }

  /** To those who follow the resource, or one that it is a part of (2025-11-25 server/resources, Subscriptions). */
  #updated(server: Server, owner: Caller | undefined, { bytes, params }: Envelope): void {
    const at = member(bytes, params, 'uri')
    const uri = stringAt(bytes, at)
    if (!at || uri === undefined) return
    const text = jsonBytes(aggregateUri(server.id, uri))
    for (const session of this.#audience(server, owner))
      if (owner || server.shared.subscriptions.follows(uri, session))
        session.push(session.route === this.#aggregate ? splice(bytes, [{ ...at, text }]) : [bytes])
  }

  /** How severe a log message is; Infinity where nobody has asked for a level, or if it is no log message. */
  #severity(server: Server, { method, bytes, params }: Envelope): number {
    if (method !== 'notifications/message' || !(this.#levelled.has(server) || server.isLevelled))
      return Infinity
    const level = stringAt(bytes, member(bytes, params, 'level'))
    return isLogLevel(level) ? logLevels.indexOf(level) : Infinity
  }

  /** Tells each server the most verbose level that a session of it has asked for. */
  #levels(serverId?: string): void {
    const { directory } = this.#options
    const all = new Verbosity()
    const single = new Map<string, Verbosity>()
    for (const session of this.#sessions) {
      const { route } = session
      if (route instanceof SingleRoute) {
        const its = single.get(route.serverId) ?? new Verbosity()
        single.set(route.serverId, its)
        its.add(session)
      } else all.add(session)
    }
    const servers = serverId === undefined ? directory.all() : [directory.get(serverId)]
    for (const server of servers) {
      const its = server && single.get(server.id)
      const isAsked = all.isAsked || its?.isAsked === true
      if (!server || (!isAsked && !this.#levelled.has(server))) continue
      this.#levelled.add(server)
      const lowest = Math.min(all.lowest, its?.lowest ?? Infinity)
      // Nobody is left who asked: back to what a session without a level gets.
      server.setLogLevel(isAsked ? (logLevels[lowest] ?? defaultLevel) : defaultLevel)
    }
  }

  #changed(method: string): void {
    if (this.#changes.size === 0)
      this.#options.clock.after(listChangeDelayMs, () => {
        const methods = [...this.#changes]
        this.#changes.clear()
        for (const session of this.#sessions)
          if (session.route === this.#aggregate)
            for (const change of methods) session.pushListChanged(change)
      })
    this.#changes.add(method)
  }

  #singleRoute(serverId: string): SingleRoute {
    const existing = this.#single.get(serverId)
    if (existing) return existing
    const route = new SingleRoute(serverId, this.#options.directory, (id) => this.#levels(id))
    this.#single.set(serverId, route)
    return route
  }
}
