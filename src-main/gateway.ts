import type { Config } from '../src-shared/config.ts'
import type {
  GatewayEvent,
  LogLine,
  ServerDetail,
  ServerStatus,
  ServerSummary,
} from '../src-shared/server-state.ts'

/** `POST /admin/reload` and what a watcher's reload reports. */
export interface ReloadResult {
  servers_loaded: number
  servers_added: string[]
  servers_removed: string[]
  servers_changed: string[]
}

/** `GET /stats`. */
export interface Stats {
  uptime_seconds: number
  total_requests: number
  total_servers: number
  active_servers: number
  sessions: number
  /** The last attempt to load the catalog; errors are `file:line:column: message`. */
  last_reload: { time: string; ok: boolean; errors: string[] }
  servers: Record<
    string,
    {
      status: ServerStatus
      request_count: number
      error_count: number
      uptime_seconds: number
      latency_ms: { p50: number | null; p95: number | null }
    }
  >
}

/** The catalog as a text with a version; see product.md 1, "The file belongs to its user". */
export interface CatalogAccess {
  /** `etag` is quoted, ready for the header. */
  read(): Promise<{ text: string; etag: string }>
  /** Each throws GatewayError: `precondition_failed` (changed since read), `catalog_invalid`, `conflict`, `server_not_found`. */
  replace(text: string, ifMatch?: string): Promise<{ etag: string; reload: ReloadResult }>
  addServer(entry: unknown, ifMatch?: string): Promise<{ etag: string; reload: ReloadResult }>
  /** A JSON merge patch (RFC 7396) on one entry. */
  patchServer(id: string, patch: unknown, ifMatch?: string): Promise<{ etag: string; reload: ReloadResult }>
  removeServer(id: string, ifMatch?: string): Promise<{ etag: string; reload: ReloadResult }>
}

/** What HTTP, the socket and the desktop see of the gateway core. */
export interface Gateway {
  readonly config: Config
  listServers(tag?: string): ServerSummary[]
  /** Throws GatewayError `server_not_found`. */
  server(id: string): ServerDetail
  start(id: string): Promise<ServerSummary>
  stop(id: string): Promise<ServerSummary>
  restart(id: string): Promise<ServerSummary>
  /** The lines still in the ring; `onLine` then gets what follows until the returned function is called. */
  logs(id: string): LogLine[]
  followLogs(id: string, onLine: (line: LogLine) => void): () => void
  readonly catalog: CatalogAccess
  /** Loads the catalog now. Throws `catalog_invalid` and changes nothing if it is not valid. */
  reload(): Promise<ReloadResult>
  stats(): Stats
  onEvent(fn: (event: GatewayEvent) => void): () => void
  /** True when it has no session, no request in flight and no running server. */
  isQuiet(): boolean
  /** Drains what is in flight (`drain_timeout_seconds`), then stops every server. Idempotent. */
  shutdown(): Promise<void>
}
