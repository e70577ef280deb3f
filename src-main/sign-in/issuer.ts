import {
  checkResourceAllowed,
  discoverAuthorizationServerMetadata,
  discoverOAuthProtectedResourceMetadata,
  extractWWWAuthenticateParams,
  IssuerMismatchError,
  resourceUrlFromServerUrl,
  validateAuthorizationResponseIssuer,
} from '@modelcontextprotocol/client'
import type {
  AuthorizationServerMetadata,
  FetchLike,
  OAuthProtectedResourceMetadata,
} from '@modelcontextprotocol/client'
import { GatewayError } from '../../src-shared/errors.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import { isLoopbackHost } from './address-kind.ts'

/** Who gives out tokens for a server (its authorization server), as its metadata says, looked over. */
export interface Issuer {
  /** As the server names it; the metadata is looked up by it. */
  readonly authorizationServer: string
  readonly metadata: AuthorizationServerMetadata
  /** The resource indicator (RFC 8707): what the server calls itself, or its URL. */
  readonly resource: string
  /** `scopes_supported` of the server. */
  readonly scopes: readonly string[]
}

export interface Challenge {
  resourceMetadataUrl?: URL | undefined
  scopes: string[]
  error: string | undefined
}

/** What `WWW-Authenticate` asks for (RFC 6750 3, RFC 9728 5.1). */
export function readChallenge(header: string | undefined): Challenge {
  const headers = new Headers(header === undefined ? {} : { 'www-authenticate': header })
  const { resourceMetadataUrl, scope, error } = extractWWWAuthenticateParams(
    new Response(null, { headers }),
  )
  return { resourceMetadataUrl, scopes: scopesOf(scope), error }
}

/** Of a space-separated list (RFC 6749 3.3), each once. */
export function scopesOf(scope: string | undefined): string[] {
  return [...new Set(scope?.split(/\s+/).filter(Boolean))]
}

/**
 * Finds who gives out tokens for a server: its protected resource metadata, then the metadata of the authorization
 * server (2026-07-28 basic/authorization/authorization-server-discovery). Undefined if it says nothing of it. Rejects
 * with GatewayError `server_failed` where what it says must not be used.
 */
export async function discoverIssuer(
  serverId: string,
  serverUrl: string,
  fetchFn: FetchLike,
  resourceMetadataUrl?: URL,
): Promise<Issuer | undefined> {
  const refuse = (why: string, cause?: unknown): GatewayError =>
    new GatewayError('server_failed', `${serverId}: ${why}`, { cause })
  const resource = await resourceMetadata(serverUrl, fetchFn, resourceMetadataUrl).catch(
    (error: unknown) => {
      if (error instanceof GatewayError) throw error
      throw refuse('what the server says of its sign-in (RFC 9728) cannot be read.', error)
    },
  )
  if (
    resource &&
    !checkResourceAllowed({
      requestedResource: resourceUrlFromServerUrl(serverUrl),
      configuredResource: resource.resource,
    })
  )
    throw refuse(
      `the server says that its sign-in is for ${printable(resource.resource)}, which is not the server in the catalog. Correct \`url\`, or ask whoever runs the server.`,
    )
  const [named] = resource?.authorization_servers ?? []
  const authorizationServer = named ?? new URL('/', serverUrl).href
  const metadata = await serverMetadata(authorizationServer, fetchFn).catch((error: unknown) => {
    if (error instanceof GatewayError) throw error
    if (error instanceof IssuerMismatchError)
      throw refuse(
        `the metadata of ${printable(authorizationServer)} is that of another issuer, so nobody may sign in there (RFC 8414 3.3). Ask whoever runs the server.`,
        error,
      )
    throw refuse(`the metadata of ${printable(authorizationServer)} cannot be read.`, error)
  })
  if (metadata === undefined) {
    if (named === undefined) return undefined
    throw refuse(`${printable(named)}, where one signs in, has no metadata (RFC 8414, OpenID).`)
  }
  const fault = faultOf(metadata)
  if (fault !== undefined) throw refuse(`one cannot sign in at ${metadata.issuer}: ${fault}`)
  return {
    authorizationServer,
    metadata,
    resource: resource?.resource ?? canonical(resourceUrlFromServerUrl(serverUrl)),
    scopes: resource?.scopes_supported ?? [],
  }
}

/** True if an answer with this `iss` may come from the issuer (RFC 9207 2.4): compared character for character. */
export function issuerOfAnswer(
  metadata: AuthorizationServerMetadata,
  iss: string | undefined,
): boolean {
  try {
    validateAuthorizationResponseIssuer({
      iss,
      expectedIssuer: metadata.issuer,
      issParameterSupported: metadata.authorization_response_iss_parameter_supported === true,
    })
    return true
  } catch {
    return false
  }
}

/** The metadata of an issuer that is known from before. Rejects with GatewayError. */
export async function metadataOf(
  serverId: string,
  authorizationServer: string,
  issuer: string,
  fetchFn: FetchLike,
): Promise<AuthorizationServerMetadata> {
  const metadata = await serverMetadata(authorizationServer, fetchFn).catch((cause: unknown) => {
    throw new GatewayError('server_failed', `${serverId}: ${issuer} cannot be asked.`, { cause })
  })
  if (metadata?.issuer === issuer && faultOf(metadata) === undefined) return metadata
  throw new GatewayError('server_failed', `${serverId}: ${issuer} has no usable metadata any more.`)
}

/** Undefined where the server has none. */
async function resourceMetadata(
  serverUrl: string,
  fetchFn: FetchLike,
  resourceMetadataUrl: URL | undefined,
): Promise<OAuthProtectedResourceMetadata | undefined> {
  let missing = true
  const noting: FetchLike = async (url, init) => {
    const response = await fetchFn(url, init)
    missing = response.status >= 400 && response.status < 500
    return response
  }
  try {
    return await discoverOAuthProtectedResourceMetadata(
      serverUrl,
      resourceMetadataUrl === undefined ? {} : { resourceMetadataUrl },
      noting,
    )
  } catch (error) {
    if (missing && !(error instanceof GatewayError)) return undefined
    throw error
  }
}

/** With the revocation endpoint, which the SDK leaves out where only OpenID's metadata is there. */
async function serverMetadata(
  authorizationServer: string,
  fetchFn: FetchLike,
): Promise<AuthorizationServerMetadata | undefined> {
  let last: Response | undefined
  const noting: FetchLike = async (url, init) => {
    const response = await fetchFn(url, init)
    last = response.clone()
    return response
  }
  const metadata = await discoverAuthorizationServerMetadata(authorizationServer, {
    fetchFn: noting,
  })
  if (metadata === undefined || revocationEndpoint(metadata) !== undefined) return metadata
  const written: unknown = await last?.json()
  const endpoint: unknown = isRecord(written) ? written['revocation_endpoint'] : undefined
  return typeof endpoint === 'string' ? { ...metadata, revocation_endpoint: endpoint } : metadata
}

/** Why it must not be used, in plain words. */
function faultOf(metadata: AuthorizationServerMetadata): string | undefined {
  if (metadata.code_challenge_methods_supported?.includes('S256') !== true)
    return 'it does not say that it supports PKCE with S256, without which a code can be stolen.'
  const { authorization_endpoint, token_endpoint, registration_endpoint } = metadata
  for (const endpoint of [
    authorization_endpoint,
    token_endpoint,
    registration_endpoint,
    revocationEndpoint(metadata),
  ])
    if (endpoint !== undefined && !isSafe(String(endpoint)))
      return `it names ${printable(String(endpoint))}, which is not https.`
  return undefined
}

/** RFC 7009, as RFC 8414 2 names it; OpenID's own metadata has no word for it. */
export function revocationEndpoint(metadata: AuthorizationServerMetadata): string | undefined {
  const endpoint: unknown = Reflect.get(metadata, 'revocation_endpoint')
  return typeof endpoint === 'string' ? endpoint : undefined
}

function isSafe(endpoint: string): boolean {
  const url = URL.parse(endpoint)
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname))
}

/** Without the slash that a URL without a path ends with (2026-07-28 basic/authorization, Canonical Server URI). */
function canonical(url: URL): string {
  return url.pathname === '/' && url.search === '' ? url.origin : url.href
}

/** What a server has written, fit for a message. */
function printable(text: string): string {
  return text.replaceAll(/[^\x21-\x7e]/g, '?').slice(0, 200)
}
