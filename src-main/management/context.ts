import type { ApiEvent, ParsedInput, ProcedureName, ProcedureOutput } from '../../src-shared/api.ts'
import type { EntrySources } from '../ai-clients/connection-plan.ts'
import type { ClientRegister } from '../ai-clients/client-register.ts'
import type { ConfigInForce } from '../catalog/config-in-force.ts'
import type { GatewayCore } from '../gateway.ts'
import type { SecretStore } from '../secrets/secret-store.ts'
import type { Log } from '../telemetry/log.ts'
import type { Redactor } from '../telemetry/redact.ts'

/** Who calls: the carrier knows. */
export interface ApiCaller {
  /** `owner` (the main key), `dashboard`, `desktop`: on whose behalf servers are called. */
  principal: string
  /** One window, one page: the progress of its calls is told to its own event streams alone. */
  session: string
}

export interface CallContext {
  caller: ApiCaller
  /** Aborted when nobody waits for the answer any more. */
  signal: AbortSignal
}

export type Procedure<N extends ProcedureName> = (
  input: ParsedInput<N>,
  context: CallContext,
) => ProcedureOutput<N> | Promise<ProcedureOutput<N>>

/** The procedures whose names begin with one of these words. */
export type ProceduresOf<Subject extends string> = {
  [N in ProcedureName as N extends `${Subject}.${string}` ? N : never]: Procedure<N>
}

/** The main key, which opens everything. */
export interface KeyAccess {
  readonly source: 'generated' | 'config' | 'environment' | 'none'
  /** Undefined with `auth: none`. */
  current(): string | undefined
  /**
   * Makes a new one, in force at once, and ends every other way in; `session` is the caller's. Throws GatewayError
   * `conflict` unless the old one was generated.
   */
  rotate(session: string): string
}

export interface ManagementOptions {
  gateway: GatewayCore
  redactor: Pick<Redactor, 'redact' | 'add'>
  log: Log
  config: ConfigInForce
  key: KeyAccess
  secrets: SecretStore
  register: ClientRegister
  /** Where the gateway listens. */
  url: () => string
  /** Whose AI clients are connected, and how these start the shim. */
  clients: Pick<EntrySources, 'machine' | 'launcher'>
  /** Makes a one-time link to the dashboard. */
  dashboardLink: () => { url: string; expires_at: string }
}

/** What the procedures share. */
export interface Parts extends ManagementOptions {
  redact: (text: string) => string
  /** To every event stream of this session. */
  tell: (session: string, event: ApiEvent) => void
}
