import type { ListMethod } from '../mcp/listing.ts'
import { declares } from '../mcp/server-capability.ts'
import type { ServerGreeting } from '../mcp/upstream.ts'
import type { Clock } from './clock.ts'
import type { Instance } from './instance.ts'

/** Fetches the lists of an instance once; never rejects. `announced`: lists whose change the server has told itself. */
export type FetchLists = (instance: Instance, announced: ReadonlySet<ListMethod>) => Promise<void>

/** Fetches within this time of each other are a streak; beyond a few they are spaced out, more and more. */
const streakMs = 1_000
const maxPauseMs = 2_000

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
  readonly #clock: Clock
  #run: Run | undefined
  #lastEnd = -Infinity
  #streak = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

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
    run.done = this.#pause().then(async () => {
      await fetch(instance, announced)
      // A newer instance's may be under way by now.
      if (this.#run !== run) return
      this.#run = undefined
      this.#lastEnd = this.#clock.now()
      if (run.again && instance.phase === 'ready') this.#start(instance, fetch, run.again)
    })
  }

  /** A server that calls its lists changed whenever they are read must not keep both of us busy. */
  async #pause(): Promise<void> {
    this.#streak = this.#clock.now() - this.#lastEnd < streakMs ? this.#streak + 1 : 0
    if (this.#streak < 4) return
    const ms = Math.min(maxPauseMs, 100 * 2 ** (this.#streak - 4))
    await new Promise<void>((resolve) => this.#clock.after(ms, resolve))
  }
}

/** True unless it has a list whose changes it does not tell. */
export function saysListChanged(greeting: ServerGreeting): boolean {
  const { capabilities } = greeting
  return (['tools', 'prompts', 'resources'] as const).every(
    (name) => capabilities[name] === undefined || declares(capabilities, name, 'listChanged'),
  )
}
