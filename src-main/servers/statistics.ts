import type { ServerStatus } from '../../src-shared/server-state.ts'
import type { Clock } from './clock.ts'
import type { Server } from './server.ts'
import { statusOf, uptimeSeconds } from './server-view.ts'

/** What `GET /stats` says of the servers. */
export interface ServerStatistics {
  total_requests: number
  total_servers: number
  active_servers: number
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

export function statisticsOf(servers: readonly Server[], clock: Clock): ServerStatistics {
  const views = servers.map((server) => ({ server, status: statusOf(server, clock).status }))
  return {
    total_requests: servers.reduce((sum, server) => sum + server.requestCount, 0),
    total_servers: servers.length,
    active_servers: views.filter(({ status }) => status === 'running').length,
    servers: Object.fromEntries(
      views.map(({ server, status }) => [
        server.id,
        {
          status,
          request_count: server.requestCount,
          error_count: server.errorCount,
          uptime_seconds: uptimeSeconds(server, clock),
          latency_ms: server.latencyMs,
        },
      ]),
    ),
  }
}
