import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { Server } from '../servers/server.ts'
import type { Caller, CallHandle, Reply } from './caller.ts'
import type { ClientReply } from './client-reply.ts'
import { outgoing } from './client-reply.ts'
import type { ClientSession, Route } from './client-session.ts'
import type { Envelope, RequestEnvelope } from './envelope.ts'
import { jsonBytes, member, spliced, stringAt } from './json-spans.ts'
import { discoverOf, ownVersions } from './discover-result.ts'
import { isListMethod } from './listing.ts'
import { findServer, visibleTo } from './server-directory.ts'
import type { ServerDirectory } from './server-directory.ts'

/** `/servers/:id/mcp`: one server with its names untouched. */
export class SingleRoute implements Route {
  readonly serverId: string
  readonly #directory: ServerDirectory
  readonly #levels: (serverId: string) => void

  /** `levels`: called when the most verbose log level asked for may have changed. */
  constructor(serverId: string, directory: ServerDirectory, levels: (serverId: string) => void) {
    this.serverId = serverId
    this.#directory = directory
    this.#levels = levels
  }

  async initialize(session: ClientSession, protocolVersion: string): Promise<Buffer> {
    const { result, capabilities } = await this.#server(session).greeting(session)
    session.negotiated = capabilities
    const version = member(result, { start: 0, end: result.length }, 'protocolVersion')
    return version ? spliced(result, [{ ...version, text: jsonBytes(protocolVersion) }]) : result
  }

  async discover(caller: Caller): Promise<Buffer> {
    const greeting = await this.#server(caller).greeting(caller)
    return greeting.discover ? ownVersions(greeting.discover) : discoverOf(greeting.result)
  }

  request(
    caller: Caller,
    request: RequestEnvelope,
    reply: ClientReply,
    answers: Reply,
  ): CallHandle | undefined {
    return relay(this.#server(caller), caller, request, reply, answers)
  }

  notification(session: ClientSession, envelope: Envelope): void {
    visibleTo(session, this.#directory).get(this.serverId)?.notify(session, [envelope.bytes])
  }

  toolSchema(caller: Pick<Caller, 'permissions'>, name: string): Buffer | undefined {
    const server = visibleTo(caller, this.#directory).get(this.serverId)
    return server?.allowsTool(name, caller) ? server.toolSchema(name) : undefined
  }

  level(session: ClientSession): void {
    const server = visibleTo(session, this.#directory).get(this.serverId)
    const greeting = server?.known(session)?.greeting
    if (greeting && !('logging' in greeting.capabilities))
      throw new GatewayError(
        'method_not_found',
        `${this.serverId} has no log messages to set a level for.`,
      )
    this.#levels(this.serverId)
  }

  closed(session: ClientSession): void {
    this.#directory.get(this.serverId)?.forget(session)
  }

  /** Throws GatewayError `server_not_found`. */
  #server(caller: Caller): Server {
    return findServer(visibleTo(caller, this.#directory), this.serverId)
  }
}

/** One request to one server, with the answers that need no process. */
export function relay(
  server: Server,
  caller: Caller,
  request: RequestEnvelope,
  reply: ClientReply,
  answers: Reply,
): CallHandle | undefined {
  const { method, bytes, params } = request
  if (
    isListMethod(method) &&
    !server.isReady(caller) &&
    member(bytes, params, 'cursor') === undefined
  ) {
    const answered = server.prepared ? answerKnown(server, caller, request, reply) : undefined
    if (answered) return undefined
    if (!server.prepared) {
      let handle: CallHandle | undefined
      let cancelled = false
      server
        .prepare()
        .then(() => {
          if (cancelled || answerKnown(server, caller, request, reply)) return
          handle = server.send(outgoing(request, caller), answers)
        })
        .catch((error: unknown) => reply.fail(asGatewayError(error)))
      return {
        cancel: (reason) => {
          cancelled = true
          handle?.cancel(reason)
        },
      }
    }
  }
  if (method === 'resources/subscribe') {
    const uri = stringAt(bytes, member(bytes, params, 'uri'))
    if (uri !== undefined) return server.subscribe(outgoing(request, caller), uri, reply)
  }
  if (method === 'resources/unsubscribe') {
    const uri = stringAt(bytes, member(bytes, params, 'uri'))
    if (uri !== undefined && server.unsubscribe(uri, caller)) {
      reply.result(Buffer.from('{}'))
      return undefined
    }
  }
  return server.send(outgoing(request, caller), answers)
}

/** True if what is known of the server answers the request. */
function answerKnown(
  server: Server,
  caller: Caller,
  request: RequestEnvelope,
  reply: ClientReply,
): boolean {
  if (!isListMethod(request.method)) return false
  const known = server.knownList(caller, request.method)
  if (known) reply.known(known.result, known.era)
  else if (server.known(caller)?.lacks.has(request.method))
    reply.fail(new GatewayError('method_not_found', `Method not found: ${request.method}`))
  else return false
  return true
}
