import type { SignIn } from '../../../../src-shared/sign-in.ts'
import { uptimeInWords } from '../../../words.ts'

/** How long a sign-in holds, as its person wants to know it: whether somebody has to do something, and when. */
export function validityInWords(
  { expires_at, renews }: Pick<SignIn, 'expires_at' | 'renews'>,
  now: number,
): string {
  if (expires_at === null)
    return renews ? 'Renewed by itself' : 'Until the issuer ends it; it has not told when'
  const left = Date.parse(expires_at) - now
  if (renews)
    return left > 0
      ? `Renewed by itself, next in ${uptimeInWords(left)}`
      : 'Renewed by itself, with the next call'
  return left > 0
    ? `For ${uptimeInWords(left)}, then somebody has to sign in again`
    : 'Expired: the next call asks for a sign-in'
}
