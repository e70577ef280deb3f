import { z } from 'zod'
import { runtimeSchemas } from './catalog.ts'
import { signIn } from './sign-in.ts'

/** What the management API says of servers. */

const jsonObject = z.record(z.string(), z.unknown())
/** ISO 8601. */
const time = z.string()

const serverStatus = z.enum(['stopped', 'starting', 'running', 'stopping', 'unhealthy'])
const runtimeType = z.enum(
  Object.keys(runtimeSchemas) as [keyof typeof runtimeSchemas, ...(keyof typeof runtimeSchemas)[]],
)
const latency = z.object({ p50: z.number().nullable(), p95: z.number().nullable() })

/** One row of the list of servers. */
export const serverRow = z.object({
  id: z.string(),
  display_name: z.string(),
  description: z.string(),
  enabled: z.boolean(),
  status: serverStatus,
  /** Why it is in this state, in plain words; secrets masked. */
  reason: z.string(),
  tags: z.array(z.string()),
  runtime_type: runtimeType,
  started_at: time.nullable(),
  last_activity: time.nullable(),
  request_count: z.number(),
  error_count: z.number(),
  last_error: z.string().nullable(),
  warnings: z.array(z.string()),
  latency_ms: latency,
  /** Null: it has not asked for a sign-in by OAuth. While one is needed, `status` is `stopped`. */
  sign_in: signIn.nullable().default(null),
})

export const serverDetail = serverRow.extend({
  /** As written in the catalog (templates), literal secrets masked. */
  runtime: jsonObject,
  uptime_seconds: z.number(),
  capabilities: jsonObject.nullable(),
  server_info: jsonObject.nullable(),
  protocol_version: z.string().nullable(),
  protocol_era: z.enum(['legacy', 'modern']).nullable(),
  isolation: z.enum(['auto', 'shared', 'session']),
  pids: z.array(z.number()),
  /** The entry as it stands in the catalog, without defaults; literal secrets masked. */
  entry: jsonObject,
})

/** What a server offers, each item as the server gave it. */
export const serverLists = z.object({
  tools: z.array(jsonObject),
  /** Names of the tools that `tools:` in the catalog keeps from clients. */
  denied_tools: z.array(z.string()),
  resources: z.array(jsonObject),
  resource_templates: z.array(jsonObject),
  prompts: z.array(jsonObject),
})

export const logLine = z.object({
  /** Per server, growing by one; gaps mean that the ring has dropped lines. */
  seq: z.number(),
  time,
  source: z.enum(['stderr', 'stdout', 'lifecycle']),
  text: z.string(),
})

export type ServerRow = z.output<typeof serverRow>
export type ServerDetailView = z.output<typeof serverDetail>
export type ServerLists = z.output<typeof serverLists>
export type ApiLogLine = z.output<typeof logLine>
