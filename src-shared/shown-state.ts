import type { ServerRow } from './api-servers.ts'

/** What people see of a server's state: its status, or that a person has to sign in, or is at it. */
export type ShownState = ServerRow['status'] | 'sign_in_needed' | 'signing_in'

type Row = Pick<ServerRow, 'status' | 'enabled' | 'sign_in'>

/** A server that waits for a sign-in has stopped; what it waits for is what a person wants to know. */
export function shownState({ status, enabled, sign_in }: Row): ShownState {
  if (!enabled || sign_in === null) return status
  if (sign_in.state === 'in_progress')
    return status === 'stopped' || status === 'starting' ? 'signing_in' : status
  return status === 'stopped' && sign_in.state !== 'signed_in' ? 'sign_in_needed' : status
}

/** The host of an issuer, as its sign-in page shows it: "linear.app"; null while nobody has said who it is. */
export function issuerHost(issuer: string | null): string | null {
  return issuer === null ? null : (/^https?:\/\/(?:[^/?#]*@)?([^/?#]+)/.exec(issuer)?.[1] ?? issuer)
}
