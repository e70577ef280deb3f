import type { GatewayError } from '../../src-shared/errors.ts'
import type { SignIn } from '../../src-shared/sign-in.ts'

/** Whether a server can be started as far as signing in goes. */
export type SignInGate =
  | { kind: 'open' }
  /** A person is at it: what comes meanwhile waits, for a while. */
  | { kind: 'waiting'; wait: () => Promise<void>; error: GatewayError }
  /** Somebody has to sign in first. */
  | { kind: 'closed'; error: GatewayError }

/** What a server needs to know of signing in. */
export interface ServerSignInGate {
  readonly gate: SignInGate
  /** For people; null: the server has not asked for a sign-in. */
  readonly view: SignIn | null
  /** A link for a client that can show one to its user. Rejects with GatewayError. */
  offer(): Promise<{ url: string; issuer: string }>
  /** A person starts the server: what was held against its sign-in is tried again. */
  reconsider(): void
}
