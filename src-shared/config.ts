import { z } from 'zod'

const seconds = z.number().int().min(0)
const positiveSeconds = z.number().int().min(1)

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error'] as const

/** config.yaml: the gateway's own settings. Every key has a default, so no file is needed. */
export const configSchema = z.strictObject({
  /** host:port; port 0 picks a free one. */
  listen_addr: z
    .string()
    .regex(/^(\[[0-9a-fA-F:.]+\]|[^:\s]+):\d{1,5}$/)
    .default('127.0.0.1:4444'),
  /** Default: catalog.yaml beside the config file. */
  catalog_path: z.string().min(1).optional(),
  log_level: z.enum(logLevels).default('info'),
  /** `none` only on loopback. */
  auth: z.enum(['api_key', 'none']).default('api_key'),
  /** Default: generated into the state directory. */
  api_key: z.string().min(1).optional(),
  state_dir: z.string().min(1).optional(),
  /** 0: never. */
  idle_timeout_seconds: seconds.default(300),
  health_check_interval_seconds: positiveSeconds.default(30),
  max_connections_per_server: z.number().int().min(1).default(10),
  request_timeout_seconds: positiveSeconds.default(30),
  max_request_seconds: positiveSeconds.default(3600),
  start_timeout_seconds: positiveSeconds.default(60),
  drain_timeout_seconds: seconds.default(10),
  /** More `Host` names, behind a proxy. */
  allowed_hosts: z.array(z.string().min(1)).default([]),
  tls: z.strictObject({ cert: z.string().min(1), key: z.string().min(1) }).optional(),
  cors_enabled: z.boolean().default(false),
  cors_origins: z.array(z.string().min(1)).default([]),
  hot_reload: z.boolean().default(true),
  /** A client metadata document of the gateway's own, for issuers that take its address as the client's id (CIMD). */
  oauth_client_metadata_url: z.url({ protocol: /^https$/ }).optional(),
  /** Keeps the last requests of clients, with their answers, in the state directory; secrets are masked. */
  history: z.boolean().default(true),
})

export type Config = z.infer<typeof configSchema>
export type LogLevel = (typeof logLevels)[number]
