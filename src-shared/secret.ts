import { z } from 'zod'

/** What stands in `${secret:NAME}`. */
export const secretNamePattern = /^[A-Za-z0-9_.-]{1,128}$/

/** Longer ones could not be masked in logs. */
export const maxSecretLength = 16 * 1024

export const secretName = z.strictObject({ name: z.string().regex(secretNamePattern) })
export const secretInput = secretName.extend({ value: z.string().min(1).max(maxSecretLength) })
export const secretPlace = z.enum(['keychain', 'file'])

export const secretRow = z.object({
  name: z.string(),
  /** Null: a server uses it, and it is not set. */
  store: secretPlace.nullable(),
  /** Servers of the catalog. */
  used_by: z.array(z.string()),
})
export type SecretRow = z.output<typeof secretRow>
