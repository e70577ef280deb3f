import type { GatewayError } from '../../src-shared/errors.ts'
import type { Link } from '../runtimes/runtime.ts'
import type { Clock } from '../servers/clock.ts'
import type { Call } from './call.ts'
import type { Caller, ClientCapabilities, Era } from './caller.ts'
import type { Envelope } from './envelope.ts'

/** What a server said of itself when it was greeted. */
export interface ServerGreeting {
  era: Era
  protocolVersion: string
  /** The whole InitializeResult (JSON): as it came, or what stands for it with a modern server. */
  result: Buffer
  /** The whole DiscoverResult of a modern server (JSON), as it came. */
  discover: Buffer | undefined
  capabilities: Record<string, unknown>
}

export interface UpstreamEvents {
  /** A notification that belongs to no call: list changes, log messages, resource updates, unknown ones. */
  notification(envelope: Envelope): void
  /** Its lists may have changed, and nobody was told. */
  missed(): void
  /** The server made a request of this kind to a client (isolation auto remembers it). */
  asked(method: string): void
}

export interface UpstreamLimits {
  /** Without progress and without an open question to a person. */
  requestTimeoutMs: number
  /** Whatever the progress. */
  maxRequestMs: number
}

/** What an upstream of either era is made with. */
export interface UpstreamOptions {
  serverId: string
  link: Link
  clock: Clock
  limits: () => UpstreamLimits
  events: UpstreamEvents
  /** What the gateway declares to a legacy server, and to a modern one when it asks for itself. */
  capabilities: ClientCapabilities
  /** A message that could not be understood. */
  junk: (text: string) => void
  version: string
}

/** The MCP peer at the far end of a link. One implementation an era; the middle knows only this. */
export interface Upstream {
  readonly greeting: ServerGreeting
  /** The request that shows that it lives. */
  readonly healthMethod: 'ping' | 'server/discover'
  /** Calls under way that are not the gateway's own. */
  readonly inFlight: number
  /** Sends the call; its answer comes through the call. False: the link is gone and no byte was sent. */
  send(call: Call): boolean
  /** Sends a notification as it is. */
  notify(message: readonly Buffer[]): void
  /** One message from the link. */
  receive(bytes: Buffer, relatedTo: number | undefined): void
  /** One message could not be delivered (remote links). */
  undelivered(id: number, error: GatewayError, reached: boolean): void
  /** Times out what is due. Called about once a second. */
  sweep(): void
  /** The link is gone: every call under way is lost. */
  close(error: GatewayError): void
  /**
   * All resources that somebody follows now, where that is told by one stream and not by requests. Resolves with those
   * that the server tells of, once it has said so. Rejects with GatewayError if it does not in time, or is gone.
   */
  follow(uris: readonly string[]): Promise<ReadonlySet<string>>
  /** The caller is gone: withdraws what it was asked. */
  forget(caller: Caller): void
}
