import { randomBytes } from 'node:crypto'
import { startAuthorization } from '@modelcontextprotocol/client'
import type { FetchLike } from '@modelcontextprotocol/client'
import { GatewayError } from '../../src-shared/errors.ts'
import { clientInformation, identify } from './client-identity.ts'
import type { SignInTarget } from './grant-keeper.ts'
import type { Issuer } from './issuer.ts'
import { listenForRedirect, redirectUri } from './redirect-listener.ts'
import type { RedirectListener } from './redirect-listener.ts'
import type { RedirectOutcome } from './redirect-page.ts'
import type { Flow, IssuedClient } from './sign-in-record.ts'

export interface LinkOptions {
  serverId: string
  serverName: string
  target: SignInTarget
  issuer: Issuer
  /** What the server has asked for; empty: what its metadata says. */
  challenged: readonly string[]
  /** What was asked for before, and what was refused since. */
  wanted: readonly string[]
  clientMetadataUrl: string | undefined
  /** The client from before; undefined: another one is wanted. */
  known: IssuedClient | undefined
  fetchFn: FetchLike
  /** Milliseconds since 1970. */
  now: number
  lifeMs: number
  arrived(parameters: URLSearchParams): Promise<RedirectOutcome>
}

/** Opens the listener and makes the link: client, PKCE, state, resource and scopes. Rejects with GatewayError. */
export async function openLink(
  options: LinkOptions,
): Promise<{ flow: Flow; listener: RedirectListener }> {
  const { serverId, target, issuer, now, lifeMs } = options
  const listener = await listen(options)
  try {
    const requested = scopesToAsk(options)
    const scope = requested.length === 0 ? undefined : requested.join(' ')
    const client = await identify({
      ...options,
      oauth: target.oauth,
      redirectPort: listener.port,
      scopes: requested,
      wallMs: now,
    })
    const state = randomBytes(32).toString('base64url')
    const { authorizationUrl, codeVerifier } = await startAuthorization(
      issuer.authorizationServer,
      {
        metadata: issuer.metadata,
        clientInformation: clientInformation(client, target.oauth),
        redirectUrl: redirectUri(listener.port),
        state,
        resource: issuer.resource,
        ...(scope === undefined ? {} : { scope }),
      },
    ).catch((cause: unknown) => {
      const at = issuer.metadata.issuer
      throw new GatewayError('server_failed', `${serverId}: ${at} has no sign-in with a code.`, {
        cause,
      })
    })
    const flow: Flow = {
      url: target.url,
      authorization_server: issuer.authorizationServer,
      issuer: issuer.metadata.issuer,
      resource: issuer.resource,
      requested,
      client,
      state,
      code_verifier: codeVerifier,
      link: authorizationUrl.href,
      expires_at: now + lifeMs,
    }
    return { flow, listener }
  } catch (error) {
    listener.close()
    throw error
  }
}

/** The port of the catalog, else the one that the client was registered with, if it is free, else any. */
function listen(options: LinkOptions): Promise<RedirectListener> {
  const { target, known, serverName } = options
  const fixed = target.oauth?.redirect_port
  const before = known?.kind === 'registered' ? known.redirect_port : 0
  const at = (port: number): Promise<RedirectListener> =>
    listenForRedirect({ port, serverName, arrived: (given) => options.arrived(given) })
  if (fixed !== undefined) return at(fixed)
  return before === 0 ? at(0) : at(before).catch(() => at(0))
}

/**
 * 2026-07-28 basic/authorization, Scope Selection Strategy and Refresh Tokens: what the catalog says, else what the server
 * has just asked for, else all that it supports; with what was asked for before, and `offline_access` where the issuer
 * has it.
 */
function scopesToAsk({ target, issuer, challenged, wanted }: LinkOptions): string[] {
  const asked = target.oauth?.scopes ?? (challenged.length > 0 ? challenged : issuer.scopes)
  const scopes = new Set([...wanted, ...asked])
  const offered = issuer.metadata.scopes_supported
  if (scopes.size > 0 && offered?.includes('offline_access') === true) scopes.add('offline_access')
  return [...scopes]
}
