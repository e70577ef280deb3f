import type { PullProgress } from '../../src-shared/container.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { fullName, type Engine } from './engine.ts'
import { engineFailed, EngineError, engineName } from './engine-failure.ts'
import { PullMeter } from './pull-stream.ts'

/** Progress is told this often. */
const tellEveryMs = 250

export interface PullFollower {
  serverId: string
  progress: (progress: PullProgress) => void
}

interface Pull {
  done: Promise<void>
  followers: Set<PullFollower>
  abort: AbortController
  latest: PullProgress
}

/** The images of one engine. Servers that want the same one share its pull. */
export class Images {
  readonly #engine: Engine
  readonly #login: (image: string) => Promise<string | undefined>
  readonly #pulls = new Map<string, Pull>()

  constructor(engine: Engine, login: (image: string) => Promise<string | undefined>) {
    this.#engine = engine
    this.#login = login
  }

  /** Rejects with EngineError. */
  has(image: string): Promise<boolean> {
    return this.#engine.hasImage(fullName(image))
  }

  /**
   * Pulls an image, or follows a pull that is under way. A pull that nobody follows any more is given up. Rejects with
   * GatewayError `server_failed` (why it cannot be pulled), or `cancelled`.
   */
  async pull(image: string, follower: PullFollower, signal: AbortSignal): Promise<void> {
    const name = fullName(image)
    const pull = this.#pulls.get(name) ?? this.#begin(name)
    pull.followers.add(follower)
    follower.progress(pull.latest)
    const { promise: left, reject } = Promise.withResolvers<never>()
    const leave = (): void => {
      pull.followers.delete(follower)
      if (pull.followers.size === 0) pull.abort.abort()
      reject(
        new GatewayError('cancelled', `${follower.serverId}: the pull of ${name} was given up.`),
      )
    }
    signal.addEventListener('abort', leave, { once: true })
    if (signal.aborted) leave()
    try {
      await Promise.race([pull.done, left])
    } catch (error) {
      throw this.#explained(error, follower.serverId, name)
    } finally {
      signal.removeEventListener('abort', leave)
      pull.followers.delete(follower)
    }
  }

  #begin(name: string): Pull {
    const abort = new AbortController()
    const meter = new PullMeter()
    const followers = new Set<PullFollower>()
    let toldAt = -Infinity
    const tell = (): void => {
      const now = performance.now()
      if (now - toldAt < tellEveryMs) return
      toldAt = now
      pull.latest = meter.progress()
      for (const follower of followers) follower.progress(pull.latest)
    }
    const run = async (): Promise<void> => {
      try {
        await this.#engine.pull(
          name,
          (step) => {
            meter.add(step)
            tell()
          },
          await this.#login(name),
          abort.signal,
        )
      } finally {
        this.#pulls.delete(name)
      }
    }
    const pull: Pull = { done: run(), followers, abort, latest: meter.progress() }
    // Whoever follows it hears of its failure; when all have left, nobody does.
    pull.done.catch(() => {})
    this.#pulls.set(name, pull)
    return pull
  }

  #explained(error: unknown, serverId: string, image: string): unknown {
    if (!(error instanceof EngineError)) return error
    const { address } = this.#engine
    if (error.failure !== 'answer') return engineFailed(serverId, address, error)
    return new GatewayError(
      'server_failed',
      `${serverId}: its image ${image} is not on this machine, and ${engineName(address)} could not pull it: ${error.message.replace(/\.$/, '')}. ${whatToDo(error.message, image, address.kind)}`,
      { cause: error },
    )
  }
}

export function whatToDo(message: string, image: string, command: string): string {
  if (/toomanyrequests|rate limit/i.test(message))
    return `Sign in with \`${command} login\`, which allows more, or try again later.`
  if (/no matching manifest|no image found in .*for architecture/i.test(message))
    return "The image is not made for this machine's processor: choose another, or another tag."
  if (/HTTP response to HTTPS client/i.test(message))
    return `This registry speaks HTTP without TLS, which ${command} has to be told (insecure registries).`
  if (/no such host|network is unreachable|connection refused|timeout|i\/o/i.test(message))
    return 'The registry cannot be reached: check the network, or bring the image here by hand.'
  if (/denied|unauthorized|authentication|no basic auth/i.test(message))
    return `Check the name in \`image\`; if it is private, sign in with \`${command} login\`.`
  if (/manifest|not found|unknown/i.test(message)) return 'Check the name and the tag in `image`.'
  return `Try \`${command} pull ${image}\` by hand.`
}
