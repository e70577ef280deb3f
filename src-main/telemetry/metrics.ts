import type { ServerStatus } from '../../src-shared/server-state.ts'
import type { ServerStatistics } from '../servers/statistics.ts'

/** What is measured; the shape of `GET /stats`. */
export interface MetricsSource extends ServerStatistics {
  uptime_seconds: number
  sessions: number
  last_reload: { time: string; ok: boolean }
}

/** The content type of the text below. */
export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8'

const statuses: readonly ServerStatus[] = [
  'stopped',
  'starting',
  'running',
  'stopping',
  'unhealthy',
]

type Sample = readonly [labels: Record<string, string>, value: number]

/**
 * The statistics in Prometheus' text format. Written out here: every number exists already, and a metrics library
 * would take 11 MB to keep them a second time.
 */
export function renderMetrics(
  stats: MetricsSource,
  process: { residentBytes: number; heapBytes: number; cpuSeconds: number },
): string {
  const servers = Object.entries(stats.servers)
  const perServer = (value: (server: MetricsSource['servers'][string]) => number): Sample[] =>
    servers.map(([server, each]) => [{ server }, value(each)])
  const families = [
    family('uptime_seconds', 'gauge', 'Seconds since the gateway started.', [
      [{}, stats.uptime_seconds],
    ]),
    family('requests_total', 'counter', 'Requests since the start, of all servers.', [
      [{}, stats.total_requests],
    ]),
    family('servers', 'gauge', 'Servers in the catalog.', [[{}, stats.total_servers]]),
    family('servers_active', 'gauge', 'Servers that are running.', [[{}, stats.active_servers]]),
    family('sessions', 'gauge', 'Open sessions of AI clients.', [[{}, stats.sessions]]),
    family('last_reload_success', 'gauge', '1 if the last load of the catalog was valid, else 0.', [
      [{}, stats.last_reload.ok ? 1 : 0],
    ]),
    family(
      'last_reload_timestamp_seconds',
      'gauge',
      'When the catalog was last loaded, Unix time.',
      [[{}, Date.parse(stats.last_reload.time) / 1000]],
    ),
    family(
      'server_requests_total',
      'counter',
      'Requests to a server since the gateway started.',
      perServer((each) => each.request_count),
    ),
    family(
      'server_errors_total',
      'counter',
      'Requests to a server that failed.',
      perServer((each) => each.error_count),
    ),
    family(
      'server_uptime_seconds',
      'gauge',
      'Seconds since the server was started; 0 if it is not running.',
      perServer((each) => each.uptime_seconds),
    ),
    family(
      'server_status',
      'gauge',
      '1 for the state that the server is in, 0 for the others.',
      servers.flatMap(([server, each]) =>
        statuses.map((status): Sample => [{ server, status }, each.status === status ? 1 : 0]),
      ),
    ),
    family(
      'server_latency_seconds',
      'gauge',
      'Time to the answer, over the last calls of a server.',
      servers.flatMap(([server, { latency_ms: latency }]) => [
        ...quantile(server, '0.5', latency.p50),
        ...quantile(server, '0.95', latency.p95),
      ]),
    ),
    family('process_resident_memory_bytes', 'gauge', 'Memory of the gateway itself.', [
      [{}, process.residentBytes],
    ]),
    family('process_heap_used_bytes', 'gauge', 'JavaScript heap of the gateway in use.', [
      [{}, process.heapBytes],
    ]),
    family('process_cpu_seconds_total', 'counter', 'CPU time of the gateway itself.', [
      [{}, process.cpuSeconds],
    ]),
  ]
  return families.join('')
}

function quantile(server: string, name: string, ms: number | null): Sample[] {
  return ms === null ? [] : [[{ server, quantile: name }, ms / 1000]]
}

/** One metric; nothing at all if it has no sample. */
function family(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  samples: readonly Sample[],
): string {
  if (samples.length === 0) return ''
  const full = `mcp_gateway_${name}`
  const lines = samples.map(([labels, value]) => `${full}${labelText(labels)} ${number(value)}\n`)
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join('')}`
}

function labelText(labels: Record<string, string>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`)
  return parts.length === 0 ? '' : `{${parts.join(',')}}`
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function number(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}
