import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { Caller, Era } from '../mcp/caller.ts'
import { capabilitySignature } from '../mcp/client-capability.ts'
import type { Envelope } from '../mcp/envelope.ts'
import { member, slice, stringAt } from '../mcp/json-spans.ts'
import { changedLists, fetchListing, isListMethod, listItems, listMethods } from '../mcp/listing.ts'
import type { Listing, ListMethod } from '../mcp/listing.ts'
import type { ListingStore } from '../mcp/listing-store.ts'
import { allowedTools } from '../mcp/tool-filter.ts'
import type { ToolGate } from '../mcp/tool-filter.ts'
import type { ServerLog } from '../telemetry/server-log.ts'
import type { Clock } from './clock.ts'
import type { Instance } from './instance.ts'
import { askInstance, ownRequestTimeoutMs } from './own-request.ts'
import type { Placement } from './placement.ts'
import type { Preparation } from './preparation.ts'
import type { Slot } from './slot.ts'

interface Options {
  serverId: string
  preparation: Preparation
  placement: Placement
  store: ListingStore
  clock: Clock
  log: () => ServerLog
  /** See ServerEvents.listsChanged. */
  changed: (owner: Caller | undefined, methods: readonly ListMethod[], isFirst: boolean) => void
}

/** What is known of a server is kept for so many kinds of clients. */
const maxListings = 8

/** After this a server that spoke the legacy era is asked again. */
const legacyVerdictMs = 7 * 24 * 3_600_000

const allLists = Object.keys(listMethods).filter(isListMethod)

/** What a server's lists are, as far as known, and how that is kept up to date (product 3, "Answers without a process"). */
export class ServerLists {
  readonly #options: Options

  constructor(options: Options) {
    this.#options = options
  }

  /** As this caller would see it: what its instance has listed, or, without a process, what is kept. */
  known(caller: Caller): Listing | undefined {
    const { placement, preparation } = this.#options
    const slot = placement.of(caller)
    const wantsOwn = placement.wantsOwn(caller)
    if (slot.listing && wantsOwn === (slot !== placement.shared)) return slot.listing
    const signature = wantsOwn
      ? capabilitySignature(caller.capabilities)
      : placement.shared.signature
    return preparation.current?.knowledge.listings.get(signature)
  }

  /** A list of it, as `access` filters it, and the era of who wrote it; undefined if it is not known. */
  knownList(
    caller: Caller,
    method: ListMethod,
    access: ToolGate | undefined,
  ): { result: Buffer; era: Era } | undefined {
    const listing = this.known(caller)
    const result = listing?.lists[method]
    if (!listing || !result) return undefined
    const { era } = listing.greeting
    const isFiltered = access !== undefined && method === 'tools/list'
    return { result: isFiltered ? allowedTools(access, result) : result, era }
  }

  /** What is known, if there is nothing to be waited for: no fetch under way, no server that hides its changes. */
  upToDate(caller: Caller): Listing | undefined {
    const { instance, lists } = this.#options.placement.of(caller)
    const isDue = instance?.phase === 'ready' && (lists.isUnderWay || lists.isMute)
    return isDue ? undefined : this.known(caller)
  }

  /**
   * From an instance that is up: after the fetch that is under way or due. `isNew`: it was started for this, and is
   * being asked anyway. Rejects with GatewayError.
   */
  async fetched(caller: Caller, slot: Slot, instance: Instance, isNew: boolean): Promise<Listing> {
    const { lists } = slot
    const isUnknown = !lists.isUnderWay && !this.known(caller)
    if (isUnknown || (lists.isMute && !isNew)) this.refresh(slot, instance)
    await lists.settled()
    const listing = this.known(caller)
    if (listing) return listing
    const { serverId } = this.#options
    throw new GatewayError(
      'server_failed',
      `${serverId} did not give its lists. ${instance.failure?.message ?? 'Its log has more.'}`,
    )
  }

  refresh(slot: Slot, instance: Instance, announced: readonly ListMethod[] = []): void {
    slot.lists.begin(instance, (it, told) => this.#fetch(slot, it, told), announced)
  }

  /** A notification of the server: if it says that a list has changed, the list is fetched. */
  heard(slot: Slot, { method }: Envelope): void {
    const changed = /^notifications\/(tools|prompts|resources)\/list_changed$/.exec(method)?.[1]
    if (changed === undefined || slot.instance?.phase !== 'ready') return
    const announced = allLists.filter((list) => list.startsWith(changed))
    this.refresh(slot, slot.instance, announced)
  }

  /** The server was seen to ask clients for this: `isolation: auto` goes by it from now on. */
  remember(method: string): void {
    const { current } = this.#options.preparation
    if (!current || current.knowledge.asked.has(method)) return
    current.knowledge.asked.add(method)
    void this.#options.store.save(current.resolved.fingerprint, current.knowledge)
  }

  /** The era that the server is known to speak; a verdict of legacy expires, since servers learn. */
  era(): Era | undefined {
    const { clock, preparation } = this.#options
    const known = preparation.current?.knowledge.era
    if (!known) return undefined
    const isStale = clock.wall() - known.at > legacyVerdictMs
    return known.era === 'legacy' && isStale ? undefined : known.era
  }

  /** Undefined: it is to be found out anew. */
  rememberEra(era: Era | undefined): void {
    const { clock, preparation, store } = this.#options
    const { current } = preparation
    if (!current || this.era() === era) return
    current.knowledge.era = era && { era, at: clock.wall() }
    void store.save(current.resolved.fingerprint, current.knowledge)
  }

  /** `inputSchema` of a tool (JSON) that asks for headers, as far as it is known: for this slot, else for any other. */
  toolSchema(name: string, slot: Slot): Buffer | undefined {
    const listings = this.#options.preparation.current?.knowledge.listings
    if (!listings) return undefined
    const own = listings.get(slot.signature)
    for (const listing of own ? [own] : listings.values()) {
      const list = listing.lists['tools/list']
      // Looked at for each call: most servers ask for no headers.
      if (!list?.includes('x-mcp-header')) continue
      for (const tool of listItems(list, 'tools/list')) {
        const whole = { start: 0, end: tool.length }
        if (stringAt(tool, member(tool, whole, 'name')) !== name) continue
        const schema = member(tool, whole, 'inputSchema')
        return schema && slice(tool, schema)
      }
    }
    return undefined
  }

  async #fetch(slot: Slot, instance: Instance, announced: ReadonlySet<ListMethod>): Promise<void> {
    const { clock, log, placement, preparation, store } = this.#options
    const { greeting } = instance
    const { current } = preparation
    if (!greeting || !current) return
    const { knowledge, resolved } = current
    try {
      const listing = await fetchListing(greeting, (method, params) =>
        askInstance(instance, clock, method, params, ownRequestTimeoutMs),
      )
      const before = slot.listing ?? knowledge.listings.get(slot.signature)
      slot.listed = { by: instance, listing }
      // The youngest last: the oldest is what is given up.
      knowledge.listings.delete(slot.signature)
      knowledge.listings.set(slot.signature, listing)
      for (const signature of knowledge.listings.keys()) {
        if (knowledge.listings.size <= maxListings) break
        if (signature !== placement.shared.signature) knowledge.listings.delete(signature)
      }
      const changes = changedLists(before, listing)
      const sameGreeting = before?.greeting.result.equals(greeting.result) ?? false
      if (changes.length > 0 || !sameGreeting) void store.save(resolved.fingerprint, knowledge)
      const news = changes.filter((method) => !announced.has(method))
      if (news.length > 0) this.#options.changed(slot.owner, news, before === undefined)
    } catch (error) {
      const why = asGatewayError(error).message
      log().append('lifecycle', `Its lists could not be read. ${why}`)
    }
  }
}
