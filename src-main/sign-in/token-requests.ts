import {
  exchangeAuthorization,
  IssuerMismatchError,
  OAuthError,
  refreshAuthorization,
  selectClientAuthMethod,
} from '@modelcontextprotocol/client'
import type {
  AuthorizationServerMetadata,
  FetchLike,
  OAuthTokens,
} from '@modelcontextprotocol/client'
import type { OauthClient } from '../../src-shared/catalog.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import { clientInformation } from './client-identity.ts'
import { revocationEndpoint, scopesOf } from './issuer.ts'
import { redirectUri } from './redirect-listener.ts'
import type { Flow, Grant } from './sign-in-record.ts'

interface Context {
  serverId: string
  metadata: AuthorizationServerMetadata
  oauth: OauthClient | undefined
  fetchFn: FetchLike
  /** Milliseconds since 1970. */
  wallMs: () => number
}

/** An issuer's refusal. `gone`: what the tokens or the client stand for is over; else it may be asked again. */
export class TokenRefusal extends GatewayError {
  readonly gone: 'tokens' | 'client' | undefined

  constructor(message: string, gone: 'tokens' | 'client' | undefined, cause: unknown) {
    super('server_failed', message, { cause })
    this.gone = gone
  }
}

/** Exchanges a code for tokens. `iss`: of the redirect, compared as it is (RFC 9207 2.4). Rejects with TokenRefusal. */
export async function exchangeCode(
  flow: Flow,
  code: string,
  iss: string | undefined,
  context: Context,
): Promise<Grant> {
  const { metadata, oauth, fetchFn } = context
  const { state: _state, code_verifier, link: _link, expires_at: _expires, ...origin } = flow
  const tokens = await refusing(context, () =>
    exchangeAuthorization(flow.authorization_server, {
      metadata,
      clientInformation: clientInformation(flow.client, oauth),
      authorizationCode: code,
      ...(iss === undefined ? {} : { iss }),
      codeVerifier: code_verifier,
      redirectUri: redirectUri(flow.client.redirect_port),
      // A text: a URL object would add a slash to one without a path.
      resource: flow.resource,
      fetchFn,
    }),
  )
  return grantOf(origin, tokens, context)
}

/** New tokens for old ones. Rejects with TokenRefusal, or GatewayError if nobody could be asked. */
export async function refreshGrant(grant: Grant, context: Context): Promise<Grant> {
  const { metadata, oauth, fetchFn } = context
  const { refresh_token: refreshToken } = grant
  if (refreshToken === undefined)
    throw new TokenRefusal(`${context.serverId}: there is nothing to renew with.`, 'tokens', null)
  const tokens = await refusing(context, () =>
    refreshAuthorization(grant.authorization_server, {
      metadata,
      clientInformation: clientInformation(grant.client, oauth),
      refreshToken,
      resource: grant.resource,
      fetchFn,
    }),
  )
  const { url, authorization_server, issuer, resource, requested, client } = grant
  const renewed = grantOf(
    { url, authorization_server, issuer, resource, requested, client },
    // Left out: as before (RFC 6749 5.1).
    { ...tokens, scope: tokens.scope ?? grant.scopes.join(' ') },
    context,
  )
  return {
    ...renewed,
    ...(renewed.account === undefined && grant.account !== undefined
      ? { account: grant.account }
      : {}),
  }
}

/**
 * Revokes what was granted (RFC 7009): the refresh token, with which issuers revoke what came of it, and the access
 * token. Rejects with GatewayError if it may live on.
 */
export async function revokeGrant(grant: Grant, context: Context): Promise<void> {
  const { metadata, serverId } = context
  const endpoint = revocationEndpoint(metadata)
  if (endpoint === undefined)
    throw new GatewayError(
      'server_failed',
      `${grant.issuer} cannot be told to revoke them; they end there when they expire.`,
    )
  const tokens = [
    ...(grant.refresh_token === undefined ? [] : [[grant.refresh_token, 'refresh_token'] as const]),
    [grant.access_token, 'access_token'] as const,
  ]
  for (const [token, hint] of tokens) {
    const answer = await postRevocation(new URL(endpoint), token, hint, grant, context)
    // Some issuers take refresh tokens alone.
    if (!answer.ok && !(hint === 'access_token' && grant.refresh_token !== undefined))
      throw new GatewayError(
        'server_failed',
        `${serverId}: ${grant.issuer} did not revoke them (HTTP ${answer.status}); they end there when they expire.`,
      )
  }
}

function postRevocation(
  endpoint: URL,
  token: string,
  hint: string,
  { client }: Grant,
  { metadata, oauth, fetchFn }: Context,
): Promise<Response> {
  const information = clientInformation(client, oauth)
  const { client_id, client_secret } = information
  const body = new URLSearchParams({ token, token_type_hint: hint })
  const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded' })
  const method = selectClientAuthMethod(
    information,
    metadata.token_endpoint_auth_methods_supported ?? [],
  )
  if (method === 'client_secret_basic' && client_secret !== undefined)
    headers.set(
      'authorization',
      `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`,
    )
  else {
    body.set('client_id', client_id)
    if (client_secret !== undefined) body.set('client_secret', client_secret)
  }
  return fetchFn(endpoint, { method: 'POST', headers, body, redirect: 'manual' })
}

function grantOf(
  origin: Omit<Grant, 'access_token' | 'issued_at' | 'scopes'>,
  tokens: OAuthTokens,
  { serverId, wallMs }: Context,
): Grant {
  const { access_token, refresh_token, token_type, scope, expires_in, id_token } = tokens
  if (token_type.toLowerCase() !== 'bearer' || !/^[\x21-\x7e]+$/.test(access_token))
    throw new TokenRefusal(
      `${serverId}: ${origin.issuer} gave a token of a kind that the gateway does not know.`,
      undefined,
      undefined,
    )
  const now = wallMs()
  const account = accountOf(id_token)
  return {
    ...origin,
    access_token,
    issued_at: now,
    // Left out: what was asked for (RFC 6749 5.1).
    scopes: scope === undefined ? origin.requested : scopesOf(scope),
    ...(refresh_token === undefined ? {} : { refresh_token }),
    ...(expires_in === undefined ? {} : { expires_at: now + expires_in * 1000 }),
    ...(account === undefined ? {} : { account }),
  }
}

/** Whose tokens they are, for people; it came from the issuer itself, so that its signature says no more (OpenID Core 3.1.3.7). */
function accountOf(idToken: string | undefined): string | undefined {
  const [, payload] = idToken?.split('.') ?? []
  if (payload === undefined) return undefined
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
    if (!isRecord(claims)) return undefined
    const name = claims['email'] ?? claims['preferred_username'] ?? claims['name'] ?? claims['sub']
    return typeof name === 'string' ? name.slice(0, 200) : undefined
  } catch {
    return undefined
  }
}

/** What an issuer says stays out of messages: it may hold anything, tokens included. */
async function refusing<T>({ serverId, metadata }: Context, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    const { issuer } = metadata
    if (cause instanceof IssuerMismatchError)
      throw new TokenRefusal(
        `${serverId}: the answer came from another issuer than ${issuer}, so the sign-in was given up.`,
        undefined,
        undefined,
      )
    if (!(cause instanceof OAuthError))
      throw new TokenRefusal(`${serverId}: ${issuer} gave no proper tokens.`, undefined, undefined)
    const code = /^[a-z_]{1,40}$/.test(cause.code) ? cause.code : 'error'
    const gone =
      code === 'invalid_client' || code === 'unauthorized_client'
        ? 'client'
        : code === 'invalid_grant' || code === 'invalid_scope' || code === 'invalid_target'
          ? 'tokens'
          : undefined
    throw new TokenRefusal(`${serverId}: ${issuer} gives no tokens (${code}).`, gone, undefined)
  }
}
