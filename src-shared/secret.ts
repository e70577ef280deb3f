import { z } from 'zod'
import { maxSecretLength, secretNamePattern } from './secret-notation.ts'

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
