import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { ClientRow } from '../../src-shared/api-clients.ts'
import type { ParsedInput, ProcedureName } from '../../src-shared/api.ts'
import type { AccessRow } from '../../src-shared/client-access.ts'
import { ClientRegister } from '../../src-main/ai-clients/client-register.ts'
import { Connections } from '../../src-main/ai-clients/connections.ts'
import type { ImportCatalog } from '../../src-main/ai-clients/import-catalog.ts'
import { ServerImport } from '../../src-main/ai-clients/server-import.ts'
import type { SecretStore } from '../../src-main/secrets/secret-store.ts'
import { silentLog } from '../../src-main/telemetry/log.ts'
import { sampleClientFiles } from './fake-client-files.ts'

/** How the home looks in every answer, whatever folder it really is. */
const shownHome = '/home/ada'
const hourMs = 3_600_000

interface FakeClientsOptions {
  url: () => string
  serverIds: () => string[]
  catalog: ImportCatalog
}

type Input<N extends ProcedureName> = Omit<ParsedInput<N>, never>

/**
 * The AI clients of somebody's machine: real files in a folder of its own, and the real code on them, so that previews,
 * differences, undo and checks are what they are. Made when the first procedure asks for it.
 */
export class FakeClients {
  /** Of clients that a spec wants otherwise: choices of files, problems. */
  rows = new Map<string, Partial<ClientRow>>()
  /** Open sessions and requests of each client. */
  counts = new Map<string, Pick<AccessRow, 'sessions' | 'request_count' | 'error_count'>>()
  /** What the keychain holds. */
  readonly secrets = new Map<string, string>()
  readonly #options: FakeClientsOptions
  #parts: Promise<Parts> | undefined
  #now: number | undefined

  constructor(options: FakeClientsOptions) {
    this.#options = options
  }

  /** The real path of a file of the home. */
  async file(name: string): Promise<string> {
    return path.join((await this.#open()).home, name)
  }

  /** A client comes to the gateway. */
  async come(id: string, agoMs = 0): Promise<void> {
    const { register } = await this.#open()
    this.#now = Date.now() - agoMs
    register.refusal(id)
    this.#now = undefined
  }

  async list(): Promise<ClientRow[]> {
    const { connections } = await this.#open()
    return this.#shown(connections.list().map((row) => ({ ...row, ...this.rows.get(row.id) })))
  }

  preview(input: Input<'clients.preview'>) {
    return this.#with(input, ({ connections }, real) => connections.preview(real))
  }

  connect(input: Input<'clients.connect'>) {
    return this.#with(input, ({ connections }, real) => connections.connect(real))
  }

  disconnect(input: Input<'clients.disconnect'>) {
    return this.#with(input, ({ connections }, { id, file }) => connections.disconnect(id, file))
  }

  undo(input: Input<'clients.undo'>) {
    return this.#with(input, ({ connections }, { id, file }) => connections.undo(id, file))
  }

  check(input: Input<'clients.check'>) {
    return this.#with(input, ({ connections }, { id }) => connections.check(id))
  }

  importPreview(input: Input<'clients.import_preview'>) {
    return this.#with(input, (parts, { source }) => this.#import(parts).preview(source))
  }

  import(input: Input<'clients.import'>) {
    return this.#with(input, (parts, real) => this.#import(parts).import(real))
  }

  async access(): Promise<AccessRow[]> {
    const { register } = await this.#open()
    const registered = new Map(register.list().map((client) => [client.id, client]))
    return [...register.use()].map(([id, { lastSeen, requestCount, errorCount }]) => {
      const client = registered.get(id)
      return {
        id,
        name: client?.name ?? id,
        has_token: client !== undefined && client.token_sha256 !== null && client.revoked === null,
        created: client?.created ?? null,
        revoked: client?.revoked ?? null,
        limits: client?.limits ?? null,
        last_seen: lastSeen,
        sessions: 0,
        request_count: requestCount,
        error_count: errorCount,
        ...this.counts.get(id),
      }
    })
  }

  async grant({ id, name = id, token }: Input<'access.grant'>) {
    const { register } = await this.#open()
    const given = token ? register.grant(id, name, true) : null
    if (given === null) register.grant(id, name, false)
    return { token: given, client: await this.#accessOf(id) }
  }

  async setLimits({ id, limits }: Input<'access.set_limits'>): Promise<AccessRow> {
    const { register } = await this.#open()
    register.setLimits(id, limits)
    return this.#accessOf(id)
  }

  async revoke({ id }: Input<'access.revoke'>): Promise<AccessRow> {
    const { register } = await this.#open()
    register.revoke(id)
    this.counts.delete(id)
    return this.#accessOf(id)
  }

  async close(): Promise<void> {
    if (this.#parts === undefined) return
    const { root } = await this.#parts
    fs.rmSync(root, { recursive: true, force: true, maxRetries: 3 })
  }

  #import({ connections }: Parts): ServerImport {
    const { url, catalog } = this.#options
    return new ServerImport({
      connections,
      catalog,
      secrets: this.#secrets,
      ownUrls: () => [url()],
    })
  }

  readonly #secrets: SecretStore = {
    get: async (name) => this.secrets.get(name),
    set: async (name, value) => {
      this.secrets.set(name, value)
      return { store: 'keychain', note: null }
    },
    list: async () => {
      const secrets = [...this.secrets.keys()].map((name) => ({ name, store: 'keychain' as const }))
      return { secrets, problem: null }
    },
    remove: async (name) => this.secrets.delete(name),
  }

  async #accessOf(id: string): Promise<AccessRow> {
    const found = (await this.access()).find((one) => one.id === id)
    if (found === undefined) throw new Error(`Client ${id} is not there.`)
    return found
  }

  #open(): Promise<Parts> {
    this.#parts ??= this.#make()
    return this.#parts
  }

  async #make(): Promise<Parts> {
    const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'gateway-window-clients-')))
    const home = path.join(root, 'home')
    const stateDir = path.join(home, '.local', 'state', 'open-mcp-gateway')
    fs.mkdirSync(stateDir, { recursive: true })
    for (const [name, { text, mode }] of Object.entries(sampleClientFiles)) {
      const file = path.join(home, name)
      fs.mkdirSync(path.dirname(file), { recursive: true })
      fs.writeFileSync(file, text, { mode })
    }
    const wall = () => this.#now ?? Date.now()
    const register = new ClientRegister({ stateDir, log: silentLog, wall })
    const env = { PATH: process.env['PATH'], HOME: home }
    const connections = new Connections({
      machine: { system: 'linux', homedir: home, env },
      stateDir,
      launcher: () => ({
        command: path.join(home, '.local', 'bin', 'node'),
        args: [path.join(home, '.local', 'lib', 'gateway-stdio.cjs')],
        env: {},
      }),
      url: this.#options.url,
      serverIds: this.#options.serverIds,
      tokens: {
        issue: async ({ id, name }) => ({ id, token: register.grant(id, name, true) }),
        revoke: async (id) => register.endToken(id),
      },
      access: {
        connected: async ({ id, name }) => register.grant(id, name, false),
        disconnected: async (id) => register.revokeKnown(id),
      },
      tools: (ids) => ({ count: (ids ?? this.#options.serverIds()).length * 6 }),
      usage: (id) => ({
        tools: this.#options.serverIds().length * 6,
        tokens: this.#options.serverIds().length * 1180,
        last_seen: register.use().get(id)?.lastSeen ?? null,
      }),
    })
    await this.#populate(connections, register, stateDir)
    return { root, home, connections, register }
  }

  /** Cursor and Codex are connected and come often, VS Code has not come yet; a script has a token. */
  async #populate(connections: Connections, register: ClientRegister, stateDir: string) {
    this.#now = Date.now() - 50 * hourMs
    await connections.connect({ id: 'cursor', kind: 'shim-all' })
    await connections.connect({ id: 'codex', kind: 'shim-all' })
    register.grant('nightly-report', 'Nightly report', true)
    register.setLimits('nightly-report', {
      servers: ['postgres'],
      tools: { allow: ['*'], deny: ['*__drop_*'] },
    })
    // When an entry was written is nothing that its writer can be told.
    const file = path.join(stateDir, 'clients.json')
    const connectedAt = new Date(this.#now).toISOString()
    const text = fs.readFileSync(file, 'utf8')
    const old = text.replaceAll(/("connected_at":\s*)"[^"]*"/g, `$1"${connectedAt}"`)
    fs.writeFileSync(file, old)
    for (const [id, agoMs] of [
      ['cursor', 40_000],
      ['codex', 3 * hourMs],
      ['nightly-report', 9 * hourMs],
    ] as const) {
      this.#now = Date.now() - agoMs
      register.refusal(id)
    }
    this.#now = undefined
    await connections.connect({ id: 'vscode', kind: 'http' })
    this.counts.set('cursor', { sessions: 2, request_count: 1204, error_count: 3 })
    this.counts.set('codex', { sessions: 1, request_count: 318, error_count: 0 })
    this.counts.set('nightly-report', { sessions: 0, request_count: 42, error_count: 1 })
  }

  async #with<I, O>(input: I, act: (parts: Parts, real: I) => O | Promise<O>): Promise<Awaited<O>> {
    const parts = await this.#open()
    const real = mapStrings(input, (text) => text.replaceAll(shownHome, parts.home))
    try {
      return this.#shown(await act(parts, real), parts)
    } catch (thrown) {
      if (thrown instanceof Error) thrown.message = withShownHome(thrown.message, parts)
      throw thrown
    }
  }

  async #shown<T>(answer: T, parts?: Parts): Promise<T> {
    const { home } = parts ?? (await this.#open())
    return mapStrings(answer, (text) => text.replaceAll(home, shownHome))
  }
}

interface Parts {
  root: string
  home: string
  connections: Connections
  register: ClientRegister
}

function withShownHome(text: string, { home }: Parts): string {
  return text.replaceAll(home, shownHome)
}

/** The same value with every text in it changed. */
function mapStrings<T>(value: T, change: (text: string) => string): T
function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((one) => mapStrings(one, change))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, mapStrings(one, change)]),
  )
}
