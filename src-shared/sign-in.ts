import { z } from 'zod'
import { serverIdPattern } from './catalog.ts'

/** What the management API says of signing in to a remote server by OAuth. No token is ever in it. */

/** ISO 8601. */
const time = z.string()

/**
 * `needed`: the server wants a person to sign in, and calls fail until then. `in_progress`: a link is out, and calls
 * wait for a while. `failed`: the last sign-in came to nothing, for `problem`; it is needed still.
 */
const signInState = z.enum(['needed', 'in_progress', 'signed_in', 'failed'])

export const signIn = z.object({
  state: signInState,
  /** Who is asked for the sign-in (the authorization server); null while it is not known. */
  issuer: z.string().nullable(),
  /** Whose it is, where the issuer has said so: an e-mail address or a name. */
  account: z.string().nullable(),
  /** What was granted; while one is needed, what is going to be asked for. */
  scopes: z.array(z.string()),
  /** Of the access token, or of the link while one is out; null where it is not known. */
  expires_at: time.nullable(),
  /** True: what expires is renewed without a person. */
  renews: z.boolean(),
  /** Why it failed or is needed (again), in plain words. */
  problem: z.string().nullable(),
})

export const signInServer = z.strictObject({ id: z.string().regex(serverIdPattern) })

/** Where to sign in: to be opened in a browser by `expires_at`. */
export const signInLink = z.object({ url: z.string(), expires_at: time })

/** `redirect_url`: the address that the browser was sent to at the end, as it stands in its address bar. */
export const signInFinish = signInServer.extend({ redirect_url: z.string().min(1).max(16_384) })

export type SignIn = z.output<typeof signIn>
export type SignInLink = z.output<typeof signInLink>
