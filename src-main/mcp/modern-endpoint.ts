import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { Clock } from '../servers/clock.ts'
import type { CallHandle } from './caller.ts'
import type { Permissions } from './client-permissions.ts'
import { ClientReply } from './client-reply.ts'
import type { Channel } from './client-reply.ts'
import type { Route } from './client-session.ts'
import type { RequestEnvelope } from './envelope.ts'
import { supportedVersions } from './discover-result.ts'
import type { Listens } from './listens.ts'
import { isLogLevel } from './log-level.ts'
import { ModernCaller, ModernCallers } from './modern-callers.ts'
import {
  isModernVersion,
  readMeta,
  readModernCapabilities,
  readModernVersion,
} from './modern-message.ts'
import type { ModernMeta } from './modern-message.ts'
import { ParkedCalls } from './parked-calls.ts'
import { stringAt } from './json-spans.ts'
import { findServer, visibleTo } from './server-directory.ts'
import type { ServerDirectory } from './server-directory.ts'

/** Requests whose result may be `input_required` (2026-07-28 basic/patterns/mrtr, Supported Requests). */
const mayBeAsked = new Set(['tools/call', 'prompts/get', 'resources/read'])

/** Requests of the handshake era that 2026-07-28 has not. */
const removed = new Set([
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
  'initialize',
])

/** What a carrier that has headers checks against the body, in the order of the spec. */
export interface RequestChecks {
  version(meta: ModernMeta | undefined): GatewayError | undefined
  headers(): GatewayError | undefined
}

const noChecks: RequestChecks = { version: () => undefined, headers: () => undefined }

export interface RequestContext {
  principal: string
  serverId?: string | undefined
  /** The pipe that it came over: clients of one principal are told apart by it, where a server asks back. */
  connection?: string
  /** The AI client's id, where its carrier tells it. */
  client?: string | undefined
}

interface Options {
  directory: ServerDirectory
  clock: Clock
  listens: Listens
  /** The route of one server, or of all as one. */
  route: (serverId: string | undefined) => Route
  /** Undefined: everything. */
  permissions: (client: string | undefined) => Permissions | undefined
}

/** Requests of 2026-07-28: each carries what it needs, none has a session. */
export class ModernEndpoint {
  readonly #options: Options
  readonly #callers: ModernCallers
  readonly #parked: ParkedCalls
  /** Whoever is refused before it is known what the client can do. */
  readonly #nobody = new ModernCaller('requests of nobody', '', {})

  constructor(options: Options) {
    this.#options = options
    this.#parked = new ParkedCalls(options.clock)
    this.#callers = new ModernCallers((caller) => {
      this.#parked.forget(caller)
      for (const server of options.directory.all()) server.forget(caller)
    })
  }

  get openStreams(): number {
    return this.#options.listens.size
  }

  /** Answers through the channel. The handle cancels: the client has closed the stream, or said so on a pipe. */
  request(
    request: RequestEnvelope,
    context: RequestContext,
    channel: Channel,
    checks: RequestChecks = noChecks,
    ended: () => void = () => {},
  ): CallHandle {
    const { directory, listens, permissions, route } = this.#options
    const { principal, serverId } = context
    const meta = readMeta(request)
    const who = context.connection ?? principal
    let reply = new ClientReply(this.#nobody, request, channel, ended)
    const done: CallHandle = { cancel: () => reply.abandon() }
    try {
      const version = readModernVersion(request, meta)
      const wrongVersion = checks.version(meta)
      if (wrongVersion) throw wrongVersion
      if (!isModernVersion(version)) throw unsupported(version)
      const capabilities = readModernCapabilities(request, meta)
      const wrongHeader = checks.headers()
      if (wrongHeader) throw wrongHeader
      const level = stringAt(request.bytes, meta?.logLevel)
      const caller = this.#callers.of(who, principal, capabilities)
      caller.client = context.client
      caller.permissions ??= permissions(context.client)
      if (isLogLevel(level)) caller.wantLevel(level)
      if (meta?.logLevel && !isLogLevel(level))
        throw new GatewayError(
          'invalid_params',
          `The log level '${level ?? ''}' is not one of the protocol's.`,
        )
      reply = new ClientReply(caller, request, channel, ended)
      if (serverId !== undefined) findServer(visibleTo(caller, directory), serverId)
      if (removed.has(request.method))
        throw new GatewayError('method_not_found', `Method not found: ${request.method}`)
      if (request.method === 'subscriptions/listen') {
        const handle = listens.open(request, serverId, reply)
        return cancelling(handle, reply)
      }
      const its = route(serverId)
      if (request.method === 'server/discover') {
        its.discover(reply.caller).then(
          (result) => reply.result(result),
          (error: unknown) => reply.fail(asGatewayError(error)),
        )
        return done
      }
      if (!mayBeAsked.has(request.method))
        return cancelling(its.request(reply.caller, request, reply, reply), reply)
      const binding = { principal, serverId: serverId ?? '', request }
      const handle = this.#parked.handleOf(request)
      if (handle !== undefined)
        return cancelling(this.#parked.resume(handle, binding, reply).during(reply), reply)
      const parkable = this.#parked.reply(binding, reply)
      parkable.handle = its.request(reply.caller, request, reply, parkable)
      return cancelling(parkable.during(reply), reply)
    } catch (error) {
      reply.fail(asGatewayError(error))
      return done
    }
  }

  /** `inputSchema` of a tool under the name that this client knows it by, as far as it is known. */
  toolSchema({ serverId, client }: RequestContext, name: string): Buffer | undefined {
    const { permissions, route } = this.#options
    return route(serverId).toolSchema({ permissions: permissions(client) }, name)
  }

  /** A pipe is gone, or a principal has no access any more. */
  left(who: string): void {
    this.#callers.left(who)
  }

  close(): void {
    this.#parked.close()
    this.#options.listens.close()
  }
}

function cancelling(handle: CallHandle | undefined, reply: ClientReply): CallHandle {
  return {
    cancel: (reason) => {
      handle?.cancel(reason)
      reply.abandon()
    },
  }
}

/** 2026-07-28 basic/versioning, Protocol Version Negotiation. */
function unsupported(requested: string): GatewayError {
  return new GatewayError('unsupported_version', `Unsupported protocol version: ${requested}`, {
    data: { supported: supportedVersions, requested },
  })
}
