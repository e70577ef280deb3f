import type { Duplex } from 'node:stream'
import type { Engine } from './engine.ts'
import { EngineError } from './engine-failure.ts'

/** The default of `docker stop` is ten seconds; a server that has lost its input needs none. */
const defaultInputMs = 2000
const defaultTermMs = 2000
/** An engine that is busy takes a moment to end what was killed. */
const killMs = 5000

/** How a container came to its end. */
export interface ContainerExit {
  how: 'exited' | 'out_of_memory' | 'removed' | 'engine_lost'
  /** Null where nobody could tell. */
  code: number | null
  /** What the engine says of a program that did not even start. */
  error: string
}

/** One container of ours, from its start to its removal. */
export class Container {
  readonly id: string
  readonly name: string
  /** Its input and output. */
  readonly stream: Duplex
  readonly engine: Engine
  /** Never rejects. */
  readonly exited: Promise<ContainerExit>
  #ending: Promise<boolean> | undefined
  readonly #abort = new AbortController()

  /** Of one that runs. */
  constructor(engine: Engine, id: string, name: string, stream: Duplex) {
    this.engine = engine
    this.id = id
    this.name = name
    this.stream = stream
    this.exited = this.#watch()
  }

  async #watch(): Promise<ContainerExit> {
    const outputEnd = new Promise<void>((resolve) => {
      this.stream.once('end', resolve)
      this.stream.once('close', resolve)
    })
    try {
      const code = await unlessRefused(this.engine.wait(this.id, outputEnd, this.#abort.signal))
      const facts = await unlessRefused(this.engine.inspect(this.id))
      if (facts === undefined || facts.State.Dead || facts.State.Status === 'removing')
        return { how: 'removed', code: code ?? null, error: '' }
      const how = facts.State.OOMKilled ? 'out_of_memory' : 'exited'
      return { how, code: code ?? null, error: facts.State.Error }
    } catch {
      return { how: 'engine_lost', code: null, error: '' }
    }
  }

  /**
   * Ends it: end of input and `inputMs`, SIGTERM and `termMs`, SIGKILL; then removes it, with its anonymous volumes.
   * False if the engine did not say that it is gone. Never rejects. Idempotent; later times are not heeded.
   */
  end(inputMs = defaultInputMs, termMs = defaultTermMs): Promise<boolean> {
    this.#ending ??= this.#end(inputMs, termMs)
    return this.#ending
  }

  async #end(inputMs: number, termMs: number): Promise<boolean> {
    this.stream.end()
    let isGone = false
    try {
      if (!(await this.#exitsWithin(inputMs))) {
        await this.engine.kill(this.id, 'SIGTERM')
        if (!(await this.#exitsWithin(termMs))) {
          await this.engine.kill(this.id, 'SIGKILL')
          await this.#exitsWithin(killMs)
        }
      }
      isGone = await this.engine.remove(this.id)
    } catch {
      // The engine is gone: what it leaves is removed when it is back.
    }
    this.#abort.abort()
    this.stream.destroy()
    return isGone
  }

  async #exitsWithin(ms: number): Promise<boolean> {
    if (ms === 0) return false
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)))
    const isOver = await Promise.race([this.exited.then(() => true as const), late])
    clearTimeout(timer)
    return isOver
  }
}

/** An engine knows nothing of a container that is gone, and Podman may fail with one that is just being removed. */
async function unlessRefused<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof EngineError && error.failure === 'answer') return undefined
    throw error
  }
}
