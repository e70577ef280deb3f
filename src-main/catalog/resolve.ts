import { readFile, stat } from 'node:fs/promises'
import { isAbsolute, resolve as resolvePath } from 'node:path'
import type { Catalog, OauthClient, Runtime, ServerDefinition } from '../../src-shared/catalog.ts'
import type { DockerRuntime } from '../../src-shared/docker-runtime.ts'
import { asGatewayError } from '../../src-shared/errors.ts'
import { canonicalJson } from '../../src-shared/json-record.ts'
import type { LaunchDefinition } from '../runtimes/runtime.ts'
import { sha256 } from './content-version.ts'
import { readEnv, type EnvFileStyle } from './env-file.ts'
import { interpolate, secretName, type Lookup } from './interpolate.ts'
import { LoopTurn } from './loop-turn.ts'

/** One catalog entry with its variables filled in, as far as they are set. */
export interface ResolvedServer {
  launch: LaunchDefinition
  /** Equal for definitions that would launch the same process. Names, tags, timeouts and filters do not count. */
  fingerprint: string
  /** Unset variables without a default, `secret:NAME` for secrets. Not empty: do not launch. */
  missing: string[]
  /** What must not appear in logs: resolved variables, env and header values of 6 characters or more. */
  secrets: string[]
  /** Other reasons not to launch, for people. */
  problems: string[]
}

const shortestSecret = 6
const maxEnvFileBytes = 1024 * 1024
/** Set everywhere and no secret: hiding these would make logs unreadable. */
const openNames =
  /^(?:HOME|USER|USERNAME|USERPROFILE|LOGNAME|SHELL|PATH|PWD|LANG|LANGUAGE|LC_.*|TZ|TERM|TMPDIR|TEMP|TMP|HOSTNAME|APPDATA|LOCALAPPDATA|PROGRAMDATA|PROGRAMFILES|SYSTEMROOT|XDG_.*|NODE_ENV|LOG_LEVEL|DEBUG|PYTHONUNBUFFERED)$/

/** Undefined if the secret is not set. Rejects with GatewayError if that cannot be told. */
export type SecretReader = (name: string) => Promise<string | undefined>

/**
 * Resolves every `${…}` of `runtime`, `env` and `env_file`. Reads the env file (relative to `baseDir`); `env` wins over
 * it. Never throws for what stands in the catalog: that is in `missing` and `problems`. Without `readSecret` no secret
 * is set.
 */
export async function resolveServer(
  definition: ServerDefinition,
  lookup: Lookup,
  baseDir: string,
  readSecret?: SecretReader,
): Promise<ResolvedServer> {
  const asked = new Set<string>()
  const found = new Map<string, string>()
  const resolve = (): Promise<ResolvedServer> =>
    resolveOnce(
      definition,
      (name) => {
        const secret = secretName(name)
        if (secret === undefined) return lookup(name)
        asked.add(secret)
        return found.get(secret)
      },
      baseDir,
    )
  // Which secrets are needed comes out when all is resolved without them: one may stand in another's default.
  const without = await resolve()
  if (asked.size === 0 || readSecret === undefined) return without
  const problems: string[] = []
  const unknown = new Set<string>()
  for (const name of asked) {
    try {
      const value = await readSecret(name)
      if (value !== undefined) found.set(name, value)
    } catch (error) {
      unknown.add(`secret:${name}`)
      problems.push(
        `Secret ${name} of server '${definition.id}' cannot be read. ${asGatewayError(error).message}`,
      )
    }
  }
  const resolved = found.size === 0 ? without : await resolve()
  return {
    ...resolved,
    missing: resolved.missing.filter((name) => !unknown.has(name)),
    problems: [...resolved.problems, ...problems],
  }
}

async function resolveOnce(
  definition: ServerDefinition,
  lookup: Lookup,
  baseDir: string,
): Promise<ResolvedServer> {
  const notes = new Notes(definition.id, lookup)
  const runtime = notes.runtime(definition.runtime)
  const docker = definition.runtime.type === 'docker' ? definition.runtime : undefined
  const style = docker === undefined ? 'dotenv' : 'docker'
  const env = {
    ...(await notes.envFile(docker?.env_file, baseDir, style)),
    ...(await notes.envFile(definition.env_file, baseDir, style)),
    ...notes.env(definition.env),
  }
  const launch: LaunchDefinition = {
    serverId: definition.id,
    runtime,
    env,
    inheritEnv: definition.inherit_env,
    baseDir,
  }
  return {
    launch,
    fingerprint: sha256(canonicalJson(launch)),
    missing: [...notes.missing],
    secrets: [...notes.secrets],
    problems: notes.problems,
  }
}

/**
 * Resolves every server of a catalog, by id. Lets the event loop turn in between, so that a thousand servers do not
 * hold up requests.
 */
export async function resolveCatalog(
  catalog: Catalog,
  lookup: Lookup,
  baseDir: string,
  readSecret?: SecretReader,
): Promise<Map<string, ResolvedServer>> {
  const resolved = new Map<string, ResolvedServer>()
  const turn = new LoopTurn()
  for (const definition of catalog.servers) {
    if (turn.isOver()) await turn.next()
    resolved.set(definition.id, await resolveServer(definition, lookup, baseDir, readSecret))
  }
  return resolved
}

/** Collects what comes up while one definition is resolved. */
class Notes {
  readonly missing = new Set<string>()
  readonly secrets = new Set<string>()
  readonly problems: string[] = []
  readonly #id: string
  readonly #lookup: Lookup

  constructor(id: string, lookup: Lookup) {
    this.#id = id
    this.#lookup = lookup
  }

  runtime(runtime: Runtime): Runtime {
    if (runtime.type === 'local-process') {
      const { working_dir, ...rest } = runtime
      const resolved = {
        ...rest,
        command: this.text(runtime.command),
        args: runtime.args.map((arg) => this.text(arg)),
      }
      return working_dir === undefined
        ? resolved
        : { ...resolved, working_dir: this.text(working_dir) }
    }
    if (runtime.type === 'docker') return this.docker(runtime)
    const { oauth, ...rest } = runtime
    return {
      ...rest,
      url: this.text(runtime.url),
      headers: this.headers(runtime.headers),
      ...(oauth === undefined ? {} : { oauth: this.oauth(oauth) }),
    }
  }

  docker(runtime: DockerRuntime): DockerRuntime {
    const resolved: DockerRuntime = {
      ...runtime,
      image: this.text(runtime.image),
      args: runtime.args.map((arg) => this.text(arg)),
      volumes: runtime.volumes.map((volume) => this.text(volume)),
    }
    for (const key of ['container_name', 'network', 'memory', 'user', 'path'] as const) {
      const template = runtime[key]
      if (template !== undefined) resolved[key] = this.text(template)
    }
    return resolved
  }

  text(template: string): string {
    const { value, missing } = interpolate(template, this.#lookup, (name, found) => {
      if (!openNames.test(name.toUpperCase())) this.secret(found)
    })
    for (const name of missing) this.missing.add(name)
    return value
  }

  env(env: Record<string, string>): Record<string, string> {
    const resolved: Record<string, string> = {}
    for (const [name, template] of Object.entries(env)) {
      if (isReserved(name)) {
        this.problems.push(
          `env of server '${this.#id}' sets ${name}: names that begin with MCP_GATEWAY_ are the gateway's own and never reach a server. Use another name.`,
        )
        continue
      }
      const value = this.text(template)
      if (!openNames.test(name.toUpperCase())) this.secret(value)
      resolved[name] = value
    }
    return resolved
  }

  headers(headers: Record<string, string>): Record<string, string> {
    const resolved: Record<string, string> = {}
    for (const [name, template] of Object.entries(headers)) {
      const value = this.text(template)
      if (!/^(?:accept|content-type|user-agent|accept-.*)$/i.test(name)) {
        this.secret(value)
        // "Bearer abc…": the token alone must be hidden as well.
        this.secret(value.slice(value.indexOf(' ') + 1))
      }
      resolved[name] = value
    }
    return resolved
  }

  oauth({ client_id, client_secret, scopes, ...rest }: OauthClient): OauthClient {
    const secret = client_secret === undefined ? undefined : this.text(client_secret)
    if (secret !== undefined) this.secret(secret)
    return {
      ...rest,
      ...(client_id === undefined ? {} : { client_id: this.text(client_id) }),
      ...(secret === undefined ? {} : { client_secret: secret }),
      ...(scopes === undefined ? {} : { scopes: scopes.map((scope) => this.text(scope)) }),
    }
  }

  async envFile(
    template: string | undefined,
    baseDir: string,
    style: EnvFileStyle,
  ): Promise<Record<string, string>> {
    if (template === undefined) return {}
    const before = this.missing.size
    const name = this.text(template)
    // With a part of its path missing there is no sense in a second complaint.
    if (this.missing.size > before) return {}
    const path = isAbsolute(name) ? name : resolvePath(baseDir, name)
    let found: Record<string, string>
    try {
      const { size } = await statFile(path)
      if (size > maxEnvFileBytes) throw new Error(`larger than ${maxEnvFileBytes / 2 ** 20} MiB`)
      found = readEnv(await readFile(path, 'utf8'), style, this.#lookup)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      this.problems.push(
        `env_file of server '${this.#id}' cannot be read: ${path} (${why}). Create the file, correct the path or remove env_file.`,
      )
      return {}
    }
    const resolved: Record<string, string> = {}
    for (const [variable, value] of Object.entries(found)) {
      // A file shared with other programs may well hold our own settings; they stay here.
      if (isReserved(variable)) continue
      if (!openNames.test(variable.toUpperCase())) this.secret(value)
      resolved[variable] = value
    }
    return resolved
  }

  secret(value: string): void {
    if (value.length >= shortestSecret) this.secrets.add(value)
    // Logs come line by line.
    if (!value.includes('\n')) return
    for (const line of value.split(/\r?\n/)) if (line.length >= 16) this.secrets.add(line)
  }
}

/** A pipe or a device would keep us waiting for ever. */
async function statFile(path: string): Promise<{ size: number }> {
  const stats = await stat(path)
  if (!stats.isFile()) throw new Error('not a file')
  return stats
}

/** Windows does not tell upper from lower case in names. */
function isReserved(name: string): boolean {
  return name.toUpperCase().startsWith('MCP_GATEWAY_')
}
