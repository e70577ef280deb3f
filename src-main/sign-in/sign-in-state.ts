import { GatewayError } from '../../src-shared/errors.ts'
import type { SignIn } from '../../src-shared/sign-in.ts'
import type { Clock } from '../servers/clock.ts'
import type { SignInGate } from '../servers/sign-in-gate.ts'
import type { Redactor } from '../telemetry/redact.ts'
import { GrantKeeper } from './grant-keeper.ts'
import type { SignInTarget } from './grant-keeper.ts'
import { createGuardedFetch } from './guarded-fetch.ts'
import type { Challenge, Issuer } from './issuer.ts'
import type { SignInAttempt } from './sign-in-attempt.ts'
import type { SignInNote } from './sign-in-record.ts'
import type { SignInVault } from './sign-in-vault.ts'
import { needed, SignInWords } from './sign-in-words.ts'

export interface ServerSignInOptions {
  serverId: string
  vault: SignInVault
  clock: Clock
  redactor: Pick<Redactor, 'add'>
  clientMetadataUrl: string | undefined
  /** What is known of it from before. */
  note: SignInNote | undefined
  /** How long a link is good. */
  linkMs: number
  /** How long a call waits for a person who is signing in. */
  callWaitMs: number
  log: (text: string) => void
  changed: () => void
  /** Nobody is signed in any more: what runs has to stop. */
  lost: (error: GatewayError) => void
}

/** What is known of one entry's sign-in: what the server wants, who is at it, and what came of it. */
export class SignInState {
  readonly options: ServerSignInOptions
  readonly keeper: GrantKeeper
  /** As it was written down last. */
  note: SignInNote | undefined
  /** What the server has asked for last, and who gives it out. */
  challenge: Challenge | undefined
  issuer: Issuer | undefined
  /** Why somebody has to sign in; undefined: nobody has, as far as known. */
  need: { problem: string | undefined; hasFailed: boolean } | undefined
  /** Why the last attempt came to nothing, while a token from before still works. */
  failure: string | undefined
  /** Scopes that were refused to the token that we have. */
  wanted: readonly string[] = []
  /** The link that is out. */
  attempt: SignInAttempt | undefined
  #target: SignInTarget | undefined
  #discovering: Promise<Issuer | undefined> | undefined

  constructor(options: ServerSignInOptions) {
    this.options = options
    this.note = options.note
    const { serverId, vault, clock, redactor, log } = options
    const changed = (): void => options.changed()
    this.keeper = new GrantKeeper({ serverId, vault, clock, redactor, log, changed })
  }

  /** Throws GatewayError where nobody has said what the catalog says. */
  get target(): SignInTarget {
    if (this.#target !== undefined) return this.#target
    throw new GatewayError('internal', `${this.options.serverId} has no URL to sign in for.`)
  }

  get knownTarget(): SignInTarget | undefined {
    return this.#target
  }

  aim(target: SignInTarget): void {
    if (this.#target !== undefined && this.#target.url !== target.url) this.forgetTarget()
    this.#target = target
  }

  forgetTarget(): void {
    this.#target = undefined
    this.#discovering = undefined
    this.challenge = undefined
    this.issuer = undefined
    this.need = undefined
    this.failure = undefined
    this.wanted = []
    this.dropAttempt()
  }

  dropAttempt(): void {
    this.attempt?.close()
    this.attempt = undefined
  }

  /** As it was written down, if that was for the URL of now. */
  get shown(): SignInNote | undefined {
    const { note } = this
    return note && (this.#target === undefined || note.url === this.#target.url) ? note : undefined
  }

  get gate(): SignInGate {
    const { attempt } = this
    if (this.need === undefined) return { kind: 'open' }
    const error = this.error()
    if (attempt === undefined) return { kind: 'closed', error }
    const { clock, callWaitMs } = this.options
    const wait = async (): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const cancel = clock.after(callWaitMs, resolve)
      await Promise.race([attempt.settled, promise])
      cancel()
    }
    return { kind: 'waiting', wait, error }
  }

  get view(): SignIn | null {
    const { need, shown } = this
    const grant = shown?.grant ?? null
    const issuer = this.issuer?.metadata.issuer ?? shown?.issuer ?? null
    const common = { issuer, account: grant?.account ?? null, expires_at: null, renews: false }
    if (this.attempt !== undefined) {
      const { issuer: at, requested, expires_at } = this.attempt.flow
      return {
        ...common,
        state: 'in_progress',
        issuer: at,
        scopes: requested,
        expires_at: new Date(expires_at).toISOString(),
        problem: null,
      }
    }
    if (need !== undefined)
      return {
        ...common,
        state: need.hasFailed ? 'failed' : 'needed',
        scopes: this.challenge?.scopes ?? [],
        problem: need.problem ?? null,
      }
    if (grant === null) return null
    const wants = this.wanted.length === 0 ? null : SignInWords.wantsMore(this.wanted)
    return {
      ...common,
      state: 'signed_in',
      scopes: grant.scopes,
      expires_at: grant.expires_at === null ? null : new Date(grant.expires_at).toISOString(),
      renews: grant.renews,
      problem: this.failure ?? wants,
    }
  }

  /** Somebody has to sign in; what runs is told once. */
  needs(problem: string | undefined): void {
    if (this.need !== undefined && this.attempt !== undefined) return
    const isNews = this.need === undefined
    this.need = { problem, hasFailed: false }
    if (!isNews) return
    const error = this.error()
    const { log, changed, lost } = this.options
    log(error.message)
    changed()
    lost(error)
  }

  /** An attempt came to nothing. A token that works goes on working. */
  cameToNothing(problem: string, hasFailed: boolean): void {
    this.options.log(`Not signed in. ${problem}`)
    if (this.need === undefined) this.failure = problem
    else this.need = { problem, hasFailed }
  }

  error(): GatewayError {
    const issuer = this.issuer?.metadata.issuer ?? this.shown?.issuer
    return needed(this.options.serverId, issuer, this.need?.problem)
  }

  /**
   * Asks who gives out tokens for the server; one question, however many wait for it. Undefined if it says nothing of a
   * sign-in. Rejects with GatewayError.
   */
  discover(challenge: Challenge | undefined): Promise<Issuer | undefined> {
    const { serverId } = this.options
    const { url } = this.target
    this.challenge = challenge ?? this.challenge
    this.#discovering ??= this.#ask(serverId, url).finally(() => (this.#discovering = undefined))
    return this.#discovering
  }

  async #ask(serverId: string, url: string): Promise<Issuer | undefined> {
    const { discoverIssuer } = await import('./issuer.ts')
    const fetchFn = createGuardedFetch(serverId, url)
    const at = this.challenge?.resourceMetadataUrl
    const issuer = await discoverIssuer(serverId, url, fetchFn, at)
    if (issuer !== undefined && url === this.#target?.url) this.issuer = issuer
    return issuer
  }
}
