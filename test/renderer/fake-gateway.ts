import type { ServerRow } from '../../src-shared/api-servers.ts'
import type {
  ApiEvent,
  DesktopState,
  GatewayApi,
  GatewayInfoView,
  ParsedInput,
  ProcedureInput,
  ProcedureName,
  ProcedureOutput,
  SettingsView,
} from '../../src-shared/api.ts'
import { z } from 'zod'
import { procedures } from '../../src-shared/api.ts'
import { catalogSchema } from '../../src-shared/catalog.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { FakeCatalog } from './fake-catalog.ts'
import { FakeClients } from './fake-clients.ts'
import { FakeContainers } from './fake-containers.ts'
import { FakeSecrets } from './fake-secrets.ts'
import { FakeSignIns } from './fake-sign-ins.ts'
import {
  logLine,
  newServer,
  sampleActivity,
  sampleDetail,
  sampleLists,
  sampleLog,
  sampleResult,
  sampleServers,
} from './fake-data.ts'

type Answers = {
  [N in ProcedureName]: (input: ParsedInput<N>) => ProcedureOutput<N> | Promise<ProcedureOutput<N>>
}

/**
 * A gateway in memory, for driving the window without one: every procedure answers from the fields below, which a
 * spec may change at any time. What changes by a call is told by events, as the real one does.
 */
export class FakeGateway implements GatewayApi {
  servers: ServerRow[] = sampleServers()
  lists = structuredClone(sampleLists)
  logs = new Map<string, ReturnType<typeof sampleLog>>()
  activity = sampleActivity(60)
  catalog = new FakeCatalog()
  historyOn = true
  /** Answers of these procedures are errors. */
  failures = new Map<ProcedureName, GatewayError>()
  /** Answers take so long; `Infinity` never comes. */
  delayMs = new Map<ProcedureName, number>()
  /** Every call, in order. */
  calls: { name: ProcedureName; input: unknown }[] = []
  desktop: DesktopState | undefined
  info: GatewayInfoView = {
    version: '0.1.0',
    url: 'http://127.0.0.1:4444',
    pid: 4711,
    started_at: new Date(Date.now() - 8_040_000).toISOString(),
    platform: 'linux',
    state_dir: '/home/ada/.local/state/open-mcp-gateway',
    catalog_path: '/home/ada/.config/open-mcp-gateway/catalog.yaml',
    paused: false,
    sessions: 3,
    total_requests: 1670,
    last_reload: { time: new Date().toISOString(), ok: true, errors: [] },
  }
  settings: SettingsView = {
    config_path: '/home/ada/.config/open-mcp-gateway/config.yaml',
    url: 'http://127.0.0.1:4444',
    listen_addr: '127.0.0.1:4444',
    auth: 'api_key',
    key_source: 'generated',
    idle_timeout_seconds: 300,
    request_timeout_seconds: 30,
    log_level: 'info',
    hot_reload: true,
    history: true,
    restart_needed: [],
  }
  readonly containers = new FakeContainers((event) => this.emit(event))
  readonly signIns = new FakeSignIns({
    find: (id) => this.find(id),
    set: (id, change) => this.set(id, change),
  })
  readonly clients = new FakeClients({
    url: () => this.info.url,
    serverIds: () => this.servers.filter(({ enabled }) => enabled).map(({ id }) => id),
    catalog: {
      path: this.info.catalog_path,
      read: async () => this.catalog.read(this.info.catalog_path),
      check: async (text) => this.catalog.check(text),
      editText: async (text, edits) => this.catalog.edit(text, edits).text,
      replace: async (text, etag) => this.saveCatalog(text, etag),
    },
  })
  readonly secrets = new FakeSecrets(
    this.clients.secrets,
    this.catalog,
    () => this.reloaded().reload,
  )
  private readonly listeners = new Set<(event: ApiEvent) => void>()
  private readonly running = new Map<string, AbortController>()

  async call<N extends ProcedureName>(
    name: N,
    input: ProcedureInput<N>,
  ): Promise<ProcedureOutput<N>> {
    this.calls.push({ name, input })
    const parsed = procedures[name].input.safeParse(input)
    if (!parsed.success) throw new GatewayError('bad_request', parsed.error.message)
    const delay = this.delayMs.get(name)
    if (delay !== undefined) await wait(delay)
    const failure = this.failures.get(name)
    if (failure !== undefined) throw failure
    // The table has parsed it for this very name.
    return this.does[name](parsed.data as ParsedInput<N>)
  }

  onEvent(fn: (event: ApiEvent) => void): () => void {
    this.listeners.add(fn)
    return () => this.listeners.delete(fn)
  }

  /** Removes what was made on disk. */
  close(): Promise<void> {
    return this.clients.close()
  }

  emit(event: ApiEvent): void {
    for (const listener of this.listeners) listener(event)
  }

  /** Changes one server and tells of it. */
  set(id: string, change: Partial<ServerRow>): ServerRow {
    const row = { ...this.find(id), ...change }
    this.servers = this.servers.map((one) => (one.id === id ? row : one))
    this.emit({ type: 'server', server: row })
    return row
  }

  /** Writes one line into a server's log. */
  log(id: string, text?: string, source: 'stderr' | 'stdout' | 'lifecycle' = 'stderr'): void {
    const lines = this.linesOf(id)
    const made = logLine((lines.at(-1)?.seq ?? 0) + 1, Date.now())
    const line = text === undefined ? made : { ...made, text, source }
    lines.push(line)
    this.emit({ type: 'log', server_id: id, line })
  }

  private linesOf(id: string) {
    const known = this.logs.get(id)
    if (known !== undefined) return known
    const lines = sampleLog(40)
    this.logs.set(id, lines)
    return lines
  }

  private find(id: string): ServerRow {
    const row = this.servers.find((one) => one.id === id)
    if (row === undefined) throw new GatewayError('server_not_found', `There is no server '${id}'.`)
    return row
  }

  private async start(id: string): Promise<ServerRow> {
    if (id === 'slack') {
      const row = this.find(id)
      this.set(id, { status: 'unhealthy' })
      throw new GatewayError('server_failed', row.last_error ?? 'slack did not start.')
    }
    this.set(id, { status: 'starting', reason: 'waiting for initialize' })
    await wait(60)
    const started_at = new Date().toISOString()
    return this.set(id, { status: 'running', reason: '', started_at, last_error: null })
  }

  private stop(id: string): ServerRow {
    return this.set(id, { status: 'stopped', reason: 'stopped by you', started_at: null })
  }

  private pause(paused: boolean): GatewayInfoView {
    this.info = { ...this.info, paused }
    if (paused)
      for (const { id, status } of this.servers)
        if (status !== 'stopped') this.set(id, { status: 'stopped', reason: 'paused' })
    this.emit({ type: 'gateway', info: this.info })
    return this.info
  }

  private async request(
    callId: string,
    method: string,
    params: Record<string, unknown>,
  ): Promise<{ response: Record<string, unknown>; duration_ms: number }> {
    const cancel = new AbortController()
    this.running.set(callId, cancel)
    const startedAt = performance.now()
    const { name, arguments: given } = params
    try {
      if (name === 'slow_export') await this.progress(callId, given, cancel.signal)
      const result =
        method === 'resources/read'
          ? { contents: [{ uri: params['uri'], mimeType: 'text/plain', text: 'id,name\n1,Ada' }] }
          : method === 'prompts/get'
            ? {
                messages: [{ role: 'user', content: { type: 'text', text: 'Explain this plan.' } }],
              }
            : sampleResult(String(name), given)
      return {
        response: { jsonrpc: '2.0', id: 1, result },
        duration_ms: Math.round(performance.now() - startedAt) + 14,
      }
    } finally {
      this.running.delete(callId)
    }
  }

  private async progress(callId: string, given: unknown, signal: AbortSignal): Promise<void> {
    const steps =
      typeof given === 'object' && given !== null && 'steps' in given ? Number(given.steps) : 5
    for (let step = 1; step <= steps; step += 1) {
      await wait(250)
      if (signal.aborted) throw new GatewayError('cancelled', 'The call was cancelled.')
      this.emit({
        type: 'call_progress',
        call_id: callId,
        progress: step,
        total: steps,
        message: `Part ${step} of ${steps}`,
      })
    }
  }

  private readonly does: Answers = {
    'gateway.info': () => this.info,
    'gateway.pause': () => this.pause(true),
    'gateway.resume': () => this.pause(false),
    'servers.list': () => this.servers,
    'servers.memory': () =>
      Object.fromEntries(
        this.servers
          .filter(({ status }) => status === 'running')
          .map(({ id }, index) => [id, 48_000_000 + index * 13_500_000]),
      ),
    'containers.list': () => this.containers.rows,
    'containers.pull': ({ id }) => this.containers.pull(id),
    'sign_in.start': ({ id }) => this.signIns.start(id),
    'sign_in.finish': ({ id, redirect_url }) => this.signIns.finish(id, redirect_url),
    'sign_in.cancel': ({ id }) => this.signIns.cancel(id),
    'sign_in.sign_out': ({ id }) => this.signIns.signOut(id),
    'server.get': ({ id }) => {
      const detail = sampleDetail(this.find(id))
      return { ...detail, entry: this.catalog.entry(id) ?? detail.entry }
    },
    'server.start': ({ id }) => this.start(id),
    'server.stop': ({ id }) => this.stop(id),
    'server.restart': async ({ id }) => {
      this.stop(id)
      return this.start(id)
    },
    'server.logs': ({ id }) => this.linesOf(id),
    'server.lists': () => this.lists,
    'server.call': ({ call_id, method, params }) => this.request(call_id, method, params),
    'server.cancel': ({ call_id }) => {
      this.running.get(call_id)?.abort()
      return {}
    },
    'server.set_tool': ({ tool, enabled }) => {
      const denied = this.lists.denied_tools.filter((one) => one !== tool)
      this.lists = { ...this.lists, denied_tools: enabled ? denied : [...denied, tool] }
      return this.reloaded()
    },
    'catalog.read': () => this.catalog.read(this.info.catalog_path),
    'catalog.check': ({ text }) => this.catalog.check(text),
    'catalog.edit': ({ text, edits }) => this.catalog.edit(text, edits),
    'catalog.save': ({ text, etag }) => this.saveCatalog(text, etag),
    'catalog.schema': () => ({ ...z.toJSONSchema(catalogSchema, { io: 'input' }) }),
    'catalog.from_snippet': ({ text }) => this.catalog.fromSnippet(text),
    'catalog.reload': () => this.reloaded().reload,
    'activity.list': (input) => this.listActivity(input),
    'activity.get': ({ id }) => {
      const entry = this.activity.find((one) => one.id === id)
      if (entry === undefined)
        throw new GatewayError('not_found', 'This request is no longer kept.')
      return entry
    },
    'activity.replay': ({ id, call_id }) => {
      const entry = this.activity.find((one) => one.id === id)
      if (entry === undefined)
        throw new GatewayError('not_found', 'This request is no longer kept.')
      return this.request(call_id, entry.method, { name: entry.target })
    },
    'activity.clear': () => {
      this.activity = []
      return {}
    },
    'clients.list': () => this.clients.list(),
    'clients.preview': (input) => this.clients.preview(input),
    'clients.connect': (input) => this.clients.connect(input),
    'clients.disconnect': (input) => this.clients.disconnect(input),
    'clients.undo': (input) => this.clients.undo(input),
    'clients.check': (input) => this.clients.check(input),
    'clients.import_preview': (input) => this.clients.importPreview(input),
    'clients.import': (input) => this.clients.import(input),
    'access.list': () => this.clients.access(),
    'access.grant': (input) => this.clients.grant(input),
    'access.set_limits': (input) => this.clients.setLimits(input),
    'access.revoke': (input) => this.clients.revoke(input),
    'secrets.list': () => this.secrets.list(),
    'secrets.set': (input) => this.secrets.set(input),
    'secrets.remove': (input) => this.secrets.remove(input),
    'settings.get': () => this.settings,
    'settings.set': (patch) => {
      const given = Object.fromEntries(
        Object.entries(patch).filter(([, value]) => value !== undefined),
      )
      this.settings = {
        ...this.settings,
        ...given,
        restart_needed: [
          ...new Set([
            ...this.settings.restart_needed,
            ...('listen_addr' in given ? ['listen_addr'] : []),
          ]),
        ],
      }
      return this.settings
    },
    'key.reveal': () => ({ key: 'k_9f2c1e7a40b8d35561aa' }),
    'key.rotate': () => ({ key: 'k_0b77d1e2c3f4a5968778' }),
    'dashboard.link': () => ({
      url: `${this.info.url}/ui/#code=example`,
      expires_at: new Date(Date.now() + 300_000).toISOString(),
    }),
    'desktop.get': () => this.desktopState(),
    'desktop.set': (patch) => {
      const launch = patch.launch_at_login
      const state = this.desktopState()
      this.desktop = launch === undefined ? state : { ...state, launch_at_login: launch }
      this.emit({ type: 'desktop', state: this.desktop })
      return this.desktop
    },
    'desktop.update': () => this.desktopState(),
    'desktop.restart_gateway': () => ({}),
    'desktop.quit': () => ({}),
  }

  private saveCatalog(text: string, etag: string): ProcedureOutput<'catalog.save'> {
    const result = this.catalog.save(text, etag)
    const added = new Set(result.servers_added)
    const removed = new Set(result.servers_removed)
    this.servers = [
      ...this.servers.filter(({ id }) => !removed.has(id) && !added.has(id)),
      ...[...added].map((id) => newServer(id)),
    ]
    return this.reloaded(result)
  }

  private desktopState(): DesktopState {
    if (this.desktop === undefined)
      throw new GatewayError('not_found', 'There is no desktop app around this gateway.')
    return this.desktop
  }

  /** Somebody else's edit of the catalog, as the gateway notices it. */
  changeCatalogOnDisk(text: string): void {
    this.catalog.changeOnDisk(text)
    this.reloaded()
  }

  private reloaded(
    reload: ProcedureOutput<'catalog.reload'> = {
      servers_loaded: this.servers.length,
      servers_added: [],
      servers_removed: [],
      servers_changed: [],
    },
  ) {
    this.emit({ type: 'reload', ok: true, errors: [], result: reload })
    return { etag: this.catalog.etag, reload }
  }

  private listActivity(input: ParsedInput<'activity.list'>): ProcedureOutput<'activity.list'> {
    const { before, limit, server_id, client, outcome, text } = input
    const found = this.activity.filter(
      (one) =>
        (before === undefined || one.id < before) &&
        (server_id === undefined || one.server_id === server_id) &&
        (client === undefined || one.client === client) &&
        (outcome === undefined || one.outcome === outcome) &&
        (text === undefined ||
          [one.method, one.target, one.error].some((part) => part?.includes(text) === true)),
    )
    return {
      enabled: this.historyOn,
      entries: found.slice(0, limit),
      more: found.length > limit,
      skipped: 0,
    }
  }
}

function wait(ms: number): Promise<void> {
  return ms === Infinity ? new Promise(() => {}) : new Promise((resolve) => setTimeout(resolve, ms))
}
