import { GatewayError } from '../../src-shared/errors.ts'

/** What people read of a sign-in, whole sentences. */
export const SignInWords = {
  noSignIn:
    'it says nothing of a sign-in by OAuth. If it wants a key, set `headers` of its runtime in the catalog.',
  notTheAnswer:
    'That is not the address that this sign-in ends at. Copy the whole address from the browser, or start again.',
  nothing: 'It came to nothing.',
  over: (issuer: string) => `The sign-in at ${issuer} is over: it has expired or was revoked.`,
  refusesNew: (issuer: string) => `The server refuses a token that ${issuer} has just given out.`,
  otherIssuer: (before: string, now: string) =>
    `The server wants a sign-in at ${now} now, not at ${before} any more.`,
  wantsMore: (scopes: readonly string[]) =>
    `It wants more than was granted: ${scopes.map(printable).join(', ')}. A new sign-in asks for that, too.`,
  stillRefused: (scopes: readonly string[]) =>
    `the server refuses this, although ${scopes.length === 0 ? 'it is signed in' : `the sign-in asked for ${scopes.map(printable).join(', ')}`}. The account may not be allowed to, or not all was granted.`,
}

/** The error of calls that need a person to sign in. */
export function needed(
  serverId: string,
  issuer: string | undefined,
  problem: string | undefined,
): GatewayError {
  const at = issuer === undefined ? '' : ` at ${new URL(issuer).host}`
  const why = problem === undefined ? '' : ` ${problem}`
  return new GatewayError(
    'sign_in_needed',
    `${serverId} needs a sign-in${at}.${why} Run: gateway auth ${serverId} – or sign in from the gateway's window.`,
  )
}

function printable(scope: string): string {
  return scope.replaceAll(/[^\x21-\x7e]/g, '?').slice(0, 100)
}
