import type { ListMethod } from '../mcp/listing.ts'
import type { ServerGreeting } from '../mcp/upstream.ts'
import type { Instance } from './instance.ts'

/** Fetches the lists of an instance once; never rejects. `announced`: lists whose change the server has told itself. */
export type FetchLists = (instance: Instance, announced: ReadonlySet<ListMethod>) => Promise<void>

interface Run {
  instance: Instance
  done: Promise<void>
  /** Asked for while it was under way: the lists may have changed after they were read. */
  again: Set<ListMethod> | undefined
}

/** Keeps what is known of a slot's lists up to date: one fetch at a time, and one more if they changed meanwhile. */
export class ListingRefresh {
  /** The server does not say when its lists change, so they are fetched at each request for all. */
  isMute = false
  #run: Run | undefined

  get isUnderWay(): boolean {
    return this.#run !== undefined
  }

  begin(instance: Instance, fetch: FetchLists, announced: readonly ListMethod[] = []): void {
    if (this.#run?.instance === instance)
      this.#run.again = new Set([...(this.#run.again ?? []), ...announced])
    else this.#start(instance, fetch, new Set(announced))
  }

  /** Resolves when what is known is as fresh as it gets. */
  async settled(): Promise<void> {
    while (this.#run) await this.#run.done
  }

  #start(instance: Instance, fetch: FetchLists, announced: ReadonlySet<ListMethod>): void {
    const run: Run = { instance, again: undefined, done: Promise.resolve() }
    this.#run = run
    run.done = fetch(instance, announced).then(() => {
      // A newer instance's may be under way by now.
      if (this.#run !== run) return
      this.#run = undefined
      if (run.again && instance.phase === 'ready') this.#start(instance, fetch, run.again)
    })
  }
}

/** True unless it has a list whose changes it does not tell. */
export function saysListChanged(greeting: ServerGreeting): boolean {
  return ['tools', 'prompts', 'resources'].every((name) => {
    const capability = greeting.capabilities[name]
    if (capability === undefined) return true
    return (
      typeof capability === 'object' &&
      capability !== null &&
      'listChanged' in capability &&
      capability.listChanged === true
    )
  })
}
