import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { SignIn, SignInLink } from '../../src-shared/sign-in.ts'
import type { AuthorizationRefusal, RemoteAuthorization } from '../runtimes/remote-authorization.ts'
import type { Clock } from '../servers/clock.ts'
import type { ServerSignInGate, SignInGate } from '../servers/sign-in-gate.ts'
import type { Redactor } from '../telemetry/redact.ts'
import { GrantKeeper } from './grant-keeper.ts'
import type { SignInTarget } from './grant-keeper.ts'
import { createGuardedFetch } from './guarded-fetch.ts'
import type { Challenge, Issuer } from './issuer.ts'
import { listenForRedirect } from './redirect-listener.ts'
import { SignInAttempt } from './sign-in-attempt.ts'
import type { AttemptEnd } from './sign-in-attempt.ts'
import type { Flow, SignInNote } from './sign-in-record.ts'
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

/** The sign-in of one catalog entry: what it needs, who is at it, and the tokens that came of it. */
export class ServerSignIn implements ServerSignInGate {
  readonly #options: ServerSignInOptions
  readonly #keeper: GrantKeeper
  #note: SignInNote | undefined
  #target: SignInTarget | undefined
  #issuer: Issuer | undefined
  #challenge: Challenge | undefined
  /** Why somebody has to sign in; undefined: nobody has, as far as known. */
  #need: { problem: string | undefined; hasFailed: boolean } | undefined
  /** Why the last attempt came to nothing, while a token from before still works. */
  #failure: string | undefined
  /** Scopes that were refused to the token that we have. */
  #wanted: readonly string[] = []
  #attempt: SignInAttempt | undefined
  #opening: Promise<SignInAttempt> | undefined
  #discovering: Promise<Issuer | undefined> | undefined
  /** The client of an attempt that came to nothing: perhaps the issuer does not know it any more. */
  #isClientDoubtful = false

  constructor(options: ServerSignInOptions) {
    this.#options = options
    this.#note = options.note
    const { serverId, vault, clock, redactor, log } = options
    const changed = (): void => options.changed()
    this.#keeper = new GrantKeeper({ serverId, vault, clock, redactor, log, changed })
  }

  /** What the catalog says, before anything is asked of it. */
  aim(target: SignInTarget): this {
    if (this.#target !== undefined && this.#target.url !== target.url) this.moved()
    this.#target = target
    return this
  }

  /** The catalog says something else now: a server that has moved is another one. */
  moved(): void {
    this.#target = undefined
    this.#need = undefined
    this.#issuer = undefined
    this.#challenge = undefined
    this.#wanted = []
    this.#failure = undefined
    this.#drop()
  }

  /** Signs requests to this URL alone: what still runs of an entry from before never gets a token of the one after it. */
  authorization(target: SignInTarget): RemoteAuthorization {
    this.aim(target)
    const isCurrent = (): boolean => this.#target?.url === target.url
    return {
      header: async (signal) => (isCurrent() ? this.#header(signal) : undefined),
      refused: async (refusal, signal) => isCurrent() && this.#refused(refusal, signal),
    }
  }

  get gate(): SignInGate {
    const { callWaitMs, clock } = this.#options
    const attempt = this.#attempt
    if (this.#need === undefined) return { kind: 'open' }
    const error = this.#error()
    if (attempt === undefined) return { kind: 'closed', error }
    const wait = async (): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const cancel = clock.after(callWaitMs, resolve)
      await Promise.race([attempt.settled, promise])
      cancel()
    }
    return { kind: 'waiting', wait, error }
  }

  /** True if something of it may be kept. */
  get isKnown(): boolean {
    return this.#note !== undefined || this.#need !== undefined
  }

  /** For people; null: it has not asked for a sign-in. */
  get view(): SignIn | null {
    const { flow } = this.#attempt ?? {}
    const grant = this.#shown?.grant ?? null
    if (flow)
      return {
        state: 'in_progress',
        issuer: flow.issuer,
        account: grant?.account ?? null,
        scopes: flow.requested,
        expires_at: new Date(flow.expires_at).toISOString(),
        renews: false,
        problem: null,
      }
    const issuer = this.#issuer?.metadata.issuer ?? this.#shown?.issuer ?? null
    if (this.#need !== undefined)
      return {
        state: this.#need.hasFailed ? 'failed' : 'needed',
        issuer,
        account: grant?.account ?? null,
        scopes: [...(this.#challenge?.scopes ?? [])],
        expires_at: null,
        renews: false,
        problem: this.#need.problem ?? null,
      }
    if (grant === null) return null
    return {
      state: 'signed_in',
      issuer,
      account: grant.account,
      scopes: grant.scopes,
      expires_at: grant.expires_at === null ? null : new Date(grant.expires_at).toISOString(),
      renews: grant.renews,
      problem:
        this.#failure ?? (this.#wanted.length === 0 ? null : SignInWords.wantsMore(this.#wanted)),
    }
  }

  /** As it was written down, or as it is; of another URL nothing. */
  get #shown(): SignInNote | undefined {
    const note = this.#note
    return note && (this.#target === undefined || note.url === this.#target.url) ? note : undefined
  }

  async #header(signal: AbortSignal): Promise<string | undefined> {
    const target = this.#aimed
    if (this.#need !== undefined) await this.#awaitPerson(signal)
    const token = await this.#token(target)
    if (token !== undefined) return `Bearer ${token}`
    // It had one: it is over, which has just been found out.
    if (this.#need !== undefined) throw this.#error()
    return undefined
  }

  async #refused(refusal: AuthorizationRefusal, signal: AbortSignal): Promise<boolean> {
    const { readChallenge } = await import('./issuer.ts')
    const challenge = readChallenge(refusal.challenge)
    const target = this.#aimed
    const grant = this.#keeper.current(target)
    // Renewed or granted while this request was under way.
    if (grant !== undefined && refusal.sent !== `Bearer ${grant.access_token}`) return true
    if (refusal.status === 403)
      return challenge.error === 'insufficient_scope' && this.#stepUp(challenge, signal)
    const issuer = await this.#discover(challenge)
    if (issuer === undefined) return false
    let problem: string | undefined
    if (grant !== undefined) {
      if (grant.issuer !== issuer.metadata.issuer)
        problem = SignInWords.otherIssuer(grant.issuer, issuer.metadata.issuer)
      else if (this.#keeper.isFresh) problem = SignInWords.refusesNew(grant.issuer)
      else if (await this.#keeper.renew(target, grant.access_token)) return true
      else problem = SignInWords.over(grant.issuer)
    }
    this.#needs(problem)
    await this.#awaitPerson(signal)
    return true
  }

  reconsider(): void {
    if (this.#attempt !== undefined || this.#need === undefined) return
    this.#need = undefined
    this.#options.changed()
  }

  async offer(): Promise<{ url: string; issuer: string }> {
    const { link, flow } = await this.#open()
    return { url: link.url, issuer: flow.issuer }
  }

  /** The link of the sign-in that is under way, or of a new one. Rejects with GatewayError. */
  async start(): Promise<SignInLink> {
    return (await this.#open()).link
  }

  /** Rejects with GatewayError: `not_found`, or `bad_request` with what became of it. */
  async finish(redirectUrl: string): Promise<void> {
    const { serverId } = this.#options
    const attempt = this.#attempt
    if (attempt === undefined)
      throw new GatewayError('not_found', `No sign-in to ${serverId} is under way. Start one.`)
    const parameters = URL.parse(redirectUrl.trim())?.searchParams
    const outcome = parameters && (await attempt.arrived(parameters))
    if (outcome === 'signed_in') return
    const problem =
      outcome === undefined || outcome === 'unknown'
        ? SignInWords.notTheAnswer
        : (this.#need?.problem ?? this.#failure ?? SignInWords.nothing)
    throw new GatewayError('bad_request', `${serverId} is not signed in. ${problem}`)
  }

  async cancel(): Promise<void> {
    await this.#opening?.catch(() => {})
    if (this.#attempt === undefined) return
    this.#drop()
    await this.#options.vault.change(this.#options.serverId, async ({ flow: _flow, ...rest }) => ({
      keep: rest,
      result: undefined,
    }))
    this.#options.changed()
  }

  /** Takes up an attempt that an earlier gateway began, if its port is still free. Never rejects. */
  async resume(): Promise<void> {
    const { vault, serverId, clock } = this.#options
    try {
      const { flow } = (await vault.read(serverId)) ?? {}
      if (flow === undefined || flow.url !== this.#aimed.url || flow.expires_at <= clock.wall())
        return
      const listener = await listenForRedirect({
        port: flow.client.redirect_port,
        serverName: serverId,
        arrived: (parameters) => this.#arrived(parameters),
      })
      if (this.#attempt !== undefined) return listener.close()
      this.#need ??= { problem: undefined, hasFailed: false }
      this.#begin(flow, listener)
    } catch (error) {
      this.#options.log(`The sign-in from before cannot go on. ${asGatewayError(error).message}`)
    }
  }

  /** Forgets the tokens and the client, and revokes them. Why they may live on, or null. Rejects with GatewayError. */
  async signOut(isGone = false): Promise<string | null> {
    const { vault, serverId, log } = this.#options
    await this.#opening?.catch(() => {})
    this.#drop()
    const grant = await vault.change(serverId, async (record) => ({
      keep: { version: 1, server_id: serverId },
      result: record.grant,
    }))
    this.#note = undefined
    this.#wanted = []
    this.#keeper.take(undefined)
    if (!isGone) this.#needs(undefined)
    if (grant === undefined) return null
    const oauth = this.#target?.oauth
    const note = (await this.#keeper.revoke(grant, { url: grant.url, oauth })) ?? null
    log(note === null ? 'Signed out.' : `Signed out. ${note}`)
    return note
  }

  /** The gateway stops; what is out can be taken up by the next. */
  close(): void {
    this.#drop()
  }

  get #aimed(): SignInTarget {
    if (this.#target === undefined)
      throw new GatewayError('internal', `${this.#options.serverId} has no URL to sign in for.`)
    return this.#target
  }

  /** Not from the keychain where nothing is known to be in it. */
  async #token(target: SignInTarget): Promise<string | undefined> {
    if (this.#shown?.grant == null) return undefined
    const token = await this.#keeper.token(target)
    if (token === undefined) this.#needs(SignInWords.over(this.#shown.issuer))
    else this.#sync(target)
    return token
  }

  /** What was renewed shows its new end. */
  #sync(target: SignInTarget): void {
    const grant = this.#keeper.current(target)
    if (grant === undefined || this.#note?.grant?.expires_at === (grant.expires_at ?? null)) return
    const { serverId, vault } = this.#options
    this.#note = vault.note({ version: 1, server_id: serverId, grant })
    this.#options.changed()
  }

  #needs(problem: string | undefined): void {
    if (this.#need !== undefined && this.#attempt !== undefined) return
    const isNews = this.#need === undefined
    this.#need = { problem, hasFailed: false }
    if (!isNews) return
    const error = this.#error()
    this.#options.log(error.message)
    this.#options.changed()
    this.#options.lost(error)
  }

  #error(): GatewayError {
    const issuer = this.#issuer?.metadata.issuer ?? this.#shown?.issuer
    return needed(this.#options.serverId, issuer, this.#need?.problem)
  }

  /** Returns when there is a token again. Rejects with GatewayError `sign_in_needed`. */
  async #awaitPerson(signal: AbortSignal): Promise<void> {
    const { gate } = this
    if (gate.kind === 'open') return
    if (gate.kind === 'waiting') {
      const given = Promise.withResolvers<void>()
      const giveUp = (): void => given.resolve()
      signal.addEventListener('abort', giveUp)
      await Promise.race([gate.wait(), given.promise])
      signal.removeEventListener('abort', giveUp)
      if (this.#need === undefined) return
    }
    throw this.#error()
  }

  #discover(challenge: Challenge): Promise<Issuer | undefined> {
    const { serverId } = this.#options
    const { url } = this.#aimed
    this.#challenge = challenge
    this.#discovering ??= import('./issuer.ts')
      .then(({ discoverIssuer }) =>
        discoverIssuer(
          serverId,
          url,
          createGuardedFetch(serverId, url),
          challenge.resourceMetadataUrl,
        ),
      )
      .then((issuer) => {
        if (issuer !== undefined && url === this.#aimed.url) this.#issuer = issuer
        return issuer
      })
      .finally(() => (this.#discovering = undefined))
    return this.#discovering
  }

  /** 2026-07-28 basic/authorization, Step-Up Authorization Flow: offered once for what was not asked for before. */
  async #stepUp({ scopes }: Challenge, signal: AbortSignal): Promise<boolean> {
    const { serverId, changed } = this.#options
    const grant = this.#keeper.current(this.#aimed)
    const attempt = this.#attempt
    if (attempt !== undefined) {
      const before = grant?.access_token
      const given = Promise.withResolvers<void>()
      signal.addEventListener('abort', () => given.resolve(), { once: true })
      await Promise.race([attempt.settled, given.promise])
      if (this.#keeper.current(this.#aimed)?.access_token !== before) return true
    }
    const known = new Set([...(grant?.requested ?? []), ...(grant?.scopes ?? [])])
    if (grant === undefined || scopes.every((scope) => known.has(scope)))
      throw new GatewayError('server_failed', `${serverId}: ${SignInWords.stillRefused(scopes)}`)
    this.#wanted = [...new Set([...this.#wanted, ...scopes])]
    changed()
    throw needed(serverId, grant.issuer, SignInWords.wantsMore(scopes))
  }

  async #open(): Promise<SignInAttempt> {
    if (this.#attempt !== undefined) return this.#attempt
    this.#opening ??= this.#openNew().finally(() => (this.#opening = undefined))
    return this.#opening
  }

  async #openNew(): Promise<SignInAttempt> {
    const { serverId, vault, clock, clientMetadataUrl, linkMs } = this.#options
    const target = this.#aimed
    const issuer = await this.#discover(
      this.#challenge ?? { resourceMetadataUrl: undefined, scopes: [], error: undefined },
    )
    if (issuer === undefined)
      throw new GatewayError('bad_request', `${serverId}: ${SignInWords.noSignIn}`)
    const { openLink } = await import('./link-out.ts')
    const { client, grant } = (await vault.read(serverId)) ?? {}
    const isSame = grant?.url === target.url && grant.issuer === issuer.metadata.issuer
    const { flow, listener } = await openLink({
      serverId,
      serverName: serverId,
      target,
      issuer,
      challenged: [...(this.#challenge?.scopes ?? []), ...this.#wanted],
      before: isSame ? grant.requested : [],
      clientMetadataUrl,
      known: this.#isClientDoubtful && client?.kind === 'registered' ? undefined : client,
      fetchFn: createGuardedFetch(serverId, target.url),
      now: clock.wall(),
      lifeMs: linkMs,
      arrived: (parameters) => this.#arrived(parameters),
    })
    try {
      this.#note = await vault.change(serverId, async (record) => {
        const keep = { ...record, client: flow.client, flow }
        return { keep, result: vault.note(keep) }
      })
    } catch (error) {
      listener.close()
      throw error
    }
    if (target !== this.#target && target.url !== this.#target?.url) {
      listener.close()
      throw new GatewayError('conflict', `${serverId} was changed meanwhile. Try again.`)
    }
    // Not so for a token that works and is to be widened.
    if (this.#keeper.current(target) === undefined)
      this.#need ??= { problem: undefined, hasFailed: false }
    return this.#begin(flow, listener)
  }

  #begin(flow: Flow, listener: Awaited<ReturnType<typeof listenForRedirect>>): SignInAttempt {
    const { serverId, clock, redactor, log, changed } = this.#options
    for (const secret of [flow.code_verifier, flow.state, flow.client.client_secret])
      if (secret !== undefined) redactor.add(secret)
    const attempt: SignInAttempt = new SignInAttempt({
      serverId,
      target: this.#aimed,
      flow,
      listener,
      clock,
      ended: (end) => this.#ended(attempt, end),
    })
    this.#attempt = attempt
    log(`A sign-in at ${flow.issuer} is under way.`)
    changed()
    return attempt
  }

  #arrived(parameters: URLSearchParams) {
    return this.#attempt?.arrived(parameters) ?? Promise.resolve('unknown' as const)
  }

  async #ended(attempt: SignInAttempt, end: AttemptEnd): Promise<void> {
    const { serverId, vault, log, changed } = this.#options
    try {
      const old = await vault.change(serverId, async ({ flow: _flow, ...record }) =>
        end.kind === 'granted'
          ? {
              keep: { ...record, client: end.grant.client, grant: end.grant },
              result: record.grant,
            }
          : { keep: record, result: undefined },
      )
      if (this.#attempt !== attempt) return
      this.#attempt = undefined
      this.#isClientDoubtful = end.kind === 'failed' || end.kind === 'expired'
      if (end.kind !== 'granted') return this.#cameToNothing(end.problem, end.kind !== 'expired')
      const { grant } = end
      this.#need = undefined
      this.#failure = undefined
      this.#wanted = []
      this.#note = vault.note({ version: 1, server_id: serverId, grant })
      this.#keeper.take(grant)
      log(`Signed in at ${grant.issuer}.`)
      // What another issuer has given is of no use any more; at the same one it may be what the new one stands on.
      if (old && (old.issuer !== grant.issuer || old.url !== grant.url))
        void this.#keeper.revoke(old, { url: old.url, oauth: this.#target?.oauth })
    } catch (error) {
      if (this.#attempt === attempt) this.#attempt = undefined
      this.#cameToNothing(asGatewayError(error).message, true)
      throw error
    } finally {
      changed()
    }
  }

  /** A token that works goes on working. */
  #cameToNothing(problem: string, hasFailed: boolean): void {
    this.#options.log(`Not signed in. ${problem}`)
    if (this.#need === undefined) this.#failure = problem
    else this.#need = { problem, hasFailed }
  }

  #drop(): void {
    this.#attempt?.close()
    this.#attempt = undefined
  }
}
