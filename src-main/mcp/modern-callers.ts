import { createHash } from 'node:crypto'
import { GatewayError } from '../../src-shared/errors.ts'
import type { AskHandle, Caller, ClientAnswer, ClientCapabilities, Reply } from './caller.ts'
import { capabilitySignature } from './client-capability.ts'
import type { Permissions } from './client-permissions.ts'
import type { RequestEnvelope } from './envelope.ts'
import { isAtLeast } from './log-level.ts'
import type { McpLogLevel } from './log-level.ts'
import { ParkableReply } from './parked-calls.ts'

/** Callers kept at once; the one that was used longest ago is forgotten. */
const maxCallers = 1_000

/**
 * A client of 2026-07-28 has no session: what belongs together is one principal, over a pipe one connection, with one
 * set of capabilities (product 3, isolation). Questions of legacy servers are put into the result of the request that they belong to.
 */
export class ModernCaller implements Caller {
  readonly era = 'modern'
  readonly key: string
  readonly capabilities: ClientCapabilities
  readonly principal: string
  client: string | undefined
  permissions: Permissions | undefined
  isGone = false
  /** The most verbose level that a request of it has asked for: an instance of its own is told. */
  logLevel: McpLogLevel | undefined

  constructor(key: string, principal: string, capabilities: ClientCapabilities) {
    this.key = key
    this.principal = principal
    this.capabilities = capabilities
  }

  wantLevel(level: McpLogLevel): void {
    if (this.logLevel === undefined || isAtLeast(this.logLevel, level)) this.logLevel = level
  }

  ask(request: RequestEnvelope, answer: ClientAnswer, during: Reply | undefined): AskHandle {
    const root = during?.root
    if (root instanceof ParkableReply) return root.ask(request, answer)
    const method = during ? 'this request' : 'no request of its own'
    queueMicrotask(() =>
      answer.fail(
        new GatewayError(
          'method_not_found',
          `The client can be asked for ${request.method} only while it calls a tool, gets a prompt or reads a resource; it makes ${method}.`,
        ),
      ),
    )
    return { cancel() {} }
  }
}

/** Longer than this, a name of capabilities is shortened. */
const maxNameLength = 200

function shortened(name: string): string {
  if (name.length <= maxNameLength) return name
  return createHash('sha256').update(name).digest('base64url')
}

export class ModernCallers {
  readonly #callers = new Map<string, ModernCaller>()
  readonly #forget: (caller: Caller) => void

  /** `forget`: what servers hold for a caller is let go. */
  constructor(forget: (caller: Caller) => void) {
    this.#forget = forget
  }

  /** `who`: the principal, or one connection of it where it is known which requests come over which. */
  of(who: string, principal: string, capabilities: ClientCapabilities): ModernCaller {
    const key = `${keyStart(who)}${shortened(capabilitySignature(capabilities))}`
    const existing = this.#callers.get(key)
    const caller = existing ?? new ModernCaller(key, principal, capabilities)
    // The youngest last.
    if (existing) this.#callers.delete(key)
    this.#callers.set(key, caller)
    if (this.#callers.size > maxCallers) {
      const [oldest] = this.#callers.values()
      if (oldest) this.#drop(oldest)
    }
    return caller
  }

  /** The connection is gone, and all that servers hold for it goes as well. */
  left(who: string): void {
    const start = keyStart(who)
    for (const caller of this.#callers.values())
      if (caller.key.startsWith(start)) this.#drop(caller)
  }

  #drop(caller: ModernCaller): void {
    this.#callers.delete(caller.key)
    caller.isGone = true
    this.#forget(caller)
  }
}

function keyStart(who: string): string {
  return `requests of ${JSON.stringify(who)} `
}
