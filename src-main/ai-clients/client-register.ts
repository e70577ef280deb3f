import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import path from 'node:path'
import type { ClientLimits } from '../../src-shared/client-access.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import type { ClientDirectory, Permissions } from '../mcp/client-permissions.ts'
import { ToolAccess } from '../mcp/tool-filter.ts'
import type { ToolGate } from '../mcp/tool-filter.ts'
import type { Log } from '../telemetry/log.ts'
import { readRegister, writeRegister } from './register-file.ts'
import type { RegisteredClient } from './register-file.ts'

/** Tells a token of ours that has ended from a key that is wrong. */
const tokenPrefix = 'mcpgw_'
/** How often it is written down that a client was seen. */
const seenEveryMs = 60_000
/** Clients that nobody has registered, kept for statistics. */
const maxStrangers = 500

interface Options {
  stateDir: string
  log: Log
  /** Wall clock, ms. */
  wall: () => number
}

/** Who holds a token. */
export interface TokenHolder {
  id: string
  name: string
  isRevoked: boolean
  /** Aborted when the token ends. */
  ended: AbortSignal
}

export interface ClientUse {
  requestCount: number
  errorCount: number
  /** ISO 8601. */
  lastSeen: string | null
}

export interface ClientFollower {
  /** Its limits are others. */
  limited(id: string): void
  /** It has no access any more, or has to come again with another token: its sessions and streams end. */
  ended(id: string): void
}

interface Known extends RegisteredClient {
  tokenHash: Buffer | undefined
  end: AbortController
}

/**
 * The AI clients that were given access, by token or by the name in their entry; what each may see; and who of them
 * has called. Kept in `client-access.json` of the state directory, 0600; tokens by their hashes alone.
 */
export class ClientRegister implements ClientDirectory {
  readonly #file: string
  readonly #log: Log
  readonly #wall: () => number
  readonly #clients = new Map<string, Known>()
  readonly #use = new Map<string, ClientUse>()
  readonly #followers = new Set<ClientFollower>()
  readonly #limits = new Map<string, CompiledLimits>()
  #writtenAt = 0

  /** Throws GatewayError if the file is there and cannot be read: without it, limits would be lost. */
  constructor({ stateDir, log, wall }: Options) {
    this.#file = path.join(stateDir, 'client-access.json')
    this.#log = log
    this.#wall = wall
    for (const client of readRegister(this.#file)) this.#put(client)
  }

  /** Who holds this token; undefined if it is none of ours. */
  find(token: string): TokenHolder | undefined {
    if (!token.startsWith(tokenPrefix)) return undefined
    const presented = hashOf(token)
    let found: Known | undefined
    // All are compared, whatever matched: the time tells nothing.
    for (const client of this.#clients.values())
      if (client.tokenHash && timingSafeEqual(client.tokenHash, presented)) found = client
    if (!found) return undefined
    if (found.revoked === null) this.#seen(found.id)
    const { id, name } = found
    return { id, name, isRevoked: found.revoked !== null, ended: found.end.signal }
  }

  /** True for what has the form of a token. */
  isToken(text: string): boolean {
    return text.startsWith(tokenPrefix)
  }

  refusal(id: string): GatewayError | undefined {
    const client = this.#clients.get(id)
    if (client === undefined || client.revoked === null) {
      this.#seen(id)
      return undefined
    }
    return revokedError(client)
  }

  permissions(id: string): Permissions {
    const limits = this.#limits
    return {
      client: id,
      get isLimited() {
        return limits.has(id)
      },
      allowsServer: (serverId) => limits.get(id)?.servers?.has(serverId) ?? true,
      toolsOf: (serverId) => limits.get(id)?.toolsOf(serverId),
      settled: (isError) => this.#settled(id, isError),
    }
  }

  /** Gives a client access, or gives it back. `withToken`: a new token, shown once; one from before ends at once. */
  grant(id: string, name: string, withToken: true): string
  grant(id: string, name: string, withToken: false): undefined
  grant(id: string, name: string, withToken: boolean): string | undefined {
    const before = this.#clients.get(id)
    const token = withToken ? tokenPrefix + randomBytes(32).toString('base64url') : undefined
    const wasRevoked = before !== undefined && before.revoked !== null
    const kept = wasRevoked ? null : (before?.token_sha256 ?? null)
    this.#put({
      id,
      name,
      created: new Date(this.#wall()).toISOString(),
      last_seen: before?.last_seen ?? null,
      revoked: null,
      token_sha256: token === undefined ? kept : hashOf(token).toString('hex'),
      limits: before?.limits ?? null,
    })
    this.#save(true)
    this.#log.info({ client: id, token: withToken }, 'A client was given access.')
    if (token !== undefined && before?.tokenHash) this.#tell('ended', id, before)
    return token
  }

  /** `null`: none. Also for one that nobody has registered: then it is known by its name. */
  setLimits(id: string, limits: ClientLimits | null): void {
    const before = this.#clients.get(id)
    const fresh = {
      id,
      name: id,
      created: null,
      last_seen: null,
      revoked: null,
      token_sha256: null,
    }
    this.#put({ ...(before ?? fresh), limits }, before?.end)
    this.#save(true)
    this.#log.info({ client: id, limited: limits !== null }, 'The limits of a client were changed.')
    this.#tell('limited', id)
  }

  /** Its token ends, and so do its sessions and streams; by its id it is known as before. */
  endToken(id: string): void {
    const client = this.#clients.get(id)
    if (!client?.tokenHash) return
    this.#put({ ...client, token_sha256: null })
    this.#save(true)
    this.#tell('ended', id, client)
  }

  /** Takes back what it has, if it has anything. */
  revokeKnown(id: string): void {
    if (this.#clients.has(id)) this.revoke(id)
  }

  /** Its token ends, and so do its sessions and streams, at once. Throws `not_found` for one that never had access. */
  revoke(id: string): void {
    const client = this.#clients.get(id)
    if (!client && !this.#use.has(id))
      throw new GatewayError('not_found', `There is no client '${id}'.`)
    const revoked = new Date(this.#wall()).toISOString()
    const fresh = { id, name: id, created: null, last_seen: null, token_sha256: null, limits: null }
    this.#put({ ...(client ?? fresh), revoked }, client?.end)
    this.#save(true)
    this.#log.info({ client: id }, 'The access of a client was revoked.')
    this.#tell('ended', id, this.#clients.get(id))
  }

  list(): RegisteredClient[] {
    return [...this.#clients.values()].map(plain)
  }

  /** Of every client that has called since the start, and when the others last did. */
  use(): Map<string, ClientUse> {
    const all = new Map(this.#use)
    for (const { id, last_seen } of this.#clients.values())
      if (!all.has(id)) all.set(id, { requestCount: 0, errorCount: 0, lastSeen: last_seen })
    return all
  }

  follow(follower: ClientFollower): void {
    this.#followers.add(follower)
  }

  /** Writes down who was seen last. */
  close(): void {
    if (this.#use.size > 0 && this.#clients.size > 0) this.#save(false)
  }

  #tell(what: keyof ClientFollower, id: string, client?: Known): void {
    for (const follower of this.#followers) follower[what](id)
    client?.end.abort()
  }

  #put(client: RegisteredClient, end = new AbortController()): void {
    const { token_sha256: hex, limits } = client
    const tokenHash = hex === null ? undefined : Buffer.from(hex, 'hex')
    this.#clients.set(client.id, { ...client, tokenHash, end })
    if (limits === null) this.#limits.delete(client.id)
    else this.#limits.set(client.id, new CompiledLimits(limits))
  }

  #useOf(id: string): ClientUse {
    const existing = this.#use.get(id)
    if (existing) return existing
    if (this.#use.size >= maxStrangers)
      for (const other of this.#use.keys())
        if (!this.#clients.has(other)) {
          this.#use.delete(other)
          break
        }
    const use: ClientUse = { requestCount: 0, errorCount: 0, lastSeen: null }
    this.#use.set(id, use)
    return use
  }

  #settled(id: string, isError: boolean): void {
    const use = this.#useOf(id)
    use.requestCount++
    if (isError) use.errorCount++
  }

  #seen(id: string): void {
    const now = this.#wall()
    const use = this.#useOf(id)
    use.lastSeen = new Date(now).toISOString()
    const client = this.#clients.get(id)
    if (!client) return
    client.last_seen = use.lastSeen
    if (now - this.#writtenAt >= seenEveryMs) this.#save(false)
  }

  /** `mustHold`: a change that was asked for; else what is lost does no harm. Throws GatewayError. */
  #save(mustHold: boolean): void {
    this.#writtenAt = this.#wall()
    try {
      writeRegister(this.#file, this.list(), mustHold)
    } catch (error) {
      if (mustHold) throw error
      this.#log.warn({ error }, 'It could not be written down which clients were seen.')
    }
  }
}

/** For whoever comes with a name or a token that was taken back. */
export function revokedError({ id, name }: { id: string; name: string }): GatewayError {
  const who = name === id ? `'${id}'` : `'${name}' (${id})`
  return new GatewayError(
    'forbidden',
    `The client ${who} was disconnected from this gateway. Connect it again in the gateway, then restart the client.`,
  )
}

class CompiledLimits {
  readonly servers: ReadonlySet<string> | undefined
  readonly #tools: ToolAccess | undefined
  readonly #gates = new Map<string, ToolGate>()

  constructor({ servers, tools }: ClientLimits) {
    this.servers = servers && new Set(servers)
    this.#tools = tools && ToolAccess.of(tools)
  }

  toolsOf(serverId: string): ToolGate | undefined {
    const tools = this.#tools
    if (!tools) return undefined
    let gate = this.#gates.get(serverId)
    if (!gate) {
      gate = { isPersonal: true, allows: (tool) => tools.allows(`${serverId}__${tool}`) }
      this.#gates.set(serverId, gate)
    }
    return gate
  }
}

function plain({ tokenHash: _hash, end: _end, ...client }: Known): RegisteredClient {
  return client
}

function hashOf(token: string): Buffer {
  return hash('sha256', token, 'buffer')
}
