import type { OauthClient } from '../../src-shared/catalog.ts'
import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { Clock } from '../servers/clock.ts'
import type { Redactor } from '../telemetry/redact.ts'
import { createGuardedFetch } from './guarded-fetch.ts'
import type { Grant, SignInRecord } from './sign-in-record.ts'
import type { SignInVault } from './sign-in-vault.ts'

/** Renewed so long before it expires, or, of a short life, when a fifth of that is left. */
const aheadMs = 60_000
/** After an issuer could not be asked, a token that is still good is used so long before it is asked again. */
const pauseMs = 10_000
const freshMs = 30_000

export interface KeeperOptions {
  serverId: string
  vault: SignInVault
  clock: Clock
  redactor: Pick<Redactor, 'add'>
  log: (text: string) => void
  /** What is kept has changed. */
  changed: () => void
}

/** What the catalog says of the server now, variables resolved. */
export interface SignInTarget {
  readonly url: string
  readonly oauth: OauthClient | undefined
}

/** The tokens of one server: read once, renewed ahead of their end, once for all who need them. */
export class GrantKeeper {
  readonly #options: KeeperOptions
  #loading: Promise<void> | undefined
  #grant: Grant | undefined
  /** clock.now() at which the issuer gave it; undefined: it was kept from before. */
  #givenAt: number | undefined
  #renewing: Promise<Grant | undefined> | undefined
  /** clock.now() before which the issuer is not asked ahead of time. */
  #pausedUntil = 0
  readonly #hidden = new Set<string>()

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  /** The grant as far as it was read; for another URL or client there is none. */
  current(target: SignInTarget): Grant | undefined {
    const grant = this.#grant
    return grant !== undefined && isFor(grant, target) ? grant : undefined
  }

  /** Reads what is kept, once. Rejects with GatewayError. */
  load(): Promise<void> {
    this.#loading ??= this.#options.vault.read(this.#options.serverId).then(
      (record) => this.#take(record?.grant, undefined),
      (error: unknown) => {
        this.#loading = undefined
        throw error
      },
    )
    return this.#loading
  }

  /** What has just been granted, or undefined: signed out. */
  take(grant: Grant | undefined): void {
    this.#loading = Promise.resolve()
    this.#take(grant, this.#options.clock.now())
  }

  /** True if the issuer has given it out just now: a server that refuses it does not do so for its age. */
  get isFresh(): boolean {
    return this.#givenAt !== undefined && this.#options.clock.now() - this.#givenAt < freshMs
  }

  #take(grant: Grant | undefined, givenAt: number | undefined): void {
    this.#grant = grant
    this.#givenAt = givenAt
    for (const secret of [grant?.access_token, grant?.refresh_token, grant?.client.client_secret]) {
      if (secret === undefined || this.#hidden.has(secret)) continue
      this.#hidden.add(secret)
      this.#options.redactor.add(secret)
    }
    this.#options.changed()
  }

  /** A token that has not expired, renewed if its end is near; undefined: there is none any more. Rejects with GatewayError. */
  async token(target: SignInTarget): Promise<string | undefined> {
    await this.load()
    const grant = this.current(target)
    if (grant === undefined) return undefined
    const { clock } = this.#options
    const { expires_at: end, issued_at: begin } = grant
    if (end === undefined) return grant.access_token
    const left = end - clock.wall()
    const isNear = left <= Math.min(aheadMs, (end - begin) / 5)
    const isOver = left <= 0
    if (!isNear || (!isOver && clock.now() < this.#pausedUntil)) return grant.access_token
    if (grant.refresh_token === undefined) return isOver ? undefined : grant.access_token
    try {
      return (await this.renew(target, grant.access_token))?.access_token
    } catch (error) {
      if (isOver || end <= clock.wall()) throw error
      this.#pausedUntil = clock.now() + pauseMs
      this.#options.log(`The sign-in was not renewed yet. ${asGatewayError(error).message}`)
      return grant.access_token
    }
  }

  /**
   * Renews unless somebody has since `stale` came: one request to the issuer, however many ask. Undefined: it is over,
   * and a person has to sign in. Rejects with GatewayError if the issuer could not be asked.
   */
  renew(target: SignInTarget, stale: string): Promise<Grant | undefined> {
    this.#renewing ??= this.#renew(target, stale).finally(() => (this.#renewing = undefined))
    return this.#renewing
  }

  async #renew(target: SignInTarget, stale: string): Promise<Grant | undefined> {
    const { serverId, vault, clock, log } = this.#options
    const { refreshGrant, TokenRefusal } = await import('./token-requests.ts')
    const { metadataOf } = await import('./issuer.ts')
    let renewed: Grant | undefined
    try {
      const grant = await vault.change(serverId, async (record) => {
        const { grant: kept } = record
        if (kept === undefined || !isFor(kept, target)) return { result: undefined }
        // Another process was faster.
        if (kept.access_token !== stale) return { result: kept }
        if (kept.refresh_token === undefined) return { result: undefined }
        const fetchFn = createGuardedFetch(serverId, target.url)
        const { authorization_server, issuer } = kept
        const metadata = await metadataOf(serverId, authorization_server, issuer, fetchFn)
        try {
          renewed = await refreshGrant(kept, {
            serverId,
            metadata,
            oauth: target.oauth,
            fetchFn,
            wallMs: () => clock.wall(),
          })
          return { keep: { ...record, grant: renewed }, result: renewed }
        } catch (error) {
          if (!(error instanceof TokenRefusal) || error.gone === undefined) throw error
          log(error.message)
          return { keep: without(record, error.gone), result: undefined }
        }
      })
      this.#take(grant, clock.now())
      return grant
    } catch (error) {
      if (renewed === undefined) throw error
      // The old one is spent: what cannot be kept is good at least until the gateway ends.
      log(`The renewed sign-in could not be kept. ${asGatewayError(error).message}`)
      this.#take(renewed, clock.now())
      return renewed
    }
  }

  /** Revokes a grant at its issuer. Why it may live on there, or undefined. Never rejects. */
  async revoke(grant: Grant, oauth: OauthClient | undefined): Promise<string | undefined> {
    const { serverId, clock } = this.#options
    try {
      const { revokeGrant } = await import('./token-requests.ts')
      const { metadataOf } = await import('./issuer.ts')
      const fetchFn = createGuardedFetch(serverId, grant.url)
      const { authorization_server, issuer } = grant
      const metadata = await metadataOf(serverId, authorization_server, issuer, fetchFn)
      await revokeGrant(grant, { serverId, metadata, oauth, fetchFn, wallMs: () => clock.wall() })
      return undefined
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      return error.message
    }
  }
}

/** A token goes to nobody but the server that it was given for, and its client is still ours. */
function isFor(grant: Grant, { url, oauth }: SignInTarget): boolean {
  if (grant.url !== url) return false
  return grant.client.kind === 'catalog'
    ? grant.client.client_id === oauth?.client_id
    : oauth?.client_id === undefined
}

function without(record: SignInRecord, gone: 'tokens' | 'client'): SignInRecord {
  const { grant: _grant, client, ...rest } = record
  return gone === 'tokens' && client !== undefined ? { ...rest, client } : rest
}
