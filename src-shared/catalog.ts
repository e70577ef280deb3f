import { z } from 'zod'

/** `id` of a server: it is part of URLs, file names and log lines. */
export const serverIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

const seconds = z.number().int().min(0)
const text = z.string().min(1)
const envMap = z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string())
const headers = z.record(text, z.string())

const localProcessRuntime = z.strictObject({
  type: z.literal('local-process'),
  command: text,
  args: z.array(z.string()).default([]),
  working_dir: text.optional(),
})

/** Streamable HTTP, either era. */
const remoteHttpRuntime = z.strictObject({
  type: z.literal('remote-http'),
  url: text,
  headers: headers.default({}),
})

/** Tries Streamable HTTP first, then the old HTTP+SSE transport. */
const remoteSseRuntime = z.strictObject({
  type: z.literal('remote-sse'),
  url: text,
  headers: headers.default({}),
})

export const runtimeSchemas = {
  'local-process': localProcessRuntime,
  'remote-http': remoteHttpRuntime,
  'remote-sse': remoteSseRuntime,
}

const runtime = z.discriminatedUnion('type', [
  localProcessRuntime,
  remoteHttpRuntime,
  remoteSseRuntime,
])

/** Globs (`*` and `?`) on the server's own tool names; deny wins. */
export const toolFilter = z.strictObject({
  allow: z.array(text).default(['*']),
  deny: z.array(text).default([]),
})

const isolation = z.enum(['auto', 'shared', 'session'])

export const serverDefinition = z.strictObject({
  id: z.string().regex(serverIdPattern),
  display_name: text.optional(),
  description: z.string().optional(),
  enabled: z.boolean().default(true),
  tags: z.array(text).default([]),
  runtime,
  env: envMap.default({}),
  env_file: text.optional(),
  idle_timeout_seconds: seconds.optional(),
  request_timeout_seconds: seconds.min(1).optional(),
  start_timeout_seconds: seconds.min(1).optional(),
  always_on: z.boolean().default(false),
  isolation: isolation.default('auto'),
  /** false: a changed server stops before its successor starts (one port, one lock). */
  overlap: z.boolean().default(true),
  inherit_env: z.union([z.boolean(), z.array(text)]).default(false),
  tools: toolFilter.default({ allow: ['*'], deny: [] }),
})

export const catalogSchema = z.strictObject({
  servers: z.array(serverDefinition).default([]),
})

export type Runtime = z.infer<typeof runtime>
export type RuntimeType = Runtime['type']
export type ToolFilter = z.infer<typeof toolFilter>
/** One entry of the catalog as it is written: `${VAR}` templates unresolved, defaults filled in. */
export type ServerDefinition = z.infer<typeof serverDefinition>
export type Catalog = z.infer<typeof catalogSchema>
