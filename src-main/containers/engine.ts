import type { Duplex } from 'node:stream'
import { z } from 'zod'
import type { EngineAddress } from './engine-address.ts'
import { EngineClient } from './engine-client.ts'
import { EngineError } from './engine-failure.ts'
import { readPull, type PullStep } from './pull-stream.ts'

/** To pass on SIGTERM, for which an engine waits for nothing: one that takes longer hangs, and no stop waits for it. */
const termMs = 5_000

/** How often it sees whether a container has ended. */
const podmanLooks = { seldom: '2s', often: '50ms' }

const created = z.object({ Id: z.string().min(12) })
const imageFacts = z.object({ Id: z.string() })

const containerFacts = z.object({
  Id: z.string(),
  Name: z.string().default(''),
  State: z.object({
    Status: z.string().default(''),
    Running: z.boolean().default(false),
    Dead: z.boolean().default(false),
    ExitCode: z.number().default(0),
    OOMKilled: z.boolean().default(false),
    Error: z.string().default(''),
  }),
  Config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }),
  Mounts: z
    .array(z.object({ Source: z.string().default(''), Destination: z.string().default('') }))
    .nullish(),
  NetworkSettings: z.object({
    Ports: z
      .record(
        z.string(),
        z.array(z.object({ HostIp: z.string().optional(), HostPort: z.string() })).nullish(),
      )
      .nullish(),
    Networks: z
      .record(z.string(), z.object({ IPAddress: z.string().default('') }).nullish())
      .nullish(),
  }),
})
export type ContainerFacts = z.infer<typeof containerFacts>

const listed = z.array(
  z.object({
    Id: z.string(),
    Names: z.array(z.string()).nullish(),
    Labels: z.record(z.string(), z.string()).nullish(),
  }),
)

const exited = z.object({ StatusCode: z.number() })

const stats = z.object({
  memory_stats: z
    .object({
      usage: z.number().optional(),
      limit: z.number().optional(),
      stats: z.record(z.string(), z.number()).nullish(),
    })
    .nullish(),
  cpu_stats: z
    .object({
      cpu_usage: z.object({ total_usage: z.number() }),
    })
    .nullish(),
})
export type ContainerStats = z.infer<typeof stats>

/**
 * One container engine: the calls that are needed of Docker's API, which Podman speaks as well. All reject with
 * EngineError. Everything is an `Id` here: a name may mean another container a moment later.
 */
export class Engine {
  readonly address: EngineAddress
  readonly #client: EngineClient

  constructor(address: EngineAddress) {
    this.address = address
    this.#client = new EngineClient(address)
  }

  /** Rejects if the engine cannot be used; it may be another one than before. */
  async ping(): Promise<void> {
    this.#client.forget()
    await this.#client.json({ method: 'GET', path: '/version' })
  }

  async hasImage(name: string): Promise<boolean> {
    const path = `/images/${encodeName(name)}/json`
    const found = await this.#unlessMissing({ method: 'GET', path })
    return found !== undefined && imageFacts.safeParse(found).success
  }

  /** Resolves when the image is there. `name` has a tag or a digest. */
  async pull(
    name: string,
    onStep: (step: PullStep) => void,
    login: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { image, tag } = splitName(name)
    const { body } = await this.#client.stream({
      method: 'POST',
      path: '/images/create',
      query: { fromImage: image, tag },
      headers: login === undefined ? {} : { 'x-registry-auth': login },
      timeoutMs: 0,
      signal,
    })
    await readPull(body, onStep)
  }

  /** The id. `body` is the API's. Not to be called off: what came of it would be unknown. */
  async create(name: string, body: unknown): Promise<string> {
    const path = '/containers/create'
    const answer = await this.#client.json({ method: 'POST', path, query: { name }, body })
    return parsed(created, answer).Id
  }

  /** The container's input and output; to be opened before it starts, so that nothing is missed. */
  attach(id: string, streams: { stdin: boolean }, signal: AbortSignal): Promise<Duplex> {
    return this.#client.upgrade({
      method: 'POST',
      path: `/containers/${id}/attach`,
      query: {
        stream: '1',
        stdout: '1',
        stderr: '1',
        ...(streams.stdin ? { stdin: '1' } : {}),
      },
      signal,
    })
  }

  async start(id: string, signal: AbortSignal): Promise<void> {
    await this.#client.json({
      method: 'POST',
      path: `/containers/${id}/start`,
      signal,
      timeoutMs: 0,
    })
  }

  /**
   * Resolves with the exit code when it has ended. `outputEnd`: its output has, so that it is about to. Rejects with
   * EngineError.
   */
  async wait(id: string, outputEnd: Promise<void>, signal: AbortSignal): Promise<number> {
    const request = { method: 'POST' as const, signal, timeoutMs: 0 }
    const path = `/containers/${id}/wait`
    if (this.address.kind === 'docker')
      return parsed(exited, await this.#client.json({ ...request, path })).StatusCode
    // Asked as Docker is, Podman before 4.6 looks again and again without a pause, which takes a whole processor.
    const ask = async (interval: string): Promise<number> => {
      const query = { interval }
      return parsed(
        z.number(),
        await this.#client.json({ ...request, path: `/libpod${path}`, query }),
      )
    }
    return Promise.race([ask(podmanLooks.seldom), outputEnd.then(() => ask(podmanLooks.often))])
  }

  /** Undefined if there is none. */
  async inspect(id: string): Promise<ContainerFacts | undefined> {
    const found = await this.#unlessMissing({ method: 'GET', path: `/containers/${id}/json` })
    return found === undefined ? undefined : parsed(containerFacts, found)
  }

  /** One that does not run any more is not minded. */
  async kill(id: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    try {
      const path = `/containers/${id}/kill`
      const limit = signal === 'SIGTERM' ? { timeoutMs: termMs } : {}
      await this.#client.json({ method: 'POST', path, query: { signal }, ...limit })
    } catch (error) {
      if (!(error instanceof EngineError && [404, 409, 500].includes(error.status))) throw error
    }
  }

  /** Ends it if it runs, and takes its anonymous volumes with it. True if it is gone. */
  async remove(id: string): Promise<boolean> {
    try {
      const path = `/containers/${id}`
      const query = { force: 'true', v: 'true' }
      await this.#client.json({ method: 'DELETE', path, query, timeoutMs: 10_000 })
      return true
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      if (error.status === 404) return true
      // Somebody is removing it already.
      if (error.status === 409) return false
      throw error
    }
  }

  /** All with these labels, those that do not run included. */
  async list(
    labels: Readonly<Record<string, string>>,
  ): Promise<{ id: string; labels: Readonly<Record<string, string>> }[]> {
    const filters = { label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) }
    const found = await this.#client.json({
      method: 'GET',
      path: '/containers/json',
      query: { all: 'true', filters: JSON.stringify(filters) },
    })
    return parsed(listed, found).map(({ Id, Labels }) => ({ id: Id, labels: Labels ?? {} }))
  }

  async stats(id: string): Promise<ContainerStats> {
    const path = `/containers/${id}/stats`
    const query = { stream: 'false', 'one-shot': 'true' }
    return parsed(stats, await this.#client.json({ method: 'GET', path, query, timeoutMs: 5_000 }))
  }

  async #unlessMissing(request: { method: 'GET'; path: string }): Promise<unknown> {
    try {
      return await this.#client.json(request)
    } catch (error) {
      if (error instanceof EngineError && error.status === 404) return undefined
      throw error
    }
  }
}

/** `name:latest` where no tag and no digest is given: an engine would fetch all tags else. */
export function fullName(name: string): string {
  return splitName(name).tag === '' ? `${name}:latest` : name
}

/** A port of the registry is no tag; a digest takes the tag's place. */
function splitName(name: string): { image: string; tag: string } {
  const [image = '', digest] = name.split('@')
  if (digest !== undefined) return { image, tag: digest }
  const colon = image.lastIndexOf(':')
  return colon > image.lastIndexOf('/')
    ? { image: image.slice(0, colon), tag: image.slice(colon + 1) }
    : { image, tag: '' }
}

/** Slashes stay: they are part of the path in the API. */
function encodeName(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/')
}

function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const { success, data, error } = schema.safeParse(value)
  if (success) return data
  const [issue] = error.issues
  throw new EngineError(
    'answer',
    `its answer could not be understood (${issue?.path.join('.')}: ${issue?.message})`,
    { cause: error },
  )
}
