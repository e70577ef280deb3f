import { configSchema, type Config } from '../../src-shared/config.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import type {
  GatewayEvent,
  LogLine,
  ServerDetail,
  ServerSummary,
} from '../../src-shared/server-state.ts'
import type { ReloadResult } from '../../src-main/catalog/catalog-in-force.ts'
import type { Gateway } from '../../src-main/gateway.ts'

/** A gateway without servers behind it: HTTP is what is tested, so its answers are fixed and its calls are kept. */
export class GatewayStandIn implements Gateway {
  readonly config: Config
  readonly calls: string[] = []
  readonly lines: LogLine[] = []
  failWith: Error | undefined
  text = 'servers: []\n'
  version = 1
  #seq = 0
  readonly #logFollowers = new Set<(line: LogLine) => void>()
  readonly #eventFollowers = new Set<(event: GatewayEvent) => void>()

  constructor(config: Partial<Config> = {}) {
    this.config = configSchema.parse({ listen_addr: '127.0.0.1:0', api_key: testKey, ...config })
  }

  get followers(): number {
    return this.#logFollowers.size + this.#eventFollowers.size
  }

  append(text: string): void {
    const line: LogLine = {
      seq: ++this.#seq,
      time: '2026-01-01T00:00:00.000Z',
      source: 'stderr',
      text,
    }
    this.lines.push(line)
    for (const follower of this.#logFollowers) follower(line)
  }

  emit(event: GatewayEvent): void {
    for (const follower of this.#eventFollowers) follower(event)
  }

  listServers(tag?: string): ServerSummary[] {
    this.#called(`listServers ${tag}`)
    return [summary]
  }

  server(id: string): ServerDetail {
    this.#called(`server ${id}`)
    this.#known(id)
    return detail
  }

  start = (id: string): Promise<ServerSummary> => this.#act('start', id, 'running')
  stop = (id: string): Promise<ServerSummary> => this.#act('stop', id, 'stopped')
  restart = (id: string): Promise<ServerSummary> => this.#act('restart', id, 'running')

  logs(id: string): LogLine[] {
    this.#known(id)
    return [...this.lines]
  }

  followLogs(id: string, onLine: (line: LogLine) => void): () => void {
    this.#known(id)
    this.#logFollowers.add(onLine)
    return () => this.#logFollowers.delete(onLine)
  }

  readonly catalog: Gateway['catalog'] = {
    read: () => Promise.resolve({ text: this.text, etag: this.#etag() }),
    replace: (text, ifMatch) => {
      this.#called(`replace ${text.length}`)
      this.text = text
      return this.#edited(ifMatch)
    },
    addServer: (entry, ifMatch) => {
      this.#called(`add ${JSON.stringify(entry)}`)
      return this.#edited(ifMatch)
    },
    patchServer: (id, patch, ifMatch) => {
      this.#called(`patch ${id} ${JSON.stringify(patch)}`)
      return this.#edited(ifMatch)
    },
    removeServer: (id, ifMatch) => {
      this.#called(`remove ${id}`)
      return this.#edited(ifMatch)
    },
  }

  reload(): Promise<ReloadResult> {
    this.#called('reload')
    return Promise.resolve(reloadResult)
  }

  stats(): ReturnType<Gateway['stats']> {
    return {
      uptime_seconds: 12.5,
      total_requests: 7,
      total_servers: 1,
      active_servers: 1,
      sessions: 2,
      clients: {},
      last_reload: { time: '2026-01-01T00:00:00.000Z', ok: true, errors: [] },
      servers: {
        alpha: {
          status: 'running',
          request_count: 7,
          error_count: 1,
          uptime_seconds: 10,
          latency_ms: { p50: 1.5, p95: null },
        },
      },
    }
  }

  onEvent(fn: (event: GatewayEvent) => void): () => void {
    this.#eventFollowers.add(fn)
    return () => this.#eventFollowers.delete(fn)
  }

  isQuiet(): boolean {
    return true
  }

  shutdown(): Promise<void> {
    return Promise.resolve()
  }

  #called(call: string): void {
    this.calls.push(call)
    if (this.failWith !== undefined) throw this.failWith
  }

  #known(id: string): void {
    if (id !== 'alpha') throw new GatewayError('server_not_found', `Server '${id}' not found`)
  }

  async #act(name: string, id: string, status: ServerSummary['status']): Promise<ServerSummary> {
    this.#called(`${name} ${id}`)
    this.#known(id)
    return { ...summary, status, reason: '' }
  }

  #etag(): string {
    return `"v${this.version}"`
  }

  async #edited(ifMatch?: string): Promise<{ etag: string; reload: ReloadResult }> {
    if (ifMatch !== undefined && ifMatch !== this.#etag()) {
      throw new GatewayError('precondition_failed', 'The catalog changed since it was read.')
    }
    this.version++
    return { etag: this.#etag(), reload: reloadResult }
  }
}

export const testKey = 'a-key-for-tests-only-0123456789'

export const reloadResult: ReloadResult = {
  servers_loaded: 2,
  servers_added: ['beta'],
  servers_removed: [],
  servers_changed: ['alpha'],
}

export const summary: ServerSummary = {
  id: 'alpha',
  display_name: 'Alpha',
  description: 'the first',
  status: 'running',
  reason: '',
  tags: ['test'],
  runtime_type: 'local-process',
  started_at: '2026-01-01T00:00:00.000Z',
  last_activity: null,
  request_count: 7,
  error_count: 1,
}

export const detail: ServerDetail = {
  ...summary,
  enabled: true,
  runtime: { type: 'local-process', command: 'node', args: [] },
  uptime_seconds: 10,
  last_error: null,
  capabilities: null,
  server_info: null,
  protocol_version: null,
  protocol_era: null,
  isolation: 'auto',
  pids: [],
  warnings: [],
  latency_ms: { p50: null, p95: null },
}
