import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { GatewayError } from '../../src-shared/errors.ts'
import type { Clock } from '../servers/clock.ts'
import type { Server } from '../servers/server.ts'
import type { Caller } from './caller.ts'
import { jsonBytes, member, spliced, stringAt } from './json-spans.ts'
import { listItems, listMethods } from './listing.ts'
import type { Listing, ListMethod } from './listing.ts'
import { aggregateName, aggregateUri } from './names.ts'
import type { ServerDirectory } from './server-directory.ts'

/** One item of an aggregate list. */
interface Item {
  /** What clients call it here. */
  exposed: string
  /** Whole (JSON), with the exposed name in place. */
  json: Buffer
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
  /** Servers that were waited for in vain. */
  readonly #late = new WeakSet<Server>()
  #starting = 0
  readonly #queue: (() => void)[] = []

  constructor(directory: ServerDirectory, clock: Clock) {
    this.#directory = directory
    this.#clock = clock
  }

  /** One page (a whole result, JSON). Rejects with GatewayError `invalid_params` for a cursor that is not ours. */
  async page(caller: Caller, method: ListMethod, cursor: string | undefined): Promise<Buffer[]> {
    const after = cursor === undefined ? undefined : this.#readCursor(method, cursor)
    const items = await this.items(caller, method)
    let from = 0
    if (after) {
      const at = items.findIndex((item) => item.exposed === after.exposed)
      from = at < 0 ? Math.min(after.position, items.length) : at + 1
    }
    const page = items.slice(from, from + pageSize)
    const last = page.at(-1)
    const more = last !== undefined && from + page.length < items.length
    const chunks: Buffer[] = [Buffer.from(`{"${listMethods[method].key}":[`)]
    for (const [i, item] of page.entries()) {
      if (i > 0) chunks.push(Buffer.from(','))
      chunks.push(item.json)
    }
    const next = more
      ? `],"nextCursor":${JSON.stringify(this.#cursor(method, last.exposed, from + page.length))}}`
      : ']}'
    chunks.push(Buffer.from(next))
    return chunks
  }

  /** All items that this caller sees, in the order of the catalog and then of each server. */
  async items(caller: Caller, method: ListMethod): Promise<Item[]> {
    const servers = this.#directory.all().filter((server) => server.definition.enabled)
    const parts = await Promise.all(
      servers.map(async (server) => {
        const listing = await this.#listing(server, caller)
        return listing ? this.#itemsOf(server, listing, method) : []
      }),
    )
    const seen = new Set<string>()
    return parts.flat().filter(({ exposed }) => !seen.has(exposed) && seen.add(exposed))
  }

  /** Which server has the tool or prompt of this name; asks servers that were never listed if it must be theirs. */
  async target(
    caller: Caller,
    method: 'tools/list' | 'prompts/list',
    exposed: string,
  ): Promise<Target | undefined> {
    const known = this.knownTarget(method, exposed)
    if (known) return known
    await this.items(caller, method)
    return this.#targets[method].get(exposed)
  }

  /** Without waiting; undefined if the name was not listed yet. */
  knownTarget(method: 'tools/list' | 'prompts/list', exposed: string): Target | undefined {
    const target = this.#targets[method].get(exposed)
    return target && this.#directory.get(target.serverId) ? target : undefined
  }

  #itemsOf(server: Server, listing: Listing, method: ListMethod): Item[] {
    const items: Item[] = []
    for (const raw of listItems(listing, method)) {
      const whole = { start: 0, end: raw.length }
      const at = member(raw, whole, nameMember[method])
      const name = stringAt(raw, at)
      if (at === undefined || name === undefined) continue
      if (method === 'tools/list' && !server.allowsTool(name)) continue
      const isUri = method !== 'tools/list' && method !== 'prompts/list'
      const exposed = isUri ? aggregateUri(server.id, name) : aggregateName(server.id, name)
      if (!isUri) this.#targets[method].set(exposed, { serverId: server.id, name })
      items.push({ exposed, json: spliced(raw, [{ ...at, text: jsonBytes(exposed) }]) })
    }
    return items
  }

  async #listing(server: Server, caller: Caller): Promise<Listing | undefined> {
    await server.prepare()
    const known = server.known(caller)
    const asking = known ? server.listing(caller) : this.#firstListing(server, caller)
    asking.catch(() => {})
    if (this.#late.has(server) && !known) return undefined
    const listing = await this.#within(firstListWaitMs, asking)
    if (listing) {
      this.#late.delete(server)
      return listing
    }
    this.#late.add(server)
    return known
  }

  async #firstListing(server: Server, caller: Caller): Promise<Listing> {
    if (this.#starting >= maxFirstStarts)
      await new Promise<void>((resolve) => this.#queue.push(resolve))
    this.#starting++
    try {
      return await server.listing(caller)
    } finally {
      this.#starting--
      this.#queue.shift()?.()
    }
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
