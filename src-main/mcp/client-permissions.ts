import type { GatewayError } from '../../src-shared/errors.ts'
import type { ToolGate } from './tool-filter.ts'

/** What one AI client may see and use. Asked anew each time: it may change while a session lasts. */
export interface Permissions {
  /** The client's id: of its token, or as its entry gives it (`--client`). */
  readonly client: string
  /** False: it may see and use everything, for now. */
  readonly isLimited: boolean
  allowsServer(serverId: string): boolean
  /** Undefined: all tools of the server. */
  toolsOf(serverId: string): ToolGate | undefined
  /** A request of it has ended. */
  settled(isError: boolean): void
}

/** The AI clients that the gateway knows. */
export interface ClientDirectory {
  /** Why this client is not let in; undefined if it is, as every unknown one. Counts as being seen. */
  refusal(client: string): GatewayError | undefined
  permissions(client: string): Permissions
}
