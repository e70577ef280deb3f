import type { Caller } from '../mcp/caller.ts'

/** Who follows which resource of a shared instance. Upstream there is one subscription for all. */
export class Subscriptions {
  readonly #byUri = new Map<string, Set<Caller>>()

  get size(): number {
    return this.#byUri.size
  }

  uris(): string[] {
    return [...this.#byUri.keys()]
  }

  has(uri: string): boolean {
    return this.#byUri.has(uri)
  }

  add(uri: string, caller: Caller): void {
    const callers = this.#byUri.get(uri)
    if (callers) callers.add(caller)
    else this.#byUri.set(uri, new Set([caller]))
  }

  /** True if nobody follows the resource any longer. */
  remove(uri: string, caller: Caller): boolean {
    const callers = this.#byUri.get(uri)
    if (!callers?.delete(caller)) return false
    if (callers.size > 0) return false
    return this.#byUri.delete(uri)
  }

  /** The uris that nobody follows any longer. */
  forget(caller: Caller): string[] {
    return this.uris().filter((uri) => this.remove(uri, caller))
  }

  /** Also true for what is part of a resource that it follows (2025-11-25 server/resources, resources/updated). */
  follows(uri: string, caller: Caller): boolean {
    if (this.#byUri.get(uri)?.has(caller)) return true
    for (const [whole, callers] of this.#byUri)
      if (callers.has(caller) && uri.startsWith(whole.endsWith('/') ? whole : `${whole}/`))
        return true
    return false
  }
}
