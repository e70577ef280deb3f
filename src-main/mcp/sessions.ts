import { randomUUID } from 'node:crypto'
import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { Clock } from '../servers/clock.ts'
import type { Server } from '../servers/server.ts'
import { AggregateLists } from './aggregate-lists.ts'
import { AggregateRoute } from './aggregate-route.ts'
import type { Caller } from './caller.ts'
import { ClientSession, isLogLevel, logLevels } from './client-session.ts'
import type { McpLogLevel } from './client-session.ts'
import type { Channel } from './client-reply.ts'
import { errorBody, errorMessage, onOneLine, readEnvelope } from './envelope.ts'
import type { Envelope } from './envelope.ts'
import { jsonBytes, member, splice, stringAt } from './json-spans.ts'
import { aggregateUri } from './names.ts'
import { findServer } from './server-directory.ts'
import type { ServerDirectory } from './server-directory.ts'
import type { Duplex, DuplexOptions, SessionHost } from './session-host.ts'
import { SingleRoute } from './single-route.ts'
import type { ServerGreeting } from './upstream.ts'

interface Options {
  directory: ServerDirectory
  clock: Clock
  version: string
  maxSessions: number
}

/** One list change of a server is one notification, however many lists and servers it touches at once. */
const listChangeDelayMs = 50

/** A session that sets no level gets these and above, once another session has asked for more. */
const defaultLevel: McpLogLevel = 'info'

const changeOf = {
  'tools/list': 'notifications/tools/list_changed',
  'prompts/list': 'notifications/prompts/list_changed',
  'resources/list': 'notifications/resources/list_changed',
  'resources/templates/list': 'notifications/resources/list_changed',
} as const

/** All sessions: opens them, and brings what servers say of themselves to those whom it concerns. */
export class Sessions implements SessionHost {
  readonly #options: Options
  readonly #aggregate: AggregateRoute
  readonly #single = new Map<string, SingleRoute>()
  readonly #sessions = new Set<ClientSession>()
  readonly #changes = new Set<string>()

  constructor(options: Options) {
    this.#options = options
    const { directory, clock, version } = options
    const lists = new AggregateLists(directory, clock)
    this.#aggregate = new AggregateRoute(directory, lists, () => this.#levels(), version)
  }

  get size(): number {
    return this.#sessions.size
  }

  /** Throws GatewayError `server_not_found` or `too_many`. */
  open(options: {
    serverId?: string | undefined
    principal: string
    client?: string | undefined
  }): ClientSession {
    const { directory, maxSessions } = this.#options
    if (options.serverId !== undefined) findServer(directory, options.serverId)
    if (this.#sessions.size >= maxSessions)
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
      client: options.client,
    })
    this.#sessions.add(session)
    session.onClose = () => this.#sessions.delete(session)
    return session
  }

  close(session: ClientSession): void {
    session.close()
  }

  closeAll(): void {
    for (const session of this.#sessions) this.close(session)
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
    return {
      receive: (bytes) => {
        try {
          session.receive(readEnvelope(onOneLine(bytes)), channel)
        } catch (error) {
          write(errorMessage(undefined, errorBody(asGatewayError(error))))
        }
      },
      close: () => this.close(session),
    }
  }

  /** A notification of a server that belongs to no call. */
  notification(server: Server, owner: Caller | undefined, envelope: Envelope): void {
    const { method, bytes, params } = envelope
    for (const session of this.#audience(server, owner)) {
      const isAggregate = session.route === this.#aggregate
      if (/^notifications\/(?:tools|prompts|resources)\/list_changed$/.test(method)) {
        if (isAggregate) this.#changed(method)
        else session.pushListChanged(method)
        continue
      }
      if (method === 'notifications/resources/updated') {
        const at = member(bytes, params, 'uri')
        const uri = stringAt(bytes, at)
        if (!at || uri === undefined) continue
        if (!owner && !server.shared.subscriptions.follows(uri, session)) continue
        const text = jsonBytes(aggregateUri(server.id, uri))
        session.push(isAggregate ? splice(bytes, [{ ...at, text }]) : [bytes])
        continue
      }
      if (!owner && !server.met(session)) continue
      if (method === 'notifications/message' && !this.#wantsMessage(session, envelope, owner))
        continue
      session.push([bytes])
    }
  }

  /** Lists are known to differ although the server did not say so (it was restarted, or listed for the first time). */
  listsChanged(
    server: Server,
    owner: Caller | undefined,
    methods: readonly (keyof typeof changeOf)[],
  ): void {
    const changes = new Set(methods.map((method) => changeOf[method]))
    for (const session of this.#audience(server, owner))
      for (const change of changes)
        if (session.route === this.#aggregate) this.#changed(change)
        else session.pushListChanged(change)
  }

  /** Servers were added to or removed from the catalog, or their filters changed. */
  catalogChanged(): void {
    for (const change of Object.values(changeOf)) this.#changed(change)
    for (const session of this.#sessions) {
      const { route } = session
      if (!(route instanceof SingleRoute)) continue
      if (this.#options.directory.get(route.serverId))
        session.pushListChanged(changeOf['tools/list'])
      else session.leave()
    }
  }

  /**
   * A new instance has taken over. A session that negotiated features which it lacks is ended, so that its client
   * starts over (404 on Streamable HTTP, 2025-11-25 basic/transports, Session Management).
   */
  greeted(server: Server, owner: Caller | undefined, greeting: ServerGreeting): void {
    for (const session of this.#audience(server, owner)) {
      if (session.route === this.#aggregate || !session.negotiated) continue
      const lost = Object.keys(session.negotiated).some((name) => !(name in greeting.capabilities))
      if (lost) session.leave()
    }
  }

  #audience(server: Server, owner: Caller | undefined): ClientSession[] {
    const concerned: ClientSession[] = []
    for (const session of this.#sessions) {
      if (owner ? session !== owner : server.slotOf(session) !== server.shared) continue
      if (session.route === this.#aggregate) concerned.push(session)
      else if (session.route instanceof SingleRoute && session.route.serverId === server.id)
        concerned.push(session)
    }
    return concerned
  }

  #wantsMessage(session: ClientSession, envelope: Envelope, owner: Caller | undefined): boolean {
    if (owner) return true
    const level = stringAt(envelope.bytes, member(envelope.bytes, envelope.params, 'level'))
    if (!isLogLevel(level)) return true
    const anybodyAsked = [...this.#sessions].some((other) => other.logLevel !== undefined)
    if (!anybodyAsked) return true
    return logLevels.indexOf(level) >= logLevels.indexOf(session.logLevel ?? defaultLevel)
  }

  /** Tells each server the most verbose level that a session of it has asked for. */
  #levels(serverId?: string): void {
    const { directory } = this.#options
    const servers = serverId === undefined ? directory.all() : [directory.get(serverId)]
    const sessions = [...this.#sessions]
    if (!sessions.some((session) => session.logLevel !== undefined)) return
    for (const server of servers) {
      if (!server) continue
      const concerned = sessions.filter(
        ({ route }) => !(route instanceof SingleRoute) || route.serverId === server.id,
      )
      if (!concerned.some((session) => session.logLevel !== undefined)) continue
      const indexes = concerned.map((session) =>
        logLevels.indexOf(session.logLevel ?? defaultLevel),
      )
      server.setLogLevel(logLevels[Math.min(...indexes)])
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
