import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { GatewayError } from '../../src-shared/errors.ts'
import type { Clock } from '../servers/clock.ts'
import type { Server } from '../servers/server.ts'
import type { Caller, Era } from './caller.ts'
import { capabilitySignature } from './client-capability.ts'
import { jsonBytes, member, spliced, stringAt } from './json-spans.ts'
import type { Edit, Span } from './json-spans.ts'
import { legacyTool } from './era-bridge.ts'
import { listItems, listMethods } from './listing.ts'
import type { Listing, ListMethod } from './listing.ts'
import { aggregateName, aggregateUri, namePrefix } from './names.ts'
import { visibleTo } from './server-directory.ts'
import type { ServerDirectory } from './server-directory.ts'

/** One item of an aggregate list. */
interface Item {
  /** What clients call it here. */
  exposed: string
  target: Target
  /** Whole (JSON), with the exposed name in place. */
  json: Buffer
  /** The same for a client of the legacy era. */
  legacyJson: Buffer
}

export interface Target {
  serverId: string
  /** The server's own name. */
  name: string
}

/** A server that was never listed is waited for this long, once; its lists join later with `list_changed`. */
const firstListWaitMs = 5_000
/** Servers started at once for their first list. */
const maxFirstStarts = 4
const pageSize = 500
/** Names of tools that are no more are forgotten, with all others, when there are this many. */
const maxTargets = 100_000

const nameMember: Record<ListMethod, string> = {
  'tools/list': 'name',
  'prompts/list': 'name',
  'resources/list': 'uri',
  'resources/templates/list': 'uriTemplate',
}

/** The lists of all servers as one: names made unique, pages across servers, one bad server delays nobody. */
export class AggregateLists {
  readonly #directory: ServerDirectory
  readonly #clock: Clock
  readonly #cursorKey = randomBytes(32)
  /** Exposed name → server and own name. Names are never split. */
  readonly #targets = {
    'tools/list': new Map<string, Target>(),
    'prompts/list': new Map<string, Target>(),
  }
  /** What was made of a list, by the list as it is kept: it changes as a whole. */
  readonly #items = new WeakMap<Buffer, readonly Item[]>()
  /** Lists that were asked for, by what the caller can do: many callers wait for one answer. */
  readonly #asking = new WeakMap<Server, Map<string, Promise<Listing>>>()
  /** Servers that were waited for in vain. */
  readonly #late = new WeakSet<Server>()
  /** Servers that were left out of a list that somebody has got. */
  readonly #missed = new WeakSet<Server>()
  #starting = 0
  readonly #queue: (() => void)[] = []

  constructor(directory: ServerDirectory, clock: Clock) {
    this.#directory = directory
    this.#clock = clock
  }

  /** One page (a whole result, JSON). Rejects with GatewayError `invalid_params` for a cursor that is not ours. */
  async page(caller: Caller, method: ListMethod, cursor: string | undefined): Promise<Buffer[]> {
    const after = cursor === undefined ? undefined : this.#readCursor(method, cursor)
    const { items, hints } = await this.#all(caller, method)
    let from = 0
    if (after) {
      const at = items.findIndex((item) => item.exposed === after.exposed)
      from = at < 0 ? Math.min(after.position, items.length) : at + 1
    }
    const page = items.slice(from, from + pageSize)
    const last = page.at(-1)
    const more = last !== undefined && from + page.length < items.length
    const start = caller.era === 'modern' ? `{"resultType":"complete",${hints},` : '{'
    const chunks: Buffer[] = [Buffer.from(`${start}"${listMethods[method].key}":[`)]
    for (const [i, item] of page.entries()) {
      if (i > 0) chunks.push(Buffer.from(','))
      chunks.push(caller.era === 'legacy' ? item.legacyJson : item.json)
    }
    const next = more
      ? `],"nextCursor":${JSON.stringify(this.#cursor(method, last.exposed, from + page.length))}}`
      : ']}'
    chunks.push(Buffer.from(next))
    return chunks
  }

  /**
   * Which server has the tool or prompt of this name; undefined if none has. Servers that were never listed are
   * started if the name can be theirs. Rejects with GatewayError if such a server fails.
   */
  async target(
    caller: Caller,
    method: 'tools/list' | 'prompts/list',
    exposed: string,
  ): Promise<Target | undefined> {
    const known = this.knownTarget(caller, method, exposed)
    if (known) return known
    const servers = this.#enabled(caller).filter((server) =>
      exposed.startsWith(namePrefix(server.id)),
    )
    const listings = await Promise.allSettled(servers.map((server) => this.#ask(server, caller)))
    this.#join(
      caller,
      servers,
      listings.map((it) => (it.status === 'fulfilled' ? it.value : undefined)),
      method,
    )
    const found = this.knownTarget(caller, method, exposed)
    if (found) return found
    for (const it of listings) if (it.status === 'rejected') throw it.reason
    return undefined
  }

  /** Without waiting; undefined if the name was not listed yet. */
  knownTarget(
    caller: Pick<Caller, 'permissions'>,
    method: 'tools/list' | 'prompts/list',
    exposed: string,
  ): Target | undefined {
    const target = this.#targets[method].get(exposed)
    return target && visibleTo(caller, this.#directory).get(target.serverId) ? target : undefined
  }

  #enabled(caller: Caller): Server[] {
    return visibleTo(caller, this.#directory)
      .all()
      .filter((server) => server.definition.enabled)
  }

  /** All items that this caller sees, in the order of the catalog and then of each server. */
  async #all(caller: Caller, method: ListMethod): Promise<{ items: Item[]; hints: string }> {
    const servers = this.#enabled(caller)
    const listings = await Promise.all(servers.map((server) => this.#listing(server, caller)))
    for (const [i, server] of servers.entries()) if (!listings[i]) this.#missed.add(server)
    const hints = cacheHints(listings, method, caller.permissions?.isLimited === true)
    return { items: this.#join(caller, servers, listings, method), hints }
  }

  /** True if somebody has got a list without this server and was not told since that there is another. */
  takeMissed(server: Server): boolean {
    return this.#missed.delete(server)
  }

  /** Where two servers come to the same name, the first in the catalog has it, in lists and in calls. */
  #join(
    caller: Caller,
    servers: readonly Server[],
    listings: readonly (Listing | undefined)[],
    method: ListMethod,
  ): Item[] {
    const targets =
      method === 'tools/list' || method === 'prompts/list' ? this.#targets[method] : undefined
    if (targets && targets.size > maxTargets) targets.clear()
    const items = new Map<string, Item>()
    const isLimited = caller.permissions?.isLimited === true
    for (const [i, server] of servers.entries()) {
      const listing = listings[i]
      const list = listing?.lists[method]
      if (!list) continue
      for (const item of this.#itemsOf(server.id, list, method, listing.greeting.era)) {
        if (method === 'tools/list' && !server.allowsTool(item.target.name, caller)) continue
        if (items.has(item.exposed)) continue
        items.set(item.exposed, item)
        // Who does not see the first of two servers must not give the name to the second for all others.
        if (!isLimited || !targets?.has(item.exposed)) targets?.set(item.exposed, item.target)
      }
    }
    return [...items.values()]
  }

  #itemsOf(serverId: string, list: Buffer, method: ListMethod, era: Era): readonly Item[] {
    const made = this.#items.get(list)
    if (made) return made
    const isUri = method !== 'tools/list' && method !== 'prompts/list'
    const items: Item[] = []
    for (const raw of listItems(list, method)) {
      const whole = { start: 0, end: raw.length }
      const at = member(raw, whole, nameMember[method])
      const name = stringAt(raw, at)
      if (at === undefined || name === undefined) continue
      const exposed = isUri ? aggregateUri(serverId, name) : aggregateName(serverId, name)
      const edits = [{ ...at, text: jsonBytes(exposed) }]
      if (method === 'tools/list') edits.push(...uiEdits(raw, whole, serverId))
      // Cut out of the listing, so that nothing of this holds another buffer in memory.
      const json = spliced(raw, edits)
      const legacyJson = era === 'modern' && method === 'tools/list' ? legacyTool(json) : json
      items.push({ exposed, target: { serverId, name }, json, legacyJson })
    }
    this.#items.set(list, items)
    return items
  }

  /** What is known now if the server keeps others waiting. */
  async #listing(server: Server, caller: Caller): Promise<Listing | undefined> {
    if (!server.prepared) await server.prepare()
    const asking = this.#ask(server, caller)
    if (!this.#late.has(server)) {
      const listing = await this.#within(firstListWaitMs, asking)
      if (listing) return listing
      this.#late.add(server)
    }
    return server.known(caller)
  }

  /** The lists of one server, however long it takes. */
  #ask(server: Server, caller: Caller): Promise<Listing> {
    let asked = this.#asking.get(server)
    if (!asked) this.#asking.set(server, (asked = new Map<string, Promise<Listing>>()))
    const key = capabilitySignature(caller.capabilities)
    const existing = asked.get(key)
    if (existing) return existing
    const asking = (
      server.known(caller) ? server.listing(caller) : this.#firstListing(server, caller)
    ).then((listing) => {
      this.#late.delete(server)
      return listing
    })
    asked.set(key, asking)
    const forget = (): void => void asked.delete(key)
    asking.then(forget, forget)
    return asking
  }

  async #firstListing(server: Server, caller: Caller): Promise<Listing> {
    if (this.#starting >= maxFirstStarts)
      await new Promise<void>((resolve) => this.#queue.push(resolve))
    this.#starting++
    const listing = server.listing(caller)
    // A server that hangs does not keep the others from being started.
    void this.#within(firstListWaitMs, listing).then(() => {
      this.#starting--
      this.#queue.shift()?.()
    })
    return listing
  }

  /** Undefined if it takes longer or fails: one bad server does not spoil the list. */
  #within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve) => {
      const stop = this.#clock.after(ms, () => resolve(undefined))
      const settle = (value: T | undefined): void => {
        stop()
        resolve(value)
      }
      promise.then(settle, () => settle(undefined))
    })
  }

  #cursor(method: ListMethod, exposed: string, position: number): string {
    const body = Buffer.from(JSON.stringify([method, exposed, position]))
    return `${body.toString('base64url')}.${this.#sign(body).toString('base64url')}`
  }

  #readCursor(method: ListMethod, cursor: string): { exposed: string; position: number } {
    const [text = '', signature = ''] = cursor.split('.')
    const body = Buffer.from(text, 'base64url')
    const given = Buffer.from(signature, 'base64url')
    const right = this.#sign(body)
    if (given.length === right.length && timingSafeEqual(given, right)) {
      const value: unknown = JSON.parse(body.toString())
      if (
        Array.isArray(value) &&
        value[0] === method &&
        typeof value[1] === 'string' &&
        typeof value[2] === 'number'
      )
        return { exposed: value[1], position: value[2] }
    }
    throw new GatewayError('invalid_params', 'Invalid cursor. Start again without one.')
  }

  #sign(body: Buffer): Buffer {
    return createHmac('sha256', this.#cursorKey).update(body).digest().subarray(0, 16)
  }
}

/** `ttlMs` and `cacheScope` of the parts together: the shortest, and private if one is, or if they are one client's (2026-07-28 server/utilities/caching). */
function cacheHints(
  listings: readonly (Listing | undefined)[],
  method: ListMethod,
  isPersonal: boolean,
): string {
  let ttl = listings.length === 0 ? 0 : Infinity
  let isPublic = listings.length > 0 && !isPersonal
  for (const listing of listings) {
    const list = listing?.lists[method]
    if (listing && !list) continue
    const whole = { start: 0, end: list?.length ?? 0 }
    const ttlAt = list && member(list, whole, 'ttlMs')
    ttl = Math.min(
      ttl,
      list && ttlAt ? Number(list.toString('latin1', ttlAt.start, ttlAt.end)) || 0 : 0,
    )
    isPublic &&=
      list !== undefined && stringAt(list, member(list, whole, 'cacheScope')) === 'public'
  }
  const ttlMs = Number.isFinite(ttl) ? Math.max(0, Math.floor(ttl)) : 0
  return `"ttlMs":${ttlMs},"cacheScope":"${isPublic ? 'public' : 'private'}"`
}

/** The page of a tool (MCP Apps) is a resource of its server: `_meta.ui.resourceUri`, once `_meta["ui/resourceUri"]`. */
function uiEdits(tool: Buffer, whole: Span, serverId: string): Edit[] {
  const meta = member(tool, whole, '_meta')
  if (!meta) return []
  const places = [
    member(tool, member(tool, meta, 'ui'), 'resourceUri'),
    member(tool, meta, 'ui/resourceUri'),
  ]
  return places.flatMap((at) => {
    const uri = stringAt(tool, at)
    return at && uri !== undefined ? [{ ...at, text: jsonBytes(aggregateUri(serverId, uri)) }] : []
  })
}
