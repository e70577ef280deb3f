import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { Caller, CallHandle } from './caller.ts'
import type { Permissions } from './client-permissions.ts'
import { ClientReply } from './client-reply.ts'
import type { Channel } from './client-reply.ts'
import { isRequest, readEnvelope } from './envelope.ts'
import type { Envelope } from './envelope.ts'
import { jsonBytes, slice } from './json-spans.ts'
import { findServer, visibleTo } from './server-directory.ts'
import type { ServerDirectory } from './server-directory.ts'
import { relay } from './single-route.ts'

/** Calls without a handshake: `{"server_id", "method", "params"?, "id"?}` (product 4). */
export class OneCall {
  readonly #directory: ServerDirectory
  readonly #permissions: (client: string) => Permissions | undefined
  readonly #callers = new Map<string, Caller>()
  #nextId = 1

  constructor(
    directory: ServerDirectory,
    permissions: (client: string) => Permissions | undefined = () => undefined,
  ) {
    this.#directory = directory
    this.#permissions = permissions
  }

  /**
   * Sends one message to one server; `client`: the id of a client's token. Undefined where no answer is to be waited for. Throws GatewayError
   * `server_not_found`, `bad_request`; all later errors come through the channel.
   */
  send(
    serverId: string,
    principal: string,
    envelope: Envelope,
    channel: Channel,
    client?: string,
  ): CallHandle | undefined {
    const caller = this.caller(principal, client)
    const server = findServer(visibleTo(caller, this.#directory), serverId)
    if (envelope.kind === 'response')
      throw new GatewayError('bad_request', 'A response needs a session: send `initialize` first.')
    const { bytes, method, params } = envelope
    // With an id it is a request whatever its name, and waits for an answer.
    if (method.startsWith('notifications/') && !envelope.id) {
      server.notify(caller, [rebuilt(method, undefined, params && slice(bytes, params))])
      return undefined
    }
    const id = envelope.id ? slice(bytes, envelope.id) : Buffer.from(String(this.#nextId++))
    const request = readEnvelope(rebuilt(method, id, params && slice(bytes, params)))
    if (!isRequest(request)) throw new GatewayError('bad_request', 'The message is no request.')
    const reply = new ClientReply(caller, request, channel, () => {})
    // Nobody would ever end it: what follows a resource is a session, or a stream.
    if (method === 'resources/subscribe')
      throw new GatewayError(
        'bad_request',
        'A single call cannot follow a resource. Open a session with `initialize`, or use `subscriptions/listen`.',
      )
    if (method === 'ping') {
      reply.result(Buffer.from('{}'))
      return undefined
    }
    if (method === 'initialize') {
      server.greeting(caller).then(
        ({ result }) => reply.result(result),
        (error: unknown) => reply.fail(asGatewayError(error)),
      )
      return undefined
    }
    return relay(server, caller, request, reply, reply)
  }

  /** One caller a principal: with `isolation: session` its calls share an instance. */
  caller(principal: string, client?: string): Caller {
    const existing = this.#callers.get(principal)
    if (existing) return existing
    const caller: Caller = {
      key: `calls of ${principal}`,
      client: client ?? principal,
      permissions: client === undefined ? undefined : this.#permissions(client),
      era: 'legacy',
      capabilities: {},
      ask(_request, answer) {
        queueMicrotask(() =>
          answer.fail(
            new GatewayError(
              'method_not_found',
              'A single call has no client that could be asked.',
            ),
          ),
        )
        return { cancel() {} }
      },
    }
    this.#callers.set(principal, caller)
    return caller
  }

  /** A principal has no access any more: what servers hold for it is let go. */
  left(principal: string): void {
    const caller = this.#callers.get(principal)
    if (!caller) return
    this.#callers.delete(principal)
    for (const server of this.#directory.all()) server.forget(caller)
  }
}

/** The envelope as JSON-RPC has it, with the params as they were written. */
function rebuilt(method: string, id: Buffer | undefined, params: Buffer | undefined): Buffer {
  const parts: Buffer[] = [Buffer.from('{"jsonrpc":"2.0"')]
  if (id) parts.push(Buffer.from(',"id":'), id)
  parts.push(Buffer.from(',"method":'), jsonBytes(method))
  if (params) parts.push(Buffer.from(',"params":'), params)
  parts.push(Buffer.from('}'))
  return Buffer.concat(parts)
}
