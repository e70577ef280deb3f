import { isRecord } from '../../src-shared/json-record.ts'
import type { ServerDetail, ServerStatus, ServerSummary } from '../../src-shared/server-state.ts'
import { parseSpan } from '../mcp/json-spans.ts'
import { redactPatterns } from '../telemetry/redact.ts'
import type { Clock } from './clock.ts'
import type { Instance } from './instance.ts'
import type { Server } from './server.ts'

/** A server's state in one of the five words, and why. */
export function statusOf(server: Server, clock: Clock): { status: ServerStatus; reason: string } {
  const { definition, policy, lastError } = server
  const instances = liveInstances(server)
  const running = instances.find((instance) => instance.phase === 'ready')
  if (running && running.missedPings > 0)
    return { status: 'unhealthy', reason: 'It did not answer the last ping.' }
  if (running) return { status: 'running', reason: '' }
  const gate = policy.gate(clock.now())
  const signIn = server.signIn?.gate
  // What waits for a person has not been started.
  if (signIn && signIn.kind !== 'open' && definition.enabled)
    return { status: 'stopped', reason: signIn.error.message }
  if (instances.some((instance) => instance.phase === 'starting'))
    return { status: 'starting', reason: '' }
  if (instances.some((instance) => instance.phase === 'waiting'))
    return gate.kind === 'wait'
      ? {
          status: 'unhealthy',
          reason: `Starting again in ${seconds(gate.ms)}. ${lastError ?? ''}`.trim(),
        }
      : { status: 'starting', reason: 'waiting for the instance before it to stop' }
  // What is left of a crash is cleaned up meanwhile; that is not what a person wants to know.
  if (server.ending.some((instance) => !instance.failure))
    return { status: 'stopping', reason: server.reason }
  if (!definition.enabled) return { status: 'stopped', reason: 'disabled' }
  if (server.isPaused) return { status: 'stopped', reason: 'the gateway is paused' }
  const misconfigured = server.misconfiguration
  if (misconfigured !== undefined)
    return { status: 'stopped', reason: `misconfigured: ${misconfigured}` }
  if (gate.kind === 'circuit') {
    const until = new Date(clock.wall() + gate.ms).toISOString()
    return {
      status: 'unhealthy',
      reason: `circuit open until ${until}. ${policy.lastError ?? ''}`.trim(),
    }
  }
  if (lastError !== undefined) return { status: 'unhealthy', reason: lastError }
  return { status: 'stopped', reason: server.reason }
}

export function summaryOf(server: Server, clock: Clock): ServerSummary {
  const { definition } = server
  const startedAt = oldestStart(server)
  return {
    id: server.id,
    display_name: definition.display_name ?? server.id,
    description: definition.description ?? '',
    ...statusOf(server, clock),
    tags: definition.tags,
    runtime_type: definition.runtime.type,
    started_at: startedAt === undefined ? null : new Date(startedAt).toISOString(),
    last_activity:
      server.lastActivityWall === undefined
        ? null
        : new Date(server.lastActivityWall).toISOString(),
    request_count: server.requestCount,
    error_count: server.errorCount,
  }
}

export function uptimeSeconds(server: Server, clock: Clock): number {
  const startedAt = oldestStart(server)
  return startedAt === undefined ? 0 : Math.max(0, Math.round((clock.wall() - startedAt) / 1000))
}

export function detailOf(server: Server, clock: Clock): ServerDetail {
  const { definition } = server
  const greeting =
    server.shared.instance?.greeting ??
    server.prepared?.knowledge.listings.values().next().value?.greeting
  const result = greeting && parseSpan(greeting.result, { start: 0, end: greeting.result.length })
  const info = isRecord(result) && isRecord(result['serverInfo']) ? result['serverInfo'] : null
  return {
    ...summaryOf(server, clock),
    enabled: definition.enabled,
    runtime: masked(definition.runtime),
    uptime_seconds: uptimeSeconds(server, clock),
    last_error: server.lastError ?? server.policy.lastError ?? null,
    capabilities: greeting?.capabilities ?? null,
    server_info: info,
    protocol_version: greeting?.protocolVersion ?? null,
    protocol_era: greeting?.era ?? null,
    isolation: definition.isolation,
    pids: liveInstances(server).flatMap((instance) => [...instance.pids]),
    warnings: [...server.warnings],
    latency_ms: server.latencyMs,
  }
}

function liveInstances(server: Server): Instance[] {
  return server.slots.flatMap(({ instance }) =>
    instance && instance.phase !== 'ended' ? [instance] : [],
  )
}

function oldestStart(server: Server): number | undefined {
  const starts = liveInstances(server).flatMap(({ startedWall }) =>
    startedWall > 0 ? [startedWall] : [],
  )
  return starts.length === 0 ? undefined : Math.min(...starts)
}

const secretName = /key|token|secret|password|passwd|auth|credential|cookie/i
/** A default would be a literal secret. */
const template = /^(?:\w+ )?\$\{(?:secret:[\w.-]+|\w+)\}$/

/** A part of a definition as it is written: templates stay, literal secrets do not. */
export function masked(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      if ((key === 'headers' || key === 'env') && isRecord(item))
        return [
          key,
          Object.fromEntries(Object.entries(item).map(([name, text]) => [name, mask(text)])),
        ]
      if (key === 'args' && Array.isArray(item)) return [key, maskedArgs(item)]
      if (key === 'url' && typeof item === 'string') return [key, maskedUrl(item)]
      return [key, isRecord(item) ? masked(item) : secretName.test(key) ? mask(item) : item]
    }),
  )
}

function mask(value: unknown): unknown {
  return typeof value === 'string' && template.test(value) ? value : '***'
}

/** `--api-key VALUE` and `--api-key=VALUE`. */
function maskedArgs(args: readonly unknown[]): unknown[] {
  return args.map((arg, i) => {
    if (typeof arg !== 'string') return arg
    const before = args[i - 1]
    if (typeof before === 'string' && /^--?[\w-]+$/.test(before) && secretName.test(before))
      return mask(arg)
    const assigned = /^(--?[\w-]+|[A-Z_][A-Z0-9_]*)=(.*)$/s.exec(arg)
    if (assigned && secretName.test(assigned[1] ?? ''))
      return `${assigned[1]}=${String(mask(assigned[2]))}`
    // `--header "Authorization: Bearer …"`
    const header = /^([\w-]+):\s*(.+)$/s.exec(arg)
    if (header && secretName.test(header[1] ?? ''))
      return `${header[1]}: ${String(mask(header[2]))}`
    return redactPatterns(maskedUrl(arg))
  })
}

function maskedUrl(url: string): string {
  return url
    .replace(/\/\/[^/@]*@/, '//***@')
    .replaceAll(
      /([?&][^=&]*(?:key|token|secret|auth|sig|password)[^=&]*=)([^&#]*)/gi,
      (_all, name: string, value: string) =>
        template.test(value) ? `${name}${value}` : `${name}***`,
    )
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 1000)} s`
}
