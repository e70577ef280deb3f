import { registerClient, RegistrationRejectedError } from '@modelcontextprotocol/client'
import type {
  FetchLike,
  OAuthClientInformationMixed,
  OAuthClientMetadata,
} from '@modelcontextprotocol/client'
import type { OauthClient } from '../../src-shared/catalog.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { scopesOf } from './issuer.ts'
import type { Issuer } from './issuer.ts'
import { redirectUri } from './redirect-listener.ts'
import type { IssuedClient } from './sign-in-record.ts'

export interface IdentityOptions {
  serverId: string
  issuer: Issuer
  /** `oauth` of the catalog entry. */
  oauth: OauthClient | undefined
  /** Of the config: our metadata document, where there is one. */
  clientMetadataUrl: string | undefined
  /** From before. */
  known: IssuedClient | undefined
  redirectPort: number
  /** What it is going to ask for. */
  scopes: readonly string[]
  fetchFn: FetchLike
  wallMs: number
}

/**
 * Which client we are at an issuer: the one of the catalog entry, else our metadata document, else one that is
 * registered for this (2026-07-28 basic/authorization/client-registration). Rejects with GatewayError.
 */
export async function identify(options: IdentityOptions): Promise<IssuedClient> {
  const { serverId, issuer, oauth, clientMetadataUrl, known, redirectPort, scopes, wallMs } =
    options
  const { metadata } = issuer
  if (oauth?.client_id !== undefined) {
    // Its secret is for the issuer that gave it, whomever the server names later.
    if (
      known?.kind === 'catalog' &&
      known.client_id === oauth.client_id &&
      known.issuer !== metadata.issuer
    )
      throw new GatewayError(
        'server_failed',
        `${serverId} wants a sign-in at ${metadata.issuer} now, and the client of its \`oauth\` was registered at ${known.issuer}. If that is right, sign out first: gateway auth ${serverId} --sign-out`,
      )
    return {
      issuer: metadata.issuer,
      kind: 'catalog',
      client_id: oauth.client_id,
      redirect_port: redirectPort,
    }
  }
  if (clientMetadataUrl !== undefined && metadata.client_id_metadata_document_supported === true)
    return {
      issuer: metadata.issuer,
      kind: 'document',
      client_id: clientMetadataUrl,
      redirect_port: redirectPort,
    }
  if (
    known?.kind === 'registered' &&
    known.issuer === metadata.issuer &&
    known.redirect_port === redirectPort &&
    (known.scopes === undefined || scopes.every((scope) => known.scopes?.includes(scope))) &&
    !hasExpired(known, wallMs)
  )
    return known
  return register(options)
}

async function register({
  serverId,
  issuer,
  redirectPort,
  scopes,
  fetchFn,
}: IdentityOptions): Promise<IssuedClient> {
  const { metadata, authorizationServer } = issuer
  const redirect = redirectUri(redirectPort)
  if (metadata.registration_endpoint === undefined)
    throw new GatewayError(
      'server_failed',
      `${serverId}: ${metadata.issuer} lets no program register itself. Register an app there with the redirect address ${redirect}, and write its client_id (and client_secret) into \`oauth\` of the runtime in the catalog.`,
    )
  const { token_endpoint_auth_methods_supported: methods = [] } = metadata
  const clientMetadata: OAuthClientMetadata = {
    client_name: 'Open MCP Gateway',
    client_uri: 'https://github.com/open-mcp-gateway/open-mcp-gateway',
    application_type: 'native',
    redirect_uris: [redirect],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    ...(methods.includes('none') ? { token_endpoint_auth_method: 'none' } : {}),
    ...(methods.length > 0 && !methods.includes('none')
      ? {
          token_endpoint_auth_method: methods.includes('client_secret_basic')
            ? 'client_secret_basic'
            : 'client_secret_post',
        }
      : {}),
  }
  // Issuers hold a client to what it was registered for, and the server may want more later.
  const asked = [...new Set([...scopes, ...issuer.scopes])]
  try {
    const answer = await registerClient(authorizationServer, {
      metadata,
      clientMetadata,
      fetchFn,
      ...(asked.length === 0 ? {} : { scope: asked.join(' ') }),
    })
    const { client_id, client_secret, token_endpoint_auth_method, client_secret_expires_at } =
      answer
    const allowed = answer.scope === undefined ? asked : scopesOf(answer.scope)
    return {
      issuer: metadata.issuer,
      kind: 'registered',
      client_id,
      redirect_port: redirectPort,
      ...(allowed.length === 0 ? {} : { scopes: allowed }),
      ...(client_secret === undefined ? {} : { client_secret }),
      ...(token_endpoint_auth_method === undefined ? {} : { token_endpoint_auth_method }),
      ...(client_secret_expires_at === undefined ? {} : { client_secret_expires_at }),
    }
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    const why = cause instanceof RegistrationRejectedError ? ` (HTTP ${cause.status})` : ''
    throw new GatewayError(
      'server_failed',
      `${serverId}: ${metadata.issuer} refuses to register the gateway${why}. Register an app there with the redirect address ${redirect}, and write its client_id into \`oauth\` of the runtime in the catalog.`,
      { cause },
    )
  }
}

function hasExpired({ client_secret_expires_at: at = 0 }: IssuedClient, wallMs: number): boolean {
  return at !== 0 && at * 1000 <= wallMs
}

/** As a token request needs it. A secret of the catalog is used only with the client that it belongs to. */
export function clientInformation(
  client: IssuedClient,
  oauth: OauthClient | undefined,
): OAuthClientInformationMixed {
  const secret =
    client.kind === 'catalog'
      ? oauth?.client_id === client.client_id
        ? oauth.client_secret
        : undefined
      : client.client_secret
  const { client_id, token_endpoint_auth_method } = client
  return {
    client_id,
    ...(secret === undefined ? {} : { client_secret: secret }),
    ...(token_endpoint_auth_method === undefined ? {} : { token_endpoint_auth_method }),
  }
}
