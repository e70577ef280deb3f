import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, vi } from 'vitest'
import { isAlive, pidsWithEnvironment } from '../support/processes.ts'

export const root = path.join(import.meta.dirname, '..', '..')
const packages = path.join(root, 'node_modules', '@modelcontextprotocol')

/** The programs of the servers that everybody knows, as `node` takes them. */
export const serverProgram = {
  everything: path.join(packages, 'server-everything', 'dist', 'index.js'),
  memory: path.join(packages, 'server-memory', 'dist', 'index.js'),
  filesystem: path.join(packages, 'server-filesystem', 'dist', 'index.js'),
} as const

export const program = {
  gateway: path.join(root, 'dist', 'gateway.cjs'),
  http: path.join(root, 'dist', 'gateway-http.cjs'),
  shim: path.join(root, 'dist', 'gateway-stdio.cjs'),
} as const

export interface CatalogEntry {
  id: string
  runtime: object
  [field: string]: unknown
}

export function nodeServer(id: string, args: readonly string[], fields: object = {}): CatalogEntry {
  return { id, runtime: { type: 'local-process', command: process.execPath, args }, ...fields }
}

export interface Command {
  command: string
  args: string[]
  env: Record<string, string>
}

/**
 * A folder with a home, a state directory and files of its own. Every process that is started in it inherits its HOME
 * (servers get it from the gateway), so that `end` can tell whether one was left behind.
 */
export class Place {
  readonly dir: string
  readonly home: string
  readonly stateDir: string
  readonly #gateways: RunningGateway[] = []

  private constructor(dir: string) {
    this.dir = dir
    this.home = path.join(dir, 'home')
    this.stateDir = path.join(dir, 'state')
  }

  static async make(): Promise<Place> {
    const dir = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), 'gateway-real-')))
    const place = new Place(dir)
    await fs.mkdir(place.home)
    return place
  }

  file(name: string): string {
    return path.join(this.dir, name)
  }

  /** What a client with a trimmed environment hands to the programs that it starts, and nothing else. */
  get env(): Record<string, string> {
    return {
      HOME: this.home,
      PATH: `${path.dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
      SHELL: '/bin/sh',
      USER: 'somebody',
      LOGNAME: 'somebody',
      TERM: 'dumb',
    }
  }

  /** The shim, as an AI client's configuration file names it. */
  shim(...args: string[]): Command {
    return {
      command: process.execPath,
      args: [program.shim, '--state-dir', this.stateDir, ...args],
      env: this.env,
    }
  }

  async writeCatalog(servers: readonly CatalogEntry[]): Promise<string> {
    const file = this.file('catalog.yaml')
    await fs.writeFile(file, JSON.stringify({ servers }, undefined, 2))
    return file
  }

  /** Runs `gateway-http` and waits until it says where it listens. */
  async start(options: {
    servers?: readonly CatalogEntry[]
    catalog?: string
    config?: object
    env?: Record<string, string>
  }): Promise<RunningGateway> {
    const catalog = options.catalog ?? (await this.writeCatalog(options.servers ?? []))
    const config = this.file('config.yaml')
    await fs.writeFile(config, JSON.stringify(options.config ?? {}))
    const args = ['--config', config, '--catalog', catalog]
    args.push('--state-dir', this.stateDir, '--listen', '127.0.0.1:0')
    const child = spawn(process.execPath, [program.http, ...args], {
      cwd: this.home,
      env: { ...this.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const gateway = new RunningGateway(child)
    this.#gateways.push(gateway)
    await gateway.listening()
    gateway.key = (await fs.readFile(path.join(this.stateDir, 'key'), 'utf8')).trim()
    return gateway
  }

  /** Makes this the user's own catalog, for gateways that nobody gives any flags. */
  async install(servers: readonly CatalogEntry[]): Promise<void> {
    const folder = path.join(this.home, '.config', 'mcp-gateway')
    await fs.mkdir(folder, { recursive: true })
    await fs.writeFile(path.join(folder, 'config.yaml'), 'listen_addr: 127.0.0.1:0\n')
    await fs.writeFile(path.join(folder, 'catalog.yaml'), JSON.stringify({ servers }))
  }

  /** The process id of the gateway of this place, whoever has started it; undefined if none runs. */
  async gatewayPid(): Promise<number | undefined> {
    const text = await fs
      .readFile(path.join(this.stateDir, 'gateway.json'), 'utf8')
      .catch(() => '{}')
    const info: { pid?: number } = JSON.parse(text)
    return info.pid !== undefined && isAlive(info.pid) ? info.pid : undefined
  }

  /** Of the processes that were started here, those with this in their command line. */
  async processesOf(text: string): Promise<number[]> {
    const found = await Promise.all(
      this.processes().map(async (pid) => ({ pid, line: await commandLine(pid) })),
    )
    return found.filter(({ line }) => line.includes(text)).map(({ pid }) => pid)
  }

  /** All living processes that were started in this place, by whomever. */
  processes(): number[] {
    return pidsWithEnvironment(`HOME=${this.home}\0`)
  }

  /** Ends the gateways, then asserts that nothing is alive that was started here, and removes the folder. */
  async end(): Promise<void> {
    await Promise.all(this.#gateways.map((gateway) => gateway.stop('SIGTERM')))
    const spawned = await this.gatewayPid()
    if (spawned !== undefined) await endProcess(spawned)
    const left = this.processes()
    const commands = await Promise.all(left.map((pid) => commandLine(pid)))
    for (const pid of left) process.kill(pid, 'SIGKILL')
    await fs.rm(this.dir, { recursive: true, force: true, maxRetries: 5 })
    expect(commands, 'processes that were left behind').toEqual([])
  }
}

async function commandLine(pid: number): Promise<string> {
  const text = await fs.readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return text.replaceAll('\0', ' ').trim()
}

/** Ends a gateway that is not our child. */
export async function endProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGTERM')
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 15_000, interval: 20 })
}

/** A `gateway-http` process. */
export class RunningGateway {
  readonly child: ChildProcess
  url = ''
  key = ''
  output = ''
  log = ''

  constructor(child: ChildProcess) {
    this.child = child
    child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()))
    child.stderr?.on('data', (chunk: Buffer) => (this.log += chunk.toString()))
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  get authorization(): { authorization: string } {
    return { authorization: `Bearer ${this.key}` }
  }

  async listening(): Promise<void> {
    await vi.waitFor(
      () => {
        expect(this.child.exitCode, this.log).toBeNull()
        this.url = /listens on (\S+)/.exec(this.output)?.[1] ?? ''
        expect(this.url).not.toBe('')
      },
      { timeout: 15_000, interval: 10 },
    )
  }

  /** Where a client connects: all servers as one, or a single one. */
  endpoint(serverId?: string): URL {
    return new URL(serverId === undefined ? '/mcp' : `/servers/${serverId}/mcp`, this.url)
  }

  async get(route: string): Promise<unknown> {
    const response = await fetch(new URL(route, this.url), { headers: this.authorization })
    expect(response.status, route).toBe(200)
    return response.json()
  }

  async post(route: string, body: object = {}): Promise<{ status: number; body: unknown }> {
    const response = await fetch(new URL(route, this.url), {
      method: 'POST',
      headers: { ...this.authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: response.status, body: await response.json() }
  }

  /** Of one server, as `GET /servers` has it. */
  async status(serverId: string): Promise<unknown> {
    const server = await this.get(`/servers/${serverId}`)
    return typeof server === 'object' && server !== null && 'status' in server
      ? server.status
      : undefined
  }

  /** Its exit code, or the signal that ended it. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exit = once(this.child, 'exit')
      this.child.kill(signal)
      await exit
    }
    return this.child.exitCode ?? this.child.signalCode
  }
}
