import type { Caller, ClientCapabilities } from '../mcp/caller.ts'
import { capabilitySignature } from '../mcp/client-capability.ts'
import type { Listing } from '../mcp/listing.ts'
import type { Clock } from './clock.ts'
import type { Instance } from './instance.ts'
import { ListingRefresh } from './listing-refresh.ts'
import { Subscriptions } from './subscriptions.ts'

/** A place for one instance at a time: the one that all sessions share, or one session's own. */
export class Slot {
  instance: Instance | undefined
  /** What is declared to the server. */
  readonly capabilities: ClientCapabilities
  readonly owner: Caller | undefined
  /** Made when it is first needed: most servers of a large catalog are never used. */
  #signature: string | undefined
  readonly subscriptions = new Subscriptions()
  readonly lists: ListingRefresh
  /** What this instance itself has listed: another session's, of the same signature, may have other things to show. */
  listed: { by: Instance; listing: Listing } | undefined
  /** Of clock.now(), the last health check. */
  checkedAt = 0
  isBeingChecked = false
  /** A check is wanted whatever the interval. */
  isCheckDue = false
  /** The log level that the instance was told. */
  logLevel: string | undefined

  constructor(owner: Caller | undefined, capabilities: ClientCapabilities, clock: Clock) {
    this.lists = new ListingRefresh(clock)
    this.owner = owner
    this.capabilities = capabilities
  }

  /** Of what is declared; the server's lists are kept under it. */
  get signature(): string {
    this.#signature ??= capabilitySignature(this.capabilities)
    return this.#signature
  }

  /** What the instance that runs has listed. */
  get listing(): Listing | undefined {
    const { instance, listed } = this
    return listed && listed.by === instance && instance.phase === 'ready'
      ? listed.listing
      : undefined
  }
}
