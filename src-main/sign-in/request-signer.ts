import { GatewayError } from '../../src-shared/errors.ts'
import type { AuthorizationRefusal, RemoteAuthorization } from '../runtimes/remote-authorization.ts'
import type { SignInTarget } from './grant-keeper.ts'
import type { Challenge } from './issuer.ts'
import type { SignInState } from './sign-in-state.ts'
import { needed, SignInWords } from './sign-in-words.ts'

/**
 * Signs the requests of one instance, and hears of those that are refused. Only for the URL that it was made for: what
 * still runs of an entry from before an edit never gets a token of the one after it.
 */
export class RequestSigner implements RemoteAuthorization {
  readonly #state: SignInState
  readonly #target: SignInTarget

  constructor(state: SignInState, target: SignInTarget) {
    this.#state = state
    this.#target = target
  }

  async header(signal: AbortSignal): Promise<string | undefined> {
    if (!this.#isCurrent) return undefined
    const state = this.#state
    if (state.need !== undefined) await this.#awaitPerson(signal)
    const token = await this.#token()
    if (token !== undefined) return `Bearer ${token}`
    // It had one: it is over, which has just been found out.
    if (state.need !== undefined) throw state.error()
    return undefined
  }

  async refused(refusal: AuthorizationRefusal, signal: AbortSignal): Promise<boolean> {
    if (!this.#isCurrent) return false
    const { readChallenge } = await import('./issuer.ts')
    const challenge = readChallenge(refusal.challenge)
    const grant = this.#state.keeper.current(this.#target)
    // Renewed or granted while this request was under way.
    if (grant !== undefined && refusal.sent !== `Bearer ${grant.access_token}`) return true
    if (refusal.status === 401) return this.#unauthorized(challenge, signal)
    return challenge.error === 'insufficient_scope' && this.#stepUp(challenge, signal)
  }

  get #isCurrent(): boolean {
    return this.#state.knownTarget?.url === this.#target.url
  }

  /** Not from the keychain where nothing is known to be in it. */
  async #token(): Promise<string | undefined> {
    const { keeper, shown, options } = this.#state
    if (shown?.grant == null) return undefined
    const token = await keeper.token(this.#target)
    if (token === undefined) {
      this.#state.needs(SignInWords.over(shown.issuer))
      return undefined
    }
    const grant = keeper.current(this.#target)
    if (grant !== undefined && shown.grant.expires_at !== (grant.expires_at ?? null)) {
      const { serverId, vault, changed } = options
      this.#state.note = vault.note({ version: 1, server_id: serverId, grant })
      changed()
    }
    return token
  }

  async #unauthorized(challenge: Challenge, signal: AbortSignal): Promise<boolean> {
    const { keeper } = this.#state
    const issuer = await this.#state.discover(challenge)
    if (issuer === undefined) return false
    const grant = keeper.current(this.#target)
    let problem: string | undefined
    if (grant !== undefined) {
      if (grant.issuer !== issuer.metadata.issuer)
        problem = SignInWords.otherIssuer(grant.issuer, issuer.metadata.issuer)
      else if (keeper.isFresh) problem = SignInWords.refusesNew(grant.issuer)
      else if (await keeper.renew(this.#target, grant.access_token)) return true
      else problem = SignInWords.over(grant.issuer)
    }
    this.#state.needs(problem)
    await this.#awaitPerson(signal)
    return true
  }

  /** 2026-07-28 basic/authorization, Step-Up Authorization Flow: offered once for what was not asked for before. */
  async #stepUp({ scopes }: Challenge, signal: AbortSignal): Promise<boolean> {
    const { keeper, attempt, options } = this.#state
    const { serverId, changed } = options
    const before = keeper.current(this.#target)?.access_token
    if (attempt !== undefined) await unlessAborted(attempt.settled, signal)
    const grant = keeper.current(this.#target)
    if (grant?.access_token !== before) return true
    const known = new Set([...(grant?.requested ?? []), ...(grant?.scopes ?? [])])
    if (grant === undefined || scopes.every((scope) => known.has(scope)))
      throw new GatewayError('server_failed', `${serverId}: ${SignInWords.stillRefused(scopes)}`)
    this.#state.wanted = [...new Set([...this.#state.wanted, ...scopes])]
    changed()
    throw needed(serverId, grant.issuer, SignInWords.wantsMore(scopes))
  }

  /** Returns when nobody has to sign in any more. Rejects with GatewayError `sign_in_needed`. */
  async #awaitPerson(signal: AbortSignal): Promise<void> {
    const { gate } = this.#state
    if (gate.kind === 'waiting') await unlessAborted(gate.wait(), signal)
    if (this.#state.need !== undefined) throw this.#state.error()
  }
}

async function unlessAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, resolve } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => resolve(), { once: true })
  if (!signal.aborted) await Promise.race([promise, aborted])
}
