import { createPublicKey, generateKeyPairSync, randomUUID, verify } from 'node:crypto'
import http from 'node:http'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { Provider } from 'oidc-provider'
import type { Configuration, JWK, KoaContextWithOIDC } from 'oidc-provider'
import { isRecord } from '../../src-shared/json-record.ts'
import { ProviderMemory } from './provider-memory.ts'

export interface TokenRequest {
  grantType: string
  clientId: string | undefined
  resource: string | undefined
  status: number
}

export interface AuthorizationServerOptions {
  /** Besides those that register themselves. */
  clients?: Configuration['clients']
  registration?: boolean
  /** Default: opaque. */
  tokens?: 'opaque' | 'jwt'
  /** Clients that register themselves get a secret. */
  secrets?: boolean
  /** Asks whoever comes with a page, for a real browser; `person` is who signs in there. */
  asks?: boolean
}

export interface TokenHolder {
  account: string
  scopes: string[]
}

/** A real authorization server on loopback. Who signs in is decided by `person`, without a form. */
export class AuthorizationServer {
  readonly issuer: string
  readonly tokenRequests: TokenRequest[] = []
  readonly registered: string[] = []
  /** Every secret that it has given out: tokens, and those of its clients. */
  readonly given: string[] = []
  /** Tokens that were revoked by request (RFC 7009). */
  revocations = 0
  /** Who comes to the sign-in page; undefined: consent is refused. */
  person: string | undefined = 'ada'
  /** Answers to token requests are held back meanwhile. */
  hold: Promise<void> | undefined
  held = 0
  readonly #options: AuthorizationServerOptions
  readonly #server: http.Server
  readonly #memory = new ProviderMemory()
  #provider: Provider

  private constructor(server: http.Server, issuer: string, options: AuthorizationServerOptions) {
    this.#server = server
    this.issuer = issuer
    this.#options = options
    this.#provider = this.#create()
    server.on('request', (request, response) => void this.#answer(request, response))
  }

  static async start(options: AuthorizationServerOptions = {}): Promise<AuthorizationServer> {
    const server = http.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    return new AuthorizationServer(server, `http://127.0.0.1:${port}`, options)
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  /** New signing keys; the old ones are gone. */
  rotateKeys(): void {
    this.#provider = this.#create()
  }

  /** Whose token this is and what it is good for, if it is: by the server's keys, or by its memory. */
  async inspect(token: string, resource: string): Promise<TokenHolder | undefined> {
    if (this.#options.tokens === 'jwt') return this.#verify(token, resource)
    const found = await this.#provider.AccessToken.find(token)
    if (!found?.isValid || found.aud !== resource) return undefined
    return { account: found.accountId, scopes: [...found.scopes] }
  }

  /** As a server does that has the keys anew each time. */
  async #verify(token: string, resource: string): Promise<TokenHolder | undefined> {
    const [head = '', body = '', signature = ''] = token.split('.')
    const answer = await fetch(new URL('/jwks', this.issuer))
    const { keys }: { keys: JWK[] } = JSON.parse(await answer.text())
    const { kid }: { kid?: string } = JSON.parse(decoded(head))
    const { kty = '', n = '', e = '' } = keys.find((key) => key.kid === kid) ?? {}
    if (kty === '') return undefined
    const key = createPublicKey({ key: { kty, n, e }, format: 'jwk' })
    const data = Buffer.from(`${head}.${body}`)
    const isSigned = verify('sha256', data, key, Buffer.from(signature, 'base64url'))
    const claims: { sub: string; aud: string; scope: string } = JSON.parse(decoded(body))
    if (!isSigned || claims.aud !== resource) return undefined
    return { account: claims.sub, scopes: claims.scope.split(' ') }
  }

  /** Ends one access token; what it can be renewed with goes on. */
  async expire(token: string): Promise<void> {
    await (await this.#provider.AccessToken.find(token))?.destroy()
  }

  /** Ends everything that was granted together with it. */
  async revoke(token: string): Promise<void> {
    const found = await this.#provider.AccessToken.find(token)
    const grantId = found?.grantId
    if (grantId === undefined) return
    await this.#provider.AccessToken.revokeByGrantId(grantId)
    await this.#provider.RefreshToken.revokeByGrantId(grantId)
  }

  /** It does not know any of its clients any more. */
  forgetClients(): void {
    this.#memory.forget('Client')
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', this.issuer)
    if (pathname.startsWith('/interaction/')) return this.#interact(request, response)
    if (pathname === '/token' && this.hold) {
      this.held++
      await this.hold
    }
    await this.#provider.callback()(request, response)
  }

  async #interact(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { prompt, params, session, grantId } = await this.#provider.interactionDetails(
      request,
      response,
    )
    const { asks = false } = this.#options
    if (asks && request.method === 'GET') return askWithPage(response, prompt.name)
    const isRefused = asks && (await text(request)).includes('answer=no')
    const accountId = isRefused ? undefined : this.person
    if (accountId === undefined)
      return this.#provider.interactionFinished(request, response, {
        error: 'access_denied',
        error_description: 'The person said <b>no</b>.',
      })
    if (prompt.name === 'login')
      return this.#provider.interactionFinished(request, response, { login: { accountId } })
    const known = grantId === undefined ? undefined : await this.#provider.Grant.find(grantId)
    const grant =
      known ??
      new this.#provider.Grant({
        accountId: session?.accountId ?? accountId,
        clientId: String(params['client_id']),
      })
    const scope = typeof params['scope'] === 'string' ? params['scope'] : ''
    grant.addOIDCScope(scope)
    grant.addResourceScope(String(params['resource']), scope)
    const saved = await grant.save()
    return this.#provider.interactionFinished(
      request,
      response,
      { consent: { grantId: saved } },
      { mergeWithLastSubmission: true },
    )
  }

  #create(): Provider {
    const { clients = [], registration = true, tokens = 'opaque', secrets = false } = this.#options
    const provider = new Provider(this.issuer, {
      adapter: this.#memory.adapter,
      clients,
      jwks: { keys: [newKey()] },
      cookies: { keys: ['for tests'] },
      scopes: ['openid', 'offline_access', 'read', 'write'],
      pkce: { required: () => true },
      rotateRefreshToken: true,
      issueRefreshToken: (_context, client) =>
        Promise.resolve(client.grantTypeAllowed('refresh_token')),
      findAccount: (_context, accountId) => ({
        accountId,
        claims: () => ({ sub: accountId, email: `${accountId}@example.test` }),
      }),
      interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
      renderError: (context, { error }) => {
        context.body = error
      },
      ttl: {
        Interaction: 3600,
        AccessToken: 3600,
        RefreshToken: 86_400,
        Grant: 86_400,
        Session: 3600,
      },
      ...(secrets ? { clientAuthMethods: ['client_secret_basic' as const] } : {}),
      features: {
        devInteractions: { enabled: false },
        registration: { enabled: registration },
        revocation: { enabled: true, allowedPolicy: () => Promise.resolve(true) },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: () => ({
            scope: 'read write',
            accessTokenFormat: tokens,
            jwt: { sign: { alg: 'RS256' } },
          }),
        },
      },
    })
    provider.on('registration_create.success', (_context, client) =>
      this.registered.push(client.clientId),
    )
    provider.use(async (context, next) => {
      await next()
      const body: unknown = context.body
      if (!isRecord(body)) return
      for (const name of ['access_token', 'refresh_token', 'client_secret']) {
        const secret = body[name]
        if (typeof secret === 'string') this.given.push(secret)
      }
    })
    provider.on('grant.success', (context) => this.#note(context))
    provider.on('grant.error', (context) => this.#note(context))
    provider.use(async (context, next) => {
      await next()
      if (context.path === '/token/revocation' && context.status === 200) this.revocations++
    })
    return provider
  }

  #note(context: KoaContextWithOIDC): void {
    const { params = {}, client } = context.oidc
    this.tokenRequests.push({
      grantType: String(params['grant_type']),
      clientId: client?.clientId,
      resource: typeof params['resource'] === 'string' ? params['resource'] : undefined,
      status: context.status,
    })
  }
}

/** No page of beauty: a button for each answer. */
function askWithPage(response: http.ServerResponse, prompt: string): void {
  response.setHeader('content-type', 'text/html; charset=utf-8')
  response.end(`<!doctype html><html lang="en"><title>Authorization server</title><h1>${prompt}</h1>
<form method="post"><button name="answer" value="yes">Allow</button><button name="answer" value="no">Refuse</button></form>`)
}

function newKey(): JWK {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' }
}

function decoded(part: string): string {
  return Buffer.from(part, 'base64url').toString('utf8')
}
