import { z } from 'zod'
import { serverIdPattern } from './catalog.ts'

/** `id` of an AI client: its entry gives it (`--client`), its token stands for it. */
const accessIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

const accessId = z.string().regex(accessIdPattern)
const globs = z.array(z.string().min(1).max(200)).max(1000)
const time = z.string()

/** What is not limited is left out. `tools`: globs on `server__tool`, the server's id and its own name for the tool. */
export const clientLimits = z.strictObject({
  servers: z.array(z.string().regex(serverIdPattern)).max(1000).optional(),
  tools: z.strictObject({ allow: globs.default(['*']), deny: globs.default([]) }).optional(),
})
export type ClientLimits = z.output<typeof clientLimits>

export const accessClient = z.strictObject({ id: accessId })

/** `limits`: null takes them away. */
export const accessLimits = accessClient.extend({ limits: clientLimits.nullable() })

export const accessGrant = accessClient.extend({
  name: z.string().min(1).max(200).optional(),
  /** False: it is known by its id alone, as its entry gives it to the shim. */
  token: z.boolean().default(true),
})

/** A client that was given access, has limits, or has called since the gateway started. */
export const accessRow = z.object({
  id: z.string(),
  name: z.string(),
  /** False: it is known by the name in its entry alone. */
  has_token: z.boolean(),
  /** When it was given access; null if nobody did. */
  created: time.nullable(),
  last_seen: time.nullable(),
  revoked: time.nullable(),
  limits: clientLimits.nullable(),
  /** Since the gateway's start. */
  sessions: z.number(),
  request_count: z.number(),
  error_count: z.number(),
})
export type AccessRow = z.output<typeof accessRow>
