import { GatewayError } from '../../src-shared/errors.ts'
import type { Envelope, RequestEnvelope } from './envelope.ts'
import type { Edit, Span } from './json-spans.ts'
import type { Permissions } from './client-permissions.ts'
import type { McpLogLevel } from './log-level.ts'

/** The middle's neutral form: what sessions of any era hand to servers, and what servers of any era hand back. */

/** What a client says it can do; top-level keys only matter to routing, the rest is checked per request. */
export type ClientCapabilities = Readonly<Record<string, unknown>>

/** Who speaks: `initialize` and sessions (to 2025-11-25), or metadata on every request (2026-07-28). */
export type Era = 'legacy' | 'modern'

/** A request on its way to a server: the message as it came, and what changes on the way. */
export interface Outgoing {
  readonly envelope: RequestEnvelope
  /** Of the client that wrote it. */
  readonly era: Era
  /** Log messages of this level and above are wanted while it runs; undefined: none on its account. */
  readonly logLevel: McpLogLevel | undefined
  /** `params._meta.progressToken`, where there is one. */
  readonly progressToken: Span | undefined
  /** Rewrites beside the id and the token (an aggregate's names). */
  readonly edits: readonly Edit[]
}

/** Where the answer goes. Exactly one of `answer` and `fail` is called, once; `notify` only before it. */
export interface Reply {
  readonly caller: Caller
  /** What others may have wrapped: the request as its client knows it. */
  readonly root: Reply
  /** The server's response, whole, as a server of `era` has written it; its `id` is to be replaced by the client's. */
  answer(response: Envelope, era: Era): void
  fail(error: GatewayError): void
  /**
   * Something that belongs to this request and comes before its answer: progress with the client's own token in
   * place, or a question to the client. False if there is no way for it.
   */
  notify(message: readonly Buffer[]): boolean
}

/** How a server→client request comes back. */
export interface ClientAnswer {
  answer(response: Envelope): void
  /** The client's progress on it, with the server's own token. */
  progress(message: readonly Buffer[]): void
  fail(error: GatewayError): void
}

/** Who asks: a session, a REST caller, or the gateway itself. */
export interface Caller {
  /** Unique while it lives; a session instance belongs to it. */
  readonly key: string
  readonly era: Era
  readonly capabilities: ClientCapabilities
  /** What it asked for with logging/setLevel; an instance of its own is told. */
  readonly logLevel?: McpLogLevel | undefined
  /** The AI client's name, as far as it is known; a modern client tells it with each request. */
  readonly client?: string | undefined
  /** What it may see and use; undefined: everything. */
  readonly permissions?: Permissions | undefined
  /** On whose behalf, where several callers may be one and the same client. */
  readonly principal?: string
  /** Whose instances it shares: a stream of changes belongs to the client that has opened it. */
  readonly placedWith?: Caller
  /** True once its session has ended: nothing is started for it any more. */
  readonly isGone?: boolean
  /**
   * Asks the client (sampling, elicitation, roots). `during` is the request of this caller that it belongs to,
   * as far as known. Returns how to withdraw it. Fails at once if the client cannot be reached.
   */
  ask(request: RequestEnvelope, answer: ClientAnswer, during: Reply | undefined): AskHandle
}

export interface AskHandle {
  /** The server has cancelled its request: tells the client (`notifications/cancelled`), no answer follows. */
  cancel(reason: Buffer | undefined): void
}

/** A request under way. */
export interface CallHandle {
  /** The caller no longer wants the answer; neither `answer` nor `fail` is called after it. */
  cancel(reason?: string): void
}

/** The gateway asking for itself (lists, levels, subscriptions). */
export const gatewayCaller: Caller = {
  key: 'gateway',
  era: 'legacy',
  capabilities: {},
  ask(_request, answer) {
    queueMicrotask(() =>
      answer.fail(new GatewayError('method_not_found', 'No client is there to answer.')),
    )
    return { cancel() {} }
  },
}
