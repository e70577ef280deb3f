import { expect, test } from 'vitest'
import { renderMetrics, type MetricsSource } from '../../src-main/telemetry/metrics.ts'

const process = { residentBytes: 50e6, heapBytes: 10e6, cpuSeconds: 1.25 }
const stats: MetricsSource = {
  uptime_seconds: 12.5,
  total_requests: 7,
  total_servers: 2,
  active_servers: 1,
  sessions: 3,
  last_reload: { time: '2026-01-01T00:00:00.000Z', ok: true },
  servers: {
    alpha: {
      status: 'running',
      request_count: 7,
      error_count: 1,
      uptime_seconds: 10,
      latency_ms: { p50: 1.5, p95: 20 },
    },
    'b"\\\n': {
      status: 'stopped',
      request_count: 0,
      error_count: 0,
      uptime_seconds: 0,
      latency_ms: { p50: null, p95: null },
    },
  },
}

test('every number of /stats is there, labelled by server', () => {
  const text = renderMetrics(stats, process)
  for (const line of [
    'mcp_gateway_requests_total 7',
    'mcp_gateway_sessions 3',
    'mcp_gateway_last_reload_success 1',
    'mcp_gateway_last_reload_timestamp_seconds 1767225600',
    'mcp_gateway_server_requests_total{server="alpha"} 7',
    'mcp_gateway_server_errors_total{server="alpha"} 1',
    'mcp_gateway_server_status{server="alpha",status="running"} 1',
    'mcp_gateway_server_status{server="alpha",status="unhealthy"} 0',
    'mcp_gateway_server_latency_seconds{server="alpha",quantile="0.95"} 0.02',
    'mcp_gateway_process_resident_memory_bytes 50000000',
  ]) {
    expect(text.split('\n')).toContain(line)
  }
})

test('the text is well-formed: HELP and TYPE once per name, before its samples; labels escaped', () => {
  const text = renderMetrics(stats, process)
  expect(text.endsWith('\n')).toBe(true)
  expect(text).toContain('{server="b\\"\\\\\\n"}')
  let name = ''
  const seen = new Set<string>()
  for (const line of text.trimEnd().split('\n')) {
    const help = /^# HELP (\S+) \S/.exec(line)?.[1]
    if (help !== undefined) {
      expect(seen.has(help)).toBe(false)
      seen.add(help)
      name = help
    } else if (line.startsWith('# TYPE')) {
      expect(line).toMatch(new RegExp(`^# TYPE ${name} (counter|gauge)$`))
    } else {
      expect(line).toMatch(
        /^[a-z_]+(\{[a-z]+="(?:[^"\\\n]|\\["\\n])*"(,[a-z]+="[^"]*")*\})? [-+\d.eNaInf]+$/,
      )
      expect(line.startsWith(name)).toBe(true)
    }
  }
})

test('a server that never answered has no latency, and no server at all leaves no empty family', () => {
  expect(renderMetrics(stats, process)).not.toMatch(/latency_seconds\{server="b/)
  expect(renderMetrics({ ...stats, servers: {} }, process)).not.toContain('server_')
})
