import type { ServerDefinition } from '../../src-shared/catalog.ts'
import type { ResolvedServer } from '../catalog/resolve.ts'
import type { Caller } from '../mcp/caller.ts'
import type { Envelope } from '../mcp/envelope.ts'
import type { ListMethod } from '../mcp/listing.ts'
import type { ListingStore } from '../mcp/listing-store.ts'
import type { ServerGreeting } from '../mcp/upstream.ts'
import type { Launch } from '../runtimes/runtime.ts'
import type { CallRecorder } from '../telemetry/history.ts'
import type { LatencyWindow } from '../telemetry/latency.ts'
import type { ServerLog } from '../telemetry/server-log.ts'
import type { Clock } from './clock.ts'
import type { RestartPolicy } from './restart-policy.ts'
import type { Server } from './server.ts'
import type { ServerSignInGate } from './sign-in-gate.ts'

/** The settings of the gateway that a server's life depends on. */
export interface LifeSettings {
  idleTimeoutMs: number
  healthIntervalMs: number
  requestTimeoutMs: number
  maxRequestMs: number
  startTimeoutMs: number
  drainMs: number
  maxInstances: number
}

export interface ServerOptions {
  launch: Launch
  resolve: (definition: ServerDefinition) => Promise<ResolvedServer>
  settings: LifeSettings
  store: ListingStore
  clock: Clock
  /** Made at the first line or call: most servers of a large catalog are never used. */
  createLog: (serverId: string) => ServerLog
  createLatency: () => LatencyWindow
  /** Told of every call of a client that has ended; absent where nobody keeps them. */
  history?: CallRecorder | undefined
  /** Masks secrets; what a server prints ends up in errors. */
  redact: (text: string) => string
  policy?: RestartPolicy
  version: string
  /** Undefined where nobody signs in: a local server, one that has not asked for it. */
  signIn?: (serverId: string) => ServerSignInGate | undefined
  /** True while a person has paused the gateway: nothing is started. */
  isPaused: () => boolean
  events: ServerEvents
}

/** What the sessions and the management API hear of a server. */
export interface ServerEvents {
  changed(server: Server): void
  /** `owner`: the one client of the instance; undefined if it is shared. */
  notification(server: Server, owner: Caller | undefined, envelope: Envelope): void
  /** Lists differ from what was known; the server itself did not say so. */
  /** `isFirst`: nothing was known before. */
  listsChanged(
    server: Server,
    owner: Caller | undefined,
    methods: readonly ListMethod[],
    isFirst: boolean,
  ): void
  /** A new instance with these capabilities has taken the place of the one before. */
  greeted(server: Server, owner: Caller | undefined, greeting: ServerGreeting): void
}
