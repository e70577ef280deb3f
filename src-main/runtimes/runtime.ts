import type { GatewayError } from '../../src-shared/errors.ts'
import type { LogSource } from '../../src-shared/server-state.ts'
import type { Runtime } from '../../src-shared/catalog.ts'

/** What is needed to bring one instance of a server to life. All `${…}` are resolved. */
export interface LaunchDefinition {
  serverId: string
  runtime: Runtime
  /** `env` and `env_file` of the catalog entry, merged (env wins). */
  env: Record<string, string>
  inheritEnv: boolean | readonly string[]
  /** Where relative paths (working_dir, command with a slash) start: the catalog's folder. */
  baseDir: string
}

/** Why a link is gone. `message` is for people: what happened, and why as far as known. */
export interface LinkClosed {
  message: string
  exitCode?: number | null
  signal?: string | null
  /** True if `close()` was asked for; false for a crash, an end of stream, a lost connection. */
  expected: boolean
}

/** What a start waits for, in case that it waits in vain: "What … within 60 s. Advice". */
export interface StartWait {
  what: string
  advice: string
}

/** What a link tells its owner. All are called on later turns, never from inside `send`. */
export interface LinkEvents {
  /**
   * One JSON-RPC message from the server, as the bytes that came, without a line end. Not checked.
   * `relatedTo`: the id of our request on whose HTTP stream it came, where the runtime knows.
   */
  message(bytes: Buffer, relatedTo?: number): void
  /**
   * The request with this id (remote runtimes) could not be delivered, or its answer is lost, while the
   * link goes on. `reached`: true if a byte of it may have reached the server.
   */
  failed(id: number, error: GatewayError, reached: boolean): void
  /** Exactly once, at the end of the link's life. Nothing is called after it. */
  closed(reason: LinkClosed): void
  /** One line for the server's log (stderr, junk on stdout, what happens to the process). */
  log(source: LogSource, text: string): void
  /** The start goes on, with something that takes as long as it takes (an image is pulled): its time begins anew. */
  progress(wait?: StartWait): void
}

/** Lower-case names. */
export type RequestHeaders = Readonly<Record<string, string>>

/** The message pipe to one running instance of a server. */
export interface Link {
  /**
   * True where each request has an answer stream of its own (HTTP): `forget` ends it, and that is how a request is
   * cancelled there. False on a pipe, where a cancellation is a message.
   */
  readonly hasStreams: boolean
  /** Process ids it knows of; the root first. Empty for remote ones. */
  readonly pids: readonly number[]
  /**
   * Sends one JSON-RPC message (no line end). `id` is given for requests: the number in the message.
   * `chunks` are written in order as one message. Never throws; a failure comes as `failed` or `closed`.
   * `headers`: what a server of 2026-07-28 wants beside the message over HTTP; a pipe has no use for them.
   * Returns false when the message was dropped because the link is closed: no byte reached the server.
   */
  send(chunks: readonly Buffer[], id?: number, headers?: RequestHeaders): boolean
  /** Tells the version negotiated by `initialize` (remote: the MCP-Protocol-Version header from here on). */
  negotiated(protocolVersion: string): void
  /** Gives up waiting for the answer to this request (remote: closes its stream). */
  forget(id: number): void
  /**
   * Ends the instance gracefully (local: close stdin, wait, SIGTERM, wait, SIGKILL to the whole tree; remote:
   * DELETE the session). Resolves when nothing of it is alive, at most `graceMs` + 4 s later. Idempotent.
   */
  close(graceMs?: number): Promise<void>
}

/**
 * Brings an instance to life. Rejects with a GatewayError (`server_failed`) that says what, why and what to do,
 * e.g. a command that is not in PATH. Resolving does not mean that the server has answered anything yet.
 */
export type Launch = (
  definition: LaunchDefinition,
  events: LinkEvents,
  signal: AbortSignal,
) => Promise<Link>
