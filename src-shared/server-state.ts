import type { RuntimeType } from './catalog.ts'
import type { ContainerChange } from './container.ts'

/** The five words of a server's life, everywhere. */
export type ServerStatus = 'stopped' | 'starting' | 'running' | 'stopping' | 'unhealthy'

/** One element of `GET /servers`. Times are ISO 8601, null when there is none. */
export interface ServerSummary {
  id: string
  display_name: string
  description: string
  status: ServerStatus
  /** Why it is in this state, in plain words ("idle", "disabled", "circuit open until …"). */
  reason: string
  tags: string[]
  runtime_type: RuntimeType
  started_at: string | null
  last_activity: string | null
  request_count: number
  error_count: number
}

/** `GET /servers/:id`. */
export interface ServerDetail extends ServerSummary {
  enabled: boolean
  /** As written in the catalog (templates), literal secrets masked. */
  runtime: Record<string, unknown>
  uptime_seconds: number
  last_error: string | null
  /** From the server's last `initialize`; null if it never ran. */
  capabilities: Record<string, unknown> | null
  server_info: Record<string, unknown> | null
  protocol_version: string | null
  protocol_era: 'legacy' | 'modern' | null
  isolation: 'auto' | 'shared' | 'session'
  pids: number[]
  /** Edits that could not be applied to the running instance, unset variables and the like. */
  warnings: string[]
  latency_ms: { p50: number | null; p95: number | null }
}

export type LogSource = 'stderr' | 'stdout' | 'lifecycle'

/** One line of a server's log. */
export interface LogLine {
  /** Per server, growing by one; gaps mean that the ring has dropped lines. */
  seq: number
  time: string
  source: LogSource
  text: string
}

/** What `GET /events` sends, one JSON object per SSE message, `event:` = type. */
export type GatewayEvent =
  | { type: 'state'; server: ServerSummary }
  | {
      type: 'reload'
      ok: true
      servers_loaded: number
      servers_added: string[]
      servers_removed: string[]
      servers_changed: string[]
    }
  | { type: 'reload'; ok: false; errors: string[] }
  | { type: 'log'; server_id: string; line: LogLine }
  | { type: 'gateway'; paused: boolean }
  | ContainerChange
