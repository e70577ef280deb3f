import { z } from 'zod'
import {
  clientChange,
  clientCheck,
  clientId,
  clientPreview,
  clientRow,
  connectOptions,
} from './api-clients.ts'
import { logLine, serverDetail, serverLists, serverRow } from './api-servers.ts'
import { serverIdPattern } from './catalog.ts'
import { accessClient, accessGrant, accessLimits, accessRow } from './client-access.ts'
import { importInput, importPreview, importResult, importSource } from './client-import.ts'
import { logLevels } from './config.ts'
import { containerEvent, containerRow, containerServer } from './container.ts'
import { secretInput, secretName, secretPlace, secretRow } from './secret.ts'
import { signInFinish, signInLink, signInServer } from './sign-in.ts'

/**
 * The management API: every procedure with its input and output, and every event. HTTP (`POST /api/<name>`,
 * `GET /api/events`) and the desktop app's IPC are two carriers of this one table, and `src-main/management/` is its
 * one implementation. The renderer takes the types alone, so that no schema is in its bundle.
 */

const serverId = z.string().regex(serverIdPattern)
const none = z.strictObject({})
const oneServer = z.strictObject({ id: serverId })
const jsonObject = z.record(z.string(), z.unknown())
/** ISO 8601. */
const time = z.string()

/** `line` and `column` begin at 1. */
const problem = z.object({ message: z.string(), line: z.number(), column: z.number() })

/** Where an entry stands in the text: first and last line, from 1. `entry`: as written, without defaults. */
const catalogEntry = z.object({
  id: z.string(),
  from_line: z.number(),
  to_line: z.number(),
  entry: jsonObject,
})

const catalogCheck = z.object({
  problems: z.array(problem),
  /** False: the text is no YAML, so that it can be edited by hand alone, and `entries` are a guess. */
  readable: z.boolean(),
  /** What the text has, as far as it can be read. */
  entries: z.array(catalogEntry),
})

/** `patch`: a JSON merge patch (RFC 7396). Comments and formatting of what an edit does not touch stay. */
const catalogEdit = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('add'), entry: jsonObject }),
  z.strictObject({ op: z.literal('patch'), id: z.string(), patch: jsonObject }),
  z.strictObject({ op: z.literal('remove'), id: z.string() }),
])

const reloadResult = z.object({
  servers_loaded: z.number(),
  servers_added: z.array(z.string()),
  servers_removed: z.array(z.string()),
  servers_changed: z.array(z.string()),
})

const saved = z.object({ etag: z.string(), reload: reloadResult })

/** A server found in pasted text. `notes`: what was left out or altered, in plain words. */
const snippetEntry = z.object({ entry: jsonObject, notes: z.array(z.string()) })

const activityOutcome = z.enum(['ok', 'error', 'cancelled'])

/** One request of a client that went to a server. */
const activityEntry = z.object({
  id: z.number(),
  time,
  /** The AI client's name as far as it is known. */
  client: z.string(),
  server_id: z.string(),
  method: z.string(),
  /** The tool, prompt or resource that it is about. */
  target: z.string().nullable(),
  duration_ms: z.number(),
  outcome: activityOutcome,
  /** The error's message. */
  error: z.string().nullable(),
})

/** JSON texts, secrets masked; null where it was not kept (too large, cancelled). */
const activityDetail = activityEntry.extend({
  request: z.string().nullable(),
  response: z.string().nullable(),
  /** False if what is kept is not what was sent: `replay_reason` says why, in plain words. */
  is_replayable: z.boolean(),
  replay_reason: z.string().nullable(),
})

const settings = z.object({
  /** Where the settings are kept; the file is made on the first change. */
  config_path: z.string(),
  /** Of the running gateway. */
  url: z.string(),
  listen_addr: z.string(),
  auth: z.enum(['api_key', 'none']),
  /** Where the key comes from; only a generated one can be rotated here. */
  key_source: z.enum(['generated', 'config', 'environment', 'none']),
  idle_timeout_seconds: z.number(),
  request_timeout_seconds: z.number(),
  log_level: z.enum(logLevels),
  hot_reload: z.boolean(),
  history: z.boolean(),
  /** Keys of the file that differ from what the running gateway uses: they apply at its next start. */
  restart_needed: z.array(z.string()),
})

const settingsPatch = z.strictObject({
  listen_addr: z.string().optional(),
  idle_timeout_seconds: z.number().int().min(0).optional(),
  request_timeout_seconds: z.number().int().min(1).optional(),
  log_level: z.enum(logLevels).optional(),
  hot_reload: z.boolean().optional(),
  history: z.boolean().optional(),
})

const gatewayInfo = z.object({
  version: z.string(),
  url: z.string(),
  pid: z.number(),
  started_at: time,
  platform: z.string(),
  state_dir: z.string(),
  catalog_path: z.string(),
  /** All servers are stopped, and none is started until `gateway.resume`. */
  paused: z.boolean(),
  sessions: z.number(),
  total_requests: z.number(),
  /** The last attempt to load the catalog; errors are `file:line:column: message`. */
  last_reload: z.object({ time, ok: z.boolean(), errors: z.array(z.string()) }),
})

/** What only the desktop app has; `gateway` says how it is connected to its gateway. */
const desktopState = z.object({
  /** `none`: it has none, and every other procedure fails with `problem`. */
  gateway: z.enum(['own', 'attached', 'starting', 'none']),
  /** Why there is no gateway, and what to do; `desktop.restart_gateway` tries again. */
  problem: z.string().nullable(),
  can_launch_at_login: z.boolean(),
  launch_at_login: z.boolean(),
  has_tray: z.boolean(),
  update: z.object({
    state: z.enum(['unavailable', 'idle', 'checking', 'downloading', 'ready', 'failed']),
    version: z.string().nullable(),
    message: z.string(),
  }),
})

function procedure<I extends z.ZodType, O extends z.ZodType>(input: I, output: O) {
  return { input, output }
}

export const procedures = {
  'gateway.info': procedure(none, gatewayInfo),
  /** Stops every server and starts none until it is resumed. */
  'gateway.pause': procedure(none, gatewayInfo),
  'gateway.resume': procedure(none, gatewayInfo),

  'servers.list': procedure(none, z.array(serverRow)),
  /** Resident memory of each running server's processes, in bytes. */
  'servers.memory': procedure(none, z.record(z.string(), z.number())),
  'server.get': procedure(oneServer, serverDetail),
  'server.start': procedure(oneServer, serverRow),
  'server.stop': procedure(oneServer, serverRow),
  'server.restart': procedure(oneServer, serverRow),
  'server.logs': procedure(oneServer, z.array(logLine)),
  /** Starts a server that was never listed, or with `refresh` any that is stopped. */
  'server.lists': procedure(
    z.strictObject({ id: serverId, refresh: z.boolean().default(false) }),
    serverLists,
  ),
  /** One request, as a client would send it. `response` is the JSON-RPC answer, result or error. */
  'server.call': procedure(
    z.strictObject({
      id: serverId,
      /** Chosen by the caller: names the call in `call_progress` and `server.cancel`. */
      call_id: z.string().min(1).max(100),
      method: z.string().min(1).max(200),
      params: jsonObject,
    }),
    z.object({ response: jsonObject, duration_ms: z.number() }),
  ),
  'server.cancel': procedure(z.strictObject({ call_id: z.string() }), none),
  /** Writes `tools.deny` of the catalog. */
  'server.set_tool': procedure(
    z.strictObject({ id: serverId, tool: z.string().min(1), enabled: z.boolean() }),
    saved,
  ),

  /** Every server in a container: its image, and what its containers use now (which the engine is asked). */
  'containers.list': procedure(none, z.array(containerRow)),
  /** Pulls the image, also where there is one: of `latest`, say. Answers when it is there; running containers go on. */
  'containers.pull': procedure(containerServer, containerRow),

  'catalog.read': procedure(
    none,
    catalogCheck.extend({ text: z.string(), etag: z.string(), path: z.string() }),
  ),
  'catalog.check': procedure(z.strictObject({ text: z.string() }), catalogCheck),
  /** Applies edits to a text; nothing is written. */
  'catalog.edit': procedure(
    z.strictObject({ text: z.string(), edits: z.array(catalogEdit).min(1).max(1000) }),
    catalogCheck.extend({ text: z.string() }),
  ),
  /** Throws `precondition_failed` if the file is no longer what `etag` was given for. */
  'catalog.save': procedure(z.strictObject({ text: z.string(), etag: z.string() }), saved),
  /** The catalog's JSON Schema, for completion. */
  'catalog.schema': procedure(none, jsonObject),
  /** Servers in pasted text: the `mcpServers` JSON of a README, one entry of it, VS Code's `servers`, a command line, a URL. */
  'catalog.from_snippet': procedure(
    z.strictObject({ text: z.string().max(1_000_000) }),
    z.object({ entries: z.array(snippetEntry) }),
  ),
  'catalog.reload': procedure(none, reloadResult),

  'activity.list': procedure(
    z.strictObject({
      /** Entries older than this id. */
      before: z.number().int().optional(),
      limit: z.number().int().min(1).max(500).default(100),
      server_id: z.string().optional(),
      client: z.string().optional(),
      outcome: activityOutcome.optional(),
      /** In method, target and error. */
      text: z.string().optional(),
    }),
    z.object({
      enabled: z.boolean(),
      entries: z.array(activityEntry),
      more: z.boolean(),
      /** Requests since the gateway's start that were not kept, because too many came at once. */
      skipped: z.number(),
    }),
  ),
  'activity.get': procedure(z.strictObject({ id: z.number().int() }), activityDetail),
  /** Sends the same request again; it becomes an entry of its own. */
  'activity.replay': procedure(
    z.strictObject({ id: z.number().int(), call_id: z.string().min(1).max(100) }),
    z.object({ response: jsonObject, duration_ms: z.number() }),
  ),
  'activity.clear': procedure(none, none),

  /** Names alone: no procedure gives a value. `problem`: why some may be left out. */
  'secrets.list': procedure(
    none,
    z.object({ secrets: z.array(secretRow), problem: z.string().nullable() }),
  ),
  /**
   * Sets a secret, and loads the catalog anew so that the servers that use it take it; `reload` is null if the catalog
   * is not valid. `note`: why it is not in the keychain, where there is one.
   */
  'secrets.set': procedure(
    secretInput,
    z.object({ store: secretPlace, note: z.string().nullable(), reload: reloadResult.nullable() }),
  ),
  /** Throws `not_found` if it is not set. */
  'secrets.remove': procedure(secretName, z.object({ reload: reloadResult.nullable() })),

  /**
   * Begins to sign in to a remote server. While a sign-in is under way it gives the same link again. The browser ends at
   * an address of the gateway's machine, which then goes on by itself; from another machine, `sign_in.finish` does.
   * Throws `bad_request` for a server that knows no such sign-in.
   */
  'sign_in.start': procedure(signInServer, signInLink),
  /** Throws `not_found` where none is under way, `bad_request` with the reason where it came to nothing. */
  'sign_in.finish': procedure(signInFinish, serverRow),
  /** Does nothing where none is under way. */
  'sign_in.cancel': procedure(signInServer, serverRow),
  /** Forgets the tokens, and revokes them at the issuer. `note`: why they may live on there until they expire. */
  'sign_in.sign_out': procedure(
    signInServer,
    z.object({ server: serverRow, note: z.string().nullable() }),
  ),

  'settings.get': procedure(none, settings),
  'settings.set': procedure(settingsPatch, settings),
  'key.reveal': procedure(none, z.object({ key: z.string() })),
  /** A new key; the old one ends at once. Only for a generated key. */
  'key.rotate': procedure(none, z.object({ key: z.string() })),
  /** A one-time link to the dashboard, good for five minutes. */
  'dashboard.link': procedure(none, z.object({ url: z.string(), expires_at: time })),

  /** Every AI client that is known, found or not; their files are not read. */
  'clients.list': procedure(none, z.array(clientRow)),
  /** What connecting would write; nothing is written. */
  'clients.preview': procedure(z.strictObject(connectOptions), clientPreview),
  /** Throws `precondition_failed` if the file is no longer what `before` was given for. */
  'clients.connect': procedure(
    z.strictObject({
      ...connectOptions,
      before: z.string(),
      via: z.enum(['file', 'cli']).default('file'),
    }),
    clientChange.extend({ backup: z.string().nullable() }),
  ),
  /** Takes our entries out again, and revokes the client's token. `file`: of one connection; default all of them. */
  'clients.disconnect': procedure(
    z.strictObject({ id: clientId, file: z.string().max(4096).optional() }),
    clientChange,
  ),
  /** Brings the bytes from before back; `exact` is false where the file has changed since, so that only our entry went. */
  'clients.undo': procedure(
    z.strictObject({ id: clientId, file: z.string().max(4096).optional() }),
    clientChange.extend({ exact: z.boolean() }),
  ),
  'clients.check': procedure(z.strictObject({ id: clientId }), clientCheck),
  /** Servers that could be taken over, as entries of the catalog; nothing is written. */
  'clients.import_preview': procedure(z.strictObject({ source: importSource }), importPreview),
  /**
   * Secrets first, the catalog second, clients' files last: what fails before the catalog is written leaves nothing
   * behind, and a client whose file cannot be changed is named in the result. Throws `precondition_failed` if the
   * catalog or a file is no longer what `before` was given for.
   */
  'clients.import': procedure(importInput, importResult),

  /** What AI clients may see and use, and who of them has called. */
  'access.list': procedure(none, z.array(accessRow)),
  /**
   * Gives a client access, or gives it back, with a token that opens MCP alone, shown this once; one from before ends.
   * Without `name` the id serves.
   */
  'access.grant': procedure(
    accessGrant,
    z.object({ token: z.string().nullable(), client: accessRow }),
  ),
  /** Applies at once; clients that are connected are told that their lists have changed. */
  'access.set_limits': procedure(accessLimits, accessRow),
  /** Its token, sessions and streams end at once. Throws `not_found` for a client that is not known. */
  'access.revoke': procedure(accessClient, accessRow),

  /** The `desktop.*` procedures answer `not_found` where no desktop app is. */
  'desktop.get': procedure(none, desktopState),
  'desktop.set': procedure(
    z.strictObject({ launch_at_login: z.boolean().optional() }),
    desktopState,
  ),
  /** Looks for an update; with one that is ready, installs it and starts anew. */
  'desktop.update': procedure(none, desktopState),
  /** Stops the gateway that the app hosts and starts it anew, with the settings as they are on disk. */
  'desktop.restart_gateway': procedure(none, none),
  /** Stops every server and ends the app: where there is no tray, this is the way out. */
  'desktop.quit': procedure(none, none),
} as const

export type ProcedureName = keyof typeof procedures
/** As the caller gives it: what has a default may be left out. */
export type ProcedureInput<N extends ProcedureName> = z.input<(typeof procedures)[N]['input']>
/** As the implementation gets it. */
export type ParsedInput<N extends ProcedureName> = z.output<(typeof procedures)[N]['input']>
export type ProcedureOutput<N extends ProcedureName> = z.output<(typeof procedures)[N]['output']>

export const apiEvent = z.discriminatedUnion('type', [
  /** A server's state has changed, or it is new. */
  z.object({ type: z.literal('server'), server: serverRow }),
  /** Another catalog is in force, or the one on disk is not valid: all lists may differ. */
  z.object({
    type: z.literal('reload'),
    ok: z.boolean(),
    errors: z.array(z.string()),
    result: reloadResult.nullable(),
  }),
  z.object({ type: z.literal('log'), server_id: z.string(), line: logLine }),
  z.object({ type: z.literal('activity'), entry: activityEntry }),
  /** A pull goes on, or a container came or went. Pulls are told a few times a second at most. */
  containerEvent,
  z.object({
    type: z.literal('call_progress'),
    call_id: z.string(),
    progress: z.number(),
    total: z.number().nullable(),
    message: z.string().nullable(),
  }),
  /** Paused, resumed, sessions came or went. */
  z.object({ type: z.literal('gateway'), info: gatewayInfo }),
  /** The desktop app's own state. */
  z.object({ type: z.literal('desktop'), state: desktopState }),
  /** The carrier has lost (false) or found again (true) the gateway. Made by the carrier, not by the gateway. */
  z.object({ type: z.literal('connection'), ok: z.boolean() }),
])

/** How both carriers answer. */
export type ApiAnswer =
  { ok: unknown } | { error: { code: string; message: string; data?: unknown } }

export type ApiEvent = z.output<typeof apiEvent>
export type CatalogCheck = z.output<typeof catalogCheck>
export type CatalogEntry = z.output<typeof catalogEntry>
export type CatalogEdit = z.output<typeof catalogEdit>
export type SnippetEntry = z.output<typeof snippetEntry>
export type ActivityEntry = z.output<typeof activityEntry>
export type ActivityDetail = z.output<typeof activityDetail>
export type ActivityOutcome = z.output<typeof activityOutcome>
export type SettingsView = z.output<typeof settings>
export type SettingsPatch = z.output<typeof settingsPatch>
export type GatewayInfoView = z.output<typeof gatewayInfo>
export type DesktopState = z.output<typeof desktopState>
export type CatalogProblemView = z.output<typeof problem>

/** What the renderer and the desktop app speak to, whatever carries it. */
export interface GatewayApi {
  /** Rejects with an error that has a `code` of the registry (`errors.ts`). */
  call<N extends ProcedureName>(name: N, input: ProcedureInput<N>): Promise<ProcedureOutput<N>>
  onEvent(fn: (event: ApiEvent) => void): () => void
}
