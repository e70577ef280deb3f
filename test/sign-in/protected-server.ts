import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type http from 'node:http'
import { serve } from '@hono/node-server'
import type { ServerType } from '@hono/node-server'
import {
  createMcpHandler,
  isLegacyRequest,
  McpServer,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import type { AuthorizationServer, TokenHolder } from './authorization-server.ts'

/** What one request to the server looked like. */
export interface SeenRequest {
  token: string | undefined
  session: string | undefined
  account: string | undefined
  method: string | undefined
}

/** A real MCP server of both eras behind OAuth: `read` opens it, its tool `write` wants `write` as well. */
export class ProtectedServer {
  readonly url: string
  readonly seen: SeenRequest[] = []
  /** Who gives out its tokens; another one may take over. */
  authorizationServer: AuthorizationServer
  /** True: it speaks the revisions with sessions, and no other. */
  isLegacy = false
  /** It fails, with what it was sent in its error. */
  isEcho = false
  /** Tokens are refused, good or not. */
  refusesAll = false
  readonly #server: ServerType
  readonly #sessions = new Map<string, WebStandardStreamableHTTPServerTransport>()

  private constructor(server: ServerType, port: number, authorizationServer: AuthorizationServer) {
    this.#server = server
    this.url = `http://127.0.0.1:${port}/mcp`
    this.authorizationServer = authorizationServer
  }

  static async start(authorizationServer: AuthorizationServer): Promise<ProtectedServer> {
    let self: ProtectedServer | undefined
    const server = serve({
      fetch: (request) => self?.answer(request) ?? new Response(null, { status: 503 }),
      port: 0,
      hostname: '127.0.0.1',
      overrideGlobalObjects: false,
    })
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    self = new ProtectedServer(server, port, authorizationServer)
    return self
  }

  stop(): Promise<void> {
    const server = this.#server
    if ('closeAllConnections' in server) (server as http.Server).closeAllConnections()
    return new Promise((resolve) => void server.close(() => resolve()))
  }

  async answer(request: Request): Promise<Response> {
    const { origin, pathname } = new URL(request.url)
    if (pathname === '/.well-known/oauth-protected-resource/mcp')
      return Response.json({
        resource: this.url,
        authorization_servers: [this.authorizationServer.issuer],
        scopes_supported: ['read', 'write'],
      })
    if (pathname !== '/mcp') return new Response(null, { status: 404 })
    const text = request.method === 'POST' ? await request.clone().text() : ''
    const token = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1]
    const holder =
      token === undefined || this.refusesAll
        ? undefined
        : await this.authorizationServer.inspect(token, this.url)
    this.seen.push({
      token,
      session: request.headers.get('mcp-session-id') ?? undefined,
      account: holder?.account,
      method: /"method":"([^"]+)"/.exec(text)?.[1],
    })
    const metadata = `resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`
    if (holder === undefined) return refusal(401, `Bearer ${metadata}, scope="read"`)
    if (this.isEcho) return new Response(`you said Bearer ${token}, ${token}`, { status: 500 })
    if (text.includes('"name":"write"') && !holder.scopes.includes('write'))
      return refusal(403, `Bearer error="insufficient_scope", scope="write", ${metadata}`)
    return this.#serve(request, holder)
  }

  async #serve(request: Request, holder: TokenHolder): Promise<Response> {
    const id = request.headers.get('mcp-session-id')
    const known = id === null ? undefined : this.#sessions.get(id)
    if (known) return known.handleRequest(request)
    if (!this.isLegacy && !(await isLegacyRequest(request)))
      return createMcpHandler(() => tools(holder), { legacy: 'reject' }).fetch(request)
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      enableJsonResponse: true,
      onsessioninitialized: (session) => void this.#sessions.set(session, transport),
    })
    await tools(holder).connect(transport)
    return transport.handleRequest(request)
  }
}

function tools(holder: TokenHolder): McpServer {
  const server = new McpServer({ name: 'protected', version: '1.0.0' })
  const text = (it: string) => ({ content: [{ type: 'text' as const, text: it }] })
  server.registerTool('whoami', { description: 'Who is signed in' }, () => text(holder.account))
  server.registerTool('write', { description: 'Writes' }, () => text(`${holder.account} wrote`))
  return server
}

function refusal(status: number, challenge: string): Response {
  return new Response('{"error":"no"}', {
    status,
    headers: { 'www-authenticate': challenge, 'content-type': 'application/json' },
  })
}
