import { describe, inject } from 'vitest'
import { engineRequest, socketOf } from './engine-programs.ts'

/** Of a container of any gateway: its server's id. */
export const serverLabel = 'io.github.open-mcp-gateway.gateway.server'

export type EngineName = 'docker' | 'podman'

interface InspectedContainer {
  HostConfig: Record<string, unknown>
  Config: Record<string, unknown>
  NetworkSettings: Record<string, unknown>
}

interface ListedContainer {
  Id: string
  Names: string[]
  State: string
  Labels: Record<string, string>
}

/** What the tests ask an engine behind the gateway's back. */
export class EngineProbe {
  readonly name: EngineName
  readonly address: string
  readonly #socket: string

  constructor(name: EngineName, address: string) {
    this.name = name
    this.address = address
    this.#socket = socketOf(address)
  }

  /** For the gateway's process. */
  get env(): Record<string, string> {
    return { [this.name === 'docker' ? 'DOCKER_HOST' : 'CONTAINER_HOST']: this.address }
  }

  async call(method: string, route: string, body?: object): Promise<unknown> {
    const { status, text } = await engineRequest(this.#socket, method, `/v1.41${route}`, {
      ...(body && { json: body }),
    })
    if (status >= 400) throw new Error(`${method} ${route}: ${status} ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }

  /** What is no JSON: logs, the output of a command. */
  async stream(route: string, body?: object): Promise<string> {
    const method = body === undefined ? 'GET' : 'POST'
    const options = { ...(body && { json: body }) }
    const { status, text } = await engineRequest(this.#socket, method, `/v1.41${route}`, options)
    if (status >= 400) throw new Error(`${route}: ${status} ${text}`)
    return text
  }

  /** Containers with this label and value, whatever their state. */
  async containers(label: string, value: string): Promise<ListedContainer[]> {
    const filters = encodeURIComponent(JSON.stringify({ label: [`${label}=${value}`] }))
    const { text } = await engineRequest(
      this.#socket,
      'GET',
      `/v1.41/containers/json?all=true&filters=${filters}`,
    )
    const found: ListedContainer[] = JSON.parse(text)
    return found
  }

  async inspect(id: string): Promise<InspectedContainer> {
    const { text } = await engineRequest(this.#socket, 'GET', `/v1.41/containers/${id}/json`)
    const found: InspectedContainer = JSON.parse(text)
    return found
  }
}

/** The same tests for each engine; where one is missing they are skipped, and their name says why. */
export function describeEngines(
  what: string,
  fn: (engine: EngineProbe) => void,
  engines: readonly EngineName[] = ['docker', 'podman'],
): void {
  for (const name of engines) {
    const engine = inject(name)
    if ('address' in engine)
      describe(`${what} (${name})`, () => fn(new EngineProbe(name, engine.address)))
    else describe.skip(`${what} (${name}: ${engine.reason})`, () => fn(new EngineProbe(name, '')))
  }
}
