import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { Server } from '../servers/server.ts'
import type { AggregateLists, Target } from './aggregate-lists.ts'
import type { Caller, CallHandle, Era, Reply } from './caller.ts'
import { outgoing } from './client-reply.ts'
import type { ClientReply } from './client-reply.ts'
import type { ClientSession, Route } from './client-session.ts'
import { discoverResult } from './discover-result.ts'
import { readEnvelope } from './envelope.ts'
import type { Envelope, RequestEnvelope } from './envelope.ts'
import { arrayItems, isArray, jsonBytes, member, spliced, stringAt } from './json-spans.ts'
import type { Edit, Span } from './json-spans.ts'
import { isListMethod } from './listing.ts'
import type { ListMethod } from './listing.ts'
import { aggregateUri, splitUri } from './names.ts'
import { visibleTo } from './server-directory.ts'
import type { ServerDirectory } from './server-directory.ts'
import { isTaskMethod, TaskOwners } from './task-owners.ts'

/** Legacy clients learn the capabilities once, while servers come and go: a fixed superset (mcp-protocol, Names). */
const capabilities = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  completions: {},
  logging: {},
}

/** What is routed besides, in the words of each era. Each server decides for itself whether it makes tasks. */
const legacyCapabilities = {
  ...capabilities,
  tasks: { cancel: {}, requests: { tools: { call: {} } } },
}
const modernCapabilities = { ...capabilities, extensions: { 'io.modelcontextprotocol/tasks': {} } }

/** `/mcp`: all servers as one, tools named `server__tool`. */
export class AggregateRoute implements Route {
  readonly #directory: ServerDirectory
  readonly #lists: AggregateLists
  readonly #levels: () => void
  readonly #version: string
  readonly #tasks = new TaskOwners()

  constructor(
    directory: ServerDirectory,
    lists: AggregateLists,
    levels: () => void,
    version: string,
  ) {
    this.#directory = directory
    this.#lists = lists
    this.#levels = levels
    this.#version = version
  }

  async initialize(session: ClientSession, protocolVersion: string): Promise<Buffer> {
    const instructions = await this.#instructions(session)
    return jsonBytes({
      protocolVersion,
      capabilities: protocolVersion === '2025-11-25' ? legacyCapabilities : capabilities,
      serverInfo: this.#serverInfo(),
      ...(instructions === undefined ? {} : { instructions }),
    })
  }

  async discover(caller: Caller): Promise<Buffer> {
    const instructions = await this.#instructions(caller)
    return discoverResult(
      jsonBytes(modernCapabilities),
      jsonBytes(this.#serverInfo()),
      instructions === undefined ? undefined : jsonBytes(instructions),
    )
  }

  #serverInfo(): object {
    return { name: 'open-mcp-gateway', title: 'Open MCP Gateway', version: this.#version }
  }

  /** What the servers say of themselves, each under its name; only of those that are known already. */
  async #instructions(caller: Caller): Promise<string | undefined> {
    const servers = this.#visible(caller)
      .all()
      .filter((server) => server.definition.enabled)
    await Promise.all(servers.map((server) => server.prepare()))
    const parts = servers.flatMap((server) => {
      const greeting = server.known(caller)?.greeting.result
      const text =
        greeting &&
        stringAt(greeting, member(greeting, { start: 0, end: greeting.length }, 'instructions'))
      return text ? [`# ${server.definition.display_name ?? server.id}\n\n${text}`] : []
    })
    return parts.length > 0 ? parts.join('\n\n') : undefined
  }

  request(
    caller: Caller,
    request: RequestEnvelope,
    reply: ClientReply,
    answers: Reply,
  ): CallHandle | undefined {
    const { method } = request
    if (isListMethod(method)) return this.#list(caller, method, request, reply)
    switch (method) {
      case 'tools/call':
        return this.#named(caller, 'tools/list', 'tool', request, reply, answers)
      case 'prompts/get':
        return this.#named(caller, 'prompts/list', 'prompt', request, reply, answers)
      case 'resources/read':
        return this.#resource(caller, request, answers)
      case 'resources/subscribe':
        return this.#resource(caller, request, reply, (server, uri, out) =>
          server.subscribe(out, uri, reply),
        )
      case 'resources/unsubscribe':
        return this.#resource(caller, request, reply, (server, uri, out) => {
          if (!server.unsubscribe(uri, caller)) return server.send(out, reply)
          reply.result(Buffer.from('{}'))
          return undefined
        })
      case 'completion/complete':
        return this.#complete(caller, request, reply)
      default:
        if (isTaskMethod(method)) return this.#task(caller, request, reply)
        throw new GatewayError('method_not_found', `Method not found: ${method}`)
    }
  }

  notification(session: ClientSession, envelope: Envelope): void {
    for (const server of this.#visible(session).all()) server.notify(session, [envelope.bytes])
  }

  toolSchema(caller: Pick<Caller, 'permissions'>, name: string): Buffer | undefined {
    const target = this.#lists.knownTarget(caller, 'tools/list', name)
    const server = target && this.#directory.get(target.serverId)
    return target && server?.allowsTool(target.name, caller)
      ? server.toolSchema(target.name)
      : undefined
  }

  level(): void {
    this.#levels()
  }

  closed(session: ClientSession): void {
    for (const server of this.#directory.all()) server.forget(session)
  }

  #visible(caller: Caller): ServerDirectory {
    return visibleTo(caller, this.#directory)
  }

  #list(
    caller: Caller,
    method: ListMethod,
    request: RequestEnvelope,
    reply: ClientReply,
  ): CallHandle | undefined {
    const at = member(request.bytes, request.params, 'cursor')
    const cursor = at && (stringAt(request.bytes, at) ?? '')
    this.#lists.page(caller, method, cursor).then(
      (page) => reply.result(...page),
      (error: unknown) => reply.fail(asGatewayError(error)),
    )
    return undefined
  }

  #named(
    caller: Caller,
    list: 'tools/list' | 'prompts/list',
    noun: string,
    request: RequestEnvelope,
    reply: ClientReply,
    answers: Reply,
  ): CallHandle | undefined {
    const at = member(request.bytes, request.params, 'name')
    const exposed = stringAt(request.bytes, at)
    if (at === undefined || exposed === undefined)
      throw new GatewayError('invalid_params', `${request.method} needs the name of a ${noun}.`)
    const send = (target: Target | undefined): CallHandle => {
      const server = target && this.#visible(caller).get(target.serverId)
      const isHidden =
        noun === 'tool' && target && server && !server.allowsTool(target.name, caller)
      // The spec's own answer (2025-11-25 server/tools, Error Handling).
      if (!target || !server || isHidden)
        throw new GatewayError('invalid_params', `Unknown ${noun}: ${exposed}`)
      const edit: Edit = { ...at, text: jsonBytes(target.name) }
      const uris = new UriReply(answers, server.id)
      return server.send(outgoing(request, caller, [edit]), this.#tasks.watching(uris, server.id))
    }
    const known = this.#lists.knownTarget(caller, list, exposed)
    if (known) return send(known)
    return later(reply, this.#lists.target(caller, list, exposed), send)
  }

  #resource(
    caller: Caller,
    request: RequestEnvelope,
    reply: Reply,
    act?: (server: Server, uri: string, out: ReturnType<typeof outgoing>) => CallHandle | undefined,
  ): CallHandle | undefined {
    const at = member(request.bytes, request.params, 'uri')
    const { server, uri } = this.#owner(caller, stringAt(request.bytes, at))
    const out = outgoing(request, caller, at ? [{ ...at, text: jsonBytes(uri) }] : [])
    return act ? act(server, uri, out) : server.send(out, new UriReply(reply, server.id))
  }

  /** To the server that has made the task. */
  #task(caller: Caller, request: RequestEnvelope, reply: Reply): CallHandle {
    const { bytes, params } = request
    const taskId = stringAt(bytes, member(bytes, params, 'taskId'))
    const server = this.#visible(caller).get(this.#tasks.serverOf(caller, taskId))
    if (!server) throw new GatewayError('invalid_params', `Unknown task: ${taskId ?? ''}`)
    return server.send(outgoing(request, caller), new UriReply(reply, server.id))
  }

  #owner(caller: Caller, exposed: string | undefined): { server: Server; uri: string } {
    const own = exposed === undefined ? undefined : splitUri(exposed)
    const server = own && this.#visible(caller).get(own.serverId)
    if (!own || !server)
      throw new GatewayError(
        'resource_not_found',
        `Resource not found: ${exposed ?? 'no uri given'}`,
      )
    return { server, uri: own.uri }
  }

  /** `ref` names a prompt or a resource template; both are given back their own names. */
  #complete(caller: Caller, request: RequestEnvelope, reply: ClientReply): CallHandle | undefined {
    const { bytes, params } = request
    const ref = member(bytes, params, 'ref')
    const uriAt = member(bytes, ref, 'uri')
    if (uriAt) {
      const { server, uri } = this.#owner(caller, stringAt(bytes, uriAt))
      return server.send(outgoing(request, caller, [{ ...uriAt, text: jsonBytes(uri) }]), reply)
    }
    const nameAt = member(bytes, ref, 'name')
    const exposed = stringAt(bytes, nameAt)
    if (!nameAt || exposed === undefined)
      throw new GatewayError('invalid_params', 'completion/complete needs a `ref`.')
    const send = (target: Target | undefined): CallHandle => {
      const server = target && this.#visible(caller).get(target.serverId)
      if (!target || !server) throw new GatewayError('invalid_params', `Unknown prompt: ${exposed}`)
      return server.send(
        outgoing(request, caller, [{ ...nameAt, text: jsonBytes(target.name) }]),
        reply,
      )
    }
    const known = this.#lists.knownTarget(caller, 'prompts/list', exposed)
    if (known) return send(known)
    return later(reply, this.#lists.target(caller, 'prompts/list', exposed), send)
  }
}

/** A call whose server has to be looked up first. */
function later<T>(
  reply: ClientReply,
  looking: Promise<T>,
  send: (found: T) => CallHandle | undefined,
): CallHandle {
  let handle: CallHandle | undefined
  let cancelled = false
  looking
    .then((found) => {
      if (!cancelled) handle = send(found)
    })
    .catch((error: unknown) => reply.fail(asGatewayError(error)))
  return {
    cancel: (reason) => {
      cancelled = true
      handle?.cancel(reason)
    },
  }
}

/** Puts the aggregate's URIs into what a server answers: contents, links and embedded resources. */
class UriReply implements Reply {
  readonly caller: Reply['caller']
  readonly #reply: Reply
  readonly #serverId: string

  constructor(reply: Reply, serverId: string) {
    this.caller = reply.caller
    this.#reply = reply
    this.#serverId = serverId
  }

  get root(): Reply {
    return this.#reply.root
  }

  answer(response: Envelope, era: Era): void {
    const { bytes, result } = response
    const edits =
      result && bytes.includes('"uri"', result.start) ? uriEdits(bytes, result, this.#serverId) : []
    this.#reply.answer(edits.length === 0 ? response : readEnvelope(spliced(bytes, edits)), era)
  }

  fail(error: GatewayError): void {
    this.#reply.fail(error)
  }

  notify(message: readonly Buffer[]): boolean {
    return this.#reply.notify(message)
  }
}

/** tools/call `content`, prompts/get `messages[].content`, resources/read `contents`. */
function uriEdits(bytes: Buffer, result: Span, serverId: string): Edit[] {
  const edits: Edit[] = []
  const one = (block: Span | undefined): void => {
    if (!block) return
    for (const holder of [block, member(bytes, block, 'resource')]) {
      const at = member(bytes, holder, 'uri')
      const uri = stringAt(bytes, at)
      if (at && uri !== undefined)
        edits.push({ ...at, text: jsonBytes(aggregateUri(serverId, uri)) })
    }
  }
  const each = (array: Span | undefined, visit: (item: Span) => void): void => {
    if (array && isArray(bytes, array))
      for (const item of arrayItems(bytes, array.start)) visit(item)
  }
  each(member(bytes, result, 'content'), one)
  each(member(bytes, result, 'contents'), one)
  // What a task has come to (tasks/get).
  each(member(bytes, member(bytes, result, 'result'), 'content'), one)
  each(member(bytes, result, 'messages'), (item) => one(member(bytes, item, 'content')))
  return edits
}
