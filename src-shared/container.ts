import { z } from 'zod'
import { serverIdPattern } from './catalog.ts'

/** What the management API says of servers that run in containers. */

const serverId = z.string().regex(serverIdPattern)

export const containerServer = z.strictObject({ id: serverId })

/** How far a pull has come. Bytes are those of the layers that are known so far. */
const pullProgress = z.object({
  done_bytes: z.number(),
  total_bytes: z.number(),
  /** In plain words: "Downloading", "Extracting". */
  step: z.string(),
})

const containerImage = z.object({
  /** As resolved from the catalog; secrets masked. */
  name: z.string(),
  /** `unknown`: the engine has not been asked, or does not answer. */
  state: z.enum(['unknown', 'absent', 'pulling', 'present']),
  /** Only while it is `pulling`. */
  progress: pullProgress.nullable(),
  /** Why the last pull failed; null once one has not. */
  problem: z.string().nullable(),
})

/** One container of a server; with `isolation: session` there are several. */
const container = z.object({
  /** The engine's: 64 hexadecimal digits. */
  id: z.string(),
  name: z.string(),
  /** ISO 8601. */
  started_at: z.string(),
  /** Null where the engine does not tell. */
  memory_bytes: z.number().nullable(),
  /** What the catalog allows; null without a limit. */
  memory_limit_bytes: z.number().nullable(),
  /** 100 is one core; null where the engine does not tell. */
  cpu_percent: z.number().nullable(),
})

export const containerRow = z.object({
  server_id: z.string(),
  engine: z.enum(['docker', 'podman']),
  /** Why the engine cannot be used, and what to do; null while it can, or nobody has asked. */
  engine_problem: z.string().nullable(),
  image: containerImage,
  /** Those that run; newest last. */
  containers: z.array(container),
})

/** What changes by itself: told when a pull goes on, and when a container comes or goes. Without memory and CPU. */
export const containerEvent = z.object({
  type: z.literal('container'),
  server_id: z.string(),
  image: containerImage,
  containers: z.array(container.pick({ id: true, name: true, started_at: true })),
})

export type ContainerImage = z.output<typeof containerImage>
export type ContainerRow = z.output<typeof containerRow>
export type ContainerChange = z.output<typeof containerEvent>
export type PullProgress = z.output<typeof pullProgress>
