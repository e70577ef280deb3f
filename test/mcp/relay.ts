import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { configSchema } from '../../src-shared/config.ts'
import type { Config } from '../../src-shared/config.ts'
import { createGateway } from '../../src-main/gateway.ts'
import type { GatewayCore } from '../../src-main/gateway.ts'
import { createAccess } from '../../src-main/http/access.ts'
import { createListener } from '../../src-main/http/listener.ts'
import type { Listener } from '../../src-main/http/listener.ts'
import { McpEndpoint } from '../../src-main/http/mcp-http.ts'
import { systemClock } from '../../src-main/servers/clock.ts'
import type { Clock } from '../../src-main/servers/clock.ts'
import { silentLog } from '../../src-main/telemetry/log.ts'
import { Redactor } from '../../src-main/telemetry/redact.ts'
import { closeConnections, DuplexClient, HttpClient } from './client.ts'
import type { Client, ClientOptions } from './client.ts'
import { Stage } from './scripted-server.ts'
import type { ScriptedServer } from './scripted-server.ts'

/** A gateway on a real socket, in front of scripted servers in real processes. */
export class Relay {
  readonly stage = new Stage()
  readonly clients: Client[] = []
  readonly #config: Partial<Config>
  readonly #clock: Clock
  #folder = ''
  #gateway: GatewayCore | undefined
  #listener: Listener | undefined
  #endpoint: McpEndpoint | undefined

  constructor(config: Partial<Config> = {}, clock: Clock = systemClock) {
    this.#config = config
    this.#clock = clock
  }

  static async start(
    servers: (stage: Stage) => object[],
    config: Partial<Config> = {},
    clock?: Clock,
  ): Promise<Relay> {
    const relay = new Relay(config, clock)
    await relay.stage.listen()
    relay.#folder = await fs.mkdtemp(path.join(os.tmpdir(), 'gateway-relay-'))
    await relay.writeCatalog(servers(relay.stage))
    await relay.open()
    return relay
  }

  get gateway(): GatewayCore {
    if (!this.#gateway) throw new Error('The gateway is not open.')
    return this.#gateway
  }

  get port(): number {
    if (!this.#listener) throw new Error('The gateway is not open.')
    return this.#listener.address.port
  }

  server(name: string): ScriptedServer {
    return this.stage.server(name)
  }

  get catalogPath(): string {
    return path.join(this.#folder, 'catalog.yaml')
  }

  get stateDir(): string {
    return path.join(this.#folder, 'state')
  }

  async writeCatalog(servers: readonly object[]): Promise<void> {
    // JSON is YAML.
    await fs.writeFile(this.catalogPath, JSON.stringify({ servers }))
  }

  async open(): Promise<void> {
    const config = configSchema.parse({
      listen_addr: '127.0.0.1:0',
      auth: 'none',
      hot_reload: false,
      drain_timeout_seconds: 1,
      ...this.#config,
    })
    const gateway = await createGateway({
      config,
      catalogPath: this.catalogPath,
      stateDir: this.stateDir,
      // As from a terminal: no login shell has to be asked.
      env: { ...process.env, SHLVL: '1', TERM: 'dumb' },
      platform: process.platform,
      log: silentLog,
      redactor: new Redactor(),
      clock: this.#clock,
    })
    this.#gateway = gateway
    const { sessions, oneCall } = gateway
    const endpoint = new McpEndpoint({
      sessions,
      oneCall,
      clock: this.#clock,
    })
    this.#endpoint = endpoint
    this.#listener = await createListener({
      gateway,
      access: createAccess({ config, key: () => undefined }),
      mcp: endpoint,
      rest: () => Promise.reject(new Error('no REST here')),
      log: silentLog,
    })
  }

  /** The gateway stops; what it has on disk stays. */
  async shut(): Promise<void> {
    for (const client of this.clients.splice(0))
      if (client instanceof HttpClient) client.stream?.destroy()
    closeConnections()
    await this.#listener?.close(0)
    this.#endpoint?.close()
    await this.#gateway?.shutdown()
    this.#gateway = undefined
  }

  async close(): Promise<void> {
    await this.shut()
    await this.stage.close()
    await fs.rm(this.#folder, { recursive: true, force: true })
  }

  async http(options: ClientOptions = {}): Promise<HttpClient> {
    const client = await HttpClient.open(this.port, options)
    this.clients.push(client)
    return client
  }

  async duplex(options: ClientOptions = {}): Promise<DuplexClient> {
    const client = await DuplexClient.open(this.gateway.sessions, options)
    this.clients.push(client)
    return client
  }

  /** Over either carrier, with a stream for what belongs to no request. */
  async connect(carrier: Carrier, options: ClientOptions = {}): Promise<Client> {
    if (carrier === 'duplex') return this.duplex(options)
    const client = await this.http(options)
    await client.listen()
    return client
  }
}

export type Carrier = 'http' | 'duplex'

/** Every carrier on every kind of endpoint; the single one is of the server `one`. */
export const ways = (['http', 'duplex'] as const).flatMap((carrier) => [
  { carrier, endpoint: 'single', serverId: 'one' } as const,
  { carrier, endpoint: 'aggregate', serverId: undefined } as const,
])

/** The options that choose the endpoint of one of the `ways`. */
export function at(way: (typeof ways)[number], capabilities: object = {}): ClientOptions {
  return { ...(way.serverId === undefined ? {} : { serverId: way.serverId }), capabilities }
}
