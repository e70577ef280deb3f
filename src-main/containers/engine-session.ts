import type { Log } from '../telemetry/log.ts'
import { labels } from './container-labels.ts'
import type { ContainerRecords } from './container-records.ts'
import type { EngineAddress } from './engine-address.ts'
import { Engine } from './engine.ts'
import { Images } from './images.ts'
import { findOwnContainer, type OwnContainer } from './own-container.ts'

export interface EngineSessionOptions {
  records: ContainerRecords
  log: Log
  /** What `docker login` has left for the registry of an image. */
  login: (image: string) => Promise<string | undefined>
}

/** This gateway's dealings with one engine. */
export class EngineSession {
  readonly engine: Engine
  readonly images: Images
  /** False once the engine was found to have no init program. */
  hasInit = true
  /** Launches that are alive or on their way, by their label. */
  readonly live = new Set<string>()
  readonly #options: EngineSessionOptions
  #ready: Promise<void> | undefined
  #own: Promise<OwnContainer | undefined> | undefined

  constructor(address: EngineAddress, options: EngineSessionOptions) {
    this.#options = options
    this.engine = new Engine(address)
    this.images = new Images(this.engine, options.login)
  }

  /**
   * Resolves when the engine can be used and nothing of an earlier run is left on it. Rejects with EngineError; the next
   * one tries again.
   */
  ready(): Promise<void> {
    this.#ready ??= this.#begin().catch((error: unknown) => {
      this.#ready = undefined
      throw error
    })
    return this.#ready
  }

  /** The engine was gone, or did not do what it was told: it is looked at anew before it is used again. */
  lost(): void {
    this.#ready = undefined
    this.#own = undefined
  }

  get isInDoubt(): boolean {
    return this.#ready === undefined
  }

  /** The container that the gateway itself runs in, if it is one of this engine. */
  own(): Promise<OwnContainer | undefined> {
    this.#own ??= findOwnContainer(this.engine)
    return this.#own
  }

  /** To be told before a container is made, so that one that is left behind is found. */
  note(): void {
    this.#options.records.add(this.#record)
  }

  /** Removes what is ours and not alive. Returns how many. Rejects with EngineError. */
  async sweep(): Promise<number> {
    const { records, log } = this.#options
    const ours = await this.engine.list({ [labels.instance]: records.instance })
    const dead = ours.filter((one) => !this.live.has(one.labels[labels.launch] ?? ''))
    const removed = await Promise.all(dead.map(({ id }) => this.engine.remove(id)))
    if (dead.length > 0) {
      const servers = [...new Set(dead.map((one) => one.labels[labels.server] ?? ''))]
      log.info({ containers: dead.length, servers }, 'removed containers that were left behind')
    }
    if (this.live.size === 0 && !removed.includes(false)) records.remove(this.#record)
    return dead.length
  }

  get #record(): { kind: EngineAddress['kind']; address: string } {
    const { kind, label } = this.engine.address
    return { kind, address: label }
  }

  async #begin(): Promise<void> {
    await this.engine.ping()
    await this.sweep()
  }
}
