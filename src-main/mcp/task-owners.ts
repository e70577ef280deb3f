import { GatewayError } from '../../src-shared/errors.ts'
import type { Caller, Era, Reply } from './caller.ts'
import type { Envelope } from './envelope.ts'
import { member, stringAt } from './json-spans.ts'

/** Tasks remembered at once; the oldest are forgotten, and their clients told that they are not known. */
const maxTasks = 10_000
/** Longer ids are not remembered. */
const maxIdLength = 1_000

/** Methods that name a task (extension io.modelcontextprotocol/tasks; 2025-11-25 basic/utilities/tasks). */
const taskMethods = new Set(['tasks/get', 'tasks/update', 'tasks/cancel', 'tasks/result'])

export function isTaskMethod(method: string): boolean {
  return taskMethods.has(method)
}

/** Whose tasks they are: a client comes back to a task over another connection, but not as somebody else. */
function keyOf(caller: Caller, taskId: string): string {
  return JSON.stringify([caller.principal ?? caller.key, taskId])
}

/** Which server has which task, on the endpoint of all servers: a task's id says nothing of that. */
export class TaskOwners {
  readonly #servers = new Map<string, string>()

  /** The server's id. Throws GatewayError `invalid_params` for a task that is not this client's. */
  serverOf(caller: Caller, taskId: string | undefined): string {
    const serverId = taskId === undefined ? undefined : this.#servers.get(keyOf(caller, taskId))
    if (serverId !== undefined) return serverId
    throw new GatewayError('invalid_params', `Unknown task: ${taskId ?? 'no taskId given'}`)
  }

  /** False if another server's task of this client has the same id: then it cannot be told from that. */
  remember(caller: Caller, taskId: string, serverId: string): boolean {
    if (taskId.length > maxIdLength) return false
    const key = keyOf(caller, taskId)
    const owner = this.#servers.get(key)
    if (owner !== undefined && owner !== serverId) return false
    this.#servers.delete(key)
    this.#servers.set(key, serverId)
    if (this.#servers.size > maxTasks)
      for (const oldest of this.#servers.keys()) {
        this.#servers.delete(oldest)
        break
      }
    return true
  }

  /** A reply that notices the task which a server makes of a call. */
  watching(reply: Reply, serverId: string): Reply {
    return new TaskReply(reply, serverId, this)
  }
}

class TaskReply implements Reply {
  readonly caller: Caller
  readonly #reply: Reply
  readonly #serverId: string
  readonly #owners: TaskOwners

  constructor(reply: Reply, serverId: string, owners: TaskOwners) {
    this.caller = reply.caller
    this.#reply = reply
    this.#serverId = serverId
    this.#owners = owners
  }

  get root(): Reply {
    return this.#reply.root
  }

  answer(response: Envelope, era: Era): void {
    const { bytes, result } = response
    const taskId =
      result && bytes.includes('"taskId"', result.start) ? createdIn(response) : undefined
    if (taskId === undefined || this.#owners.remember(this.caller, taskId, this.#serverId))
      this.#reply.answer(response, era)
    else
      this.#reply.fail(
        new GatewayError(
          'server_failed',
          `${this.#serverId} has begun a task whose id another server uses already, so it cannot be followed here. ` +
            `Use /servers/${this.#serverId}/mcp for it.`,
        ),
      )
  }

  fail(error: GatewayError): void {
    this.#reply.fail(error)
  }

  notify(message: readonly Buffer[]): boolean {
    return this.#reply.notify(message)
  }
}

/** The id of a CreateTaskResult: `resultType: "task"`, or `task` in 2025-11-25. */
function createdIn({ bytes, result }: Envelope): string | undefined {
  const isTask = stringAt(bytes, member(bytes, result, 'resultType')) === 'task'
  const holder = isTask ? result : member(bytes, result, 'task')
  return stringAt(bytes, member(bytes, holder, 'taskId'))
}
