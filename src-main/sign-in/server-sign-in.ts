import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { SignIn, SignInLink } from '../../src-shared/sign-in.ts'
import type { RemoteAuthorization } from '../runtimes/remote-authorization.ts'
import type { ServerSignInGate, SignInGate } from '../servers/sign-in-gate.ts'
import type { SignInTarget } from './grant-keeper.ts'
import { createGuardedFetch } from './guarded-fetch.ts'
import type { RedirectListener } from './redirect-listener.ts'
import type { RedirectOutcome } from './redirect-page.ts'
import { RequestSigner } from './request-signer.ts'
import { SignInAttempt } from './sign-in-attempt.ts'
import type { AttemptEnd } from './sign-in-attempt.ts'
import type { Flow, Grant } from './sign-in-record.ts'
import { SignInState } from './sign-in-state.ts'
import type { ServerSignInOptions } from './sign-in-state.ts'
import { SignInWords } from './sign-in-words.ts'

/** The sign-in of one catalog entry: begun, finished, given up, ended. */
export class ServerSignIn implements ServerSignInGate {
  readonly #state: SignInState
  #opening: Promise<SignInAttempt> | undefined
  /** The client of an attempt that came to nothing: perhaps the issuer does not know it any more. */
  #isClientDoubtful = false

  constructor(options: ServerSignInOptions) {
    this.#state = new SignInState(options)
  }

  /** What the catalog says, before anything is asked of it. */
  aim(target: SignInTarget): this {
    this.#state.aim(target)
    return this
  }

  /** The catalog says something else now: a server that has moved is another one. */
  moved(): void {
    this.#state.forgetTarget()
  }

  authorization(target: SignInTarget): RemoteAuthorization {
    this.#state.aim(target)
    return new RequestSigner(this.#state, target)
  }

  get gate(): SignInGate {
    return this.#state.gate
  }

  get view(): SignIn | null {
    return this.#state.view
  }

  /** True if something of it may be kept. */
  get isKnown(): boolean {
    return this.#state.note !== undefined || this.#state.need !== undefined
  }

  reconsider(): void {
    const { attempt, need, options } = this.#state
    if (attempt !== undefined || need === undefined) return
    this.#state.need = undefined
    options.changed()
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
    const { attempt, options } = this.#state
    const { serverId } = options
    if (attempt === undefined)
      throw new GatewayError('not_found', `No sign-in to ${serverId} is under way. Start one.`)
    const parameters = URL.parse(redirectUrl.trim())?.searchParams
    const outcome = parameters && (await attempt.arrived(parameters))
    if (outcome === 'signed_in') return
    const { need, failure } = this.#state
    const problem =
      outcome === undefined || outcome === 'unknown'
        ? SignInWords.notTheAnswer
        : (need?.problem ?? failure ?? SignInWords.nothing)
    throw new GatewayError('bad_request', `${serverId} is not signed in. ${problem}`)
  }

  /** Rejects with GatewayError if the link cannot be forgotten. */
  async cancel(): Promise<void> {
    await this.#opening?.catch(() => {})
    const { attempt, options } = this.#state
    if (attempt === undefined) return
    this.#state.dropAttempt()
    this.#isClientDoubtful = true
    await options.vault.change(options.serverId, async ({ flow: _flow, ...rest }) => ({
      keep: rest,
      result: undefined,
    }))
    options.changed()
  }

  /** Takes up an attempt that an earlier gateway began, if its port is still free. Never rejects. */
  async resume(): Promise<void> {
    const { vault, serverId, clock, log } = this.#state.options
    try {
      const { flow } = (await vault.read(serverId)) ?? {}
      const { url } = this.#state.target
      if (flow === undefined || flow.url !== url || flow.expires_at <= clock.wall()) return
      const { listenForRedirect } = await import('./redirect-listener.ts')
      const listener = await listenForRedirect({
        port: flow.client.redirect_port,
        serverName: serverId,
        arrived: (parameters) => this.#arrived(parameters),
      })
      if (this.#state.attempt !== undefined || this.#state.knownTarget?.url !== url)
        return listener.close()
      if (this.#state.shown?.grant == null)
        this.#state.need ??= { problem: undefined, hasFailed: false }
      this.#begin(flow, listener)
    } catch (error) {
      log(`The sign-in from before cannot go on. ${asGatewayError(error).message}`)
    }
  }

  /** Forgets the tokens and the client, and revokes them. Why they may live on, or null. Rejects with GatewayError. */
  async signOut(isGone = false): Promise<string | null> {
    const { keeper, options, knownTarget } = this.#state
    const { vault, serverId, log } = options
    await this.#opening?.catch(() => {})
    this.#state.dropAttempt()
    const grant = await vault.change(serverId, async (record) => ({
      keep: { version: 1, server_id: serverId },
      result: record.grant,
    }))
    this.#state.note = undefined
    this.#state.wanted = []
    this.#state.failure = undefined
    keeper.take(undefined)
    if (!isGone) this.#state.needs(undefined)
    if (grant === undefined) return null
    const note = (await keeper.revoke(grant, knownTarget?.oauth)) ?? null
    log(note === null ? 'Signed out.' : `Signed out. ${note}`)
    return note
  }

  /** The gateway stops; a link that is out can be taken up by the next. */
  close(): void {
    this.#state.dropAttempt()
  }

  async #open(): Promise<SignInAttempt> {
    if (this.#state.attempt !== undefined) return this.#state.attempt
    this.#opening ??= this.#openNew().finally(() => (this.#opening = undefined))
    return this.#opening
  }

  async #openNew(): Promise<SignInAttempt> {
    const { options, keeper, target } = this.#state
    const { serverId, vault, clock, clientMetadataUrl, linkMs } = options
    const issuer = await this.#state.discover(undefined)
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
      challenged: this.#state.challenge?.scopes ?? [],
      wanted: [...(isSame ? grant.requested : []), ...this.#state.wanted],
      clientMetadataUrl,
      known: this.#isClientDoubtful && client?.kind === 'registered' ? undefined : client,
      fetchFn: createGuardedFetch(serverId, target.url),
      now: clock.wall(),
      lifeMs: linkMs,
      arrived: (parameters) => this.#arrived(parameters),
    })
    try {
      this.#state.note = await vault.change(serverId, async (record) => {
        const keep = { ...record, client: flow.client, flow }
        return { keep, result: vault.note(keep) }
      })
      if (this.#state.knownTarget?.url !== target.url)
        throw new GatewayError('conflict', `${serverId} was changed meanwhile. Try again.`)
    } catch (error) {
      listener.close()
      throw error
    }
    // Not so for a token that works and is to be widened.
    if (keeper.current(target) === undefined)
      this.#state.need ??= { problem: undefined, hasFailed: false }
    return this.#begin(flow, listener)
  }

  #begin(flow: Flow, listener: RedirectListener): SignInAttempt {
    const { serverId, clock, redactor, log, changed } = this.#state.options
    for (const secret of [flow.code_verifier, flow.state, flow.client.client_secret])
      if (secret !== undefined) redactor.add(secret)
    const attempt: SignInAttempt = new SignInAttempt({
      serverId,
      target: this.#state.target,
      flow,
      listener,
      clock,
      ended: (end) => this.#ended(attempt, end),
    })
    this.#state.attempt = attempt
    log(`A sign-in at ${flow.issuer} is under way.`)
    changed()
    return attempt
  }

  #arrived(parameters: URLSearchParams): Promise<RedirectOutcome> {
    return this.#state.attempt?.arrived(parameters) ?? Promise.resolve('unknown')
  }

  async #ended(attempt: SignInAttempt, end: AttemptEnd): Promise<void> {
    const { options } = this.#state
    const { serverId, vault, changed } = options
    try {
      const old = await vault.change(serverId, async ({ flow: _flow, ...record }) => ({
        keep:
          end.kind === 'granted'
            ? { ...record, client: end.grant.client, grant: end.grant }
            : record,
        result: record.grant,
      }))
      if (this.#state.attempt !== attempt) return
      this.#state.attempt = undefined
      this.#isClientDoubtful = end.kind === 'failed' || end.kind === 'expired'
      if (end.kind !== 'granted') this.#state.cameToNothing(end.problem, end.kind !== 'expired')
      else this.#granted(end.grant, old)
    } catch (error) {
      if (this.#state.attempt === attempt) this.#state.attempt = undefined
      this.#state.cameToNothing(asGatewayError(error).message, true)
      throw error
    } finally {
      changed()
    }
  }

  #granted(grant: Grant, old: Grant | undefined): void {
    const { keeper, knownTarget, options } = this.#state
    const { serverId, vault, log } = options
    this.#state.need = undefined
    this.#state.failure = undefined
    this.#state.wanted = []
    this.#state.note = vault.note({ version: 1, server_id: serverId, grant })
    keeper.take(grant)
    log(`Signed in at ${grant.issuer}.`)
    // What another issuer has given is of no use any more; at the same one it may be what the new one stands on.
    if (old && (old.issuer !== grant.issuer || old.url !== grant.url))
      void keeper.revoke(old, knownTarget?.oauth)
  }
}
