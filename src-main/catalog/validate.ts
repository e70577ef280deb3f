import { access, constants } from 'node:fs/promises'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import type { Config } from '../../src-shared/config.ts'
import { secretName, type Lookup } from './interpolate.ts'
import type { LoadedCatalog } from './parse-cache.ts'
import { resolveCatalog, type ResolvedServer, type SecretReader } from './resolve.ts'

/** One line each, for printing. `--validate` fails on problems, with `--strict` on warnings too. */
export interface Validation {
  problems: string[]
  warnings: string[]
}

/**
 * What would keep a loaded config and catalog from working: what the schema cannot see. Starts nothing; whether
 * commands exist is not checked, as they are looked up with the login shell's environment.
 */
export async function validateFiles(
  config: Config,
  loaded: LoadedCatalog,
  lookup: Lookup,
  readSecret?: SecretReader,
): Promise<Validation> {
  const result: Validation = { problems: [], warnings: [] }
  checkAccess(config, lookup, result)
  for (const file of config.tls === undefined ? [] : [config.tls.cert, config.tls.key]) {
    if (!(await canAccess(file, constants.R_OK))) {
      result.problems.push(`tls: ${file} cannot be read. Correct the path or its permissions.`)
    }
  }
  const resolved = await resolveCatalog(loaded.catalog, lookup, loaded.baseDir, readSecret)
  for (const server of resolved.values()) await checkServer(server, result)
  if (resolved.size === 0) result.warnings.push(`${loaded.path} names no servers.`)
  return result
}

/** Product: security. Wider than loopback only with a key. */
function checkAccess(config: Config, lookup: Lookup, result: Validation): void {
  if (isLoopback(config.listen_addr)) return
  const key = config.api_key ?? lookup('MCP_GATEWAY_API_KEY') ?? ''
  if (config.auth === 'none') {
    result.problems.push(
      `listen_addr ${config.listen_addr} is not loopback and auth is none: everybody in the network could run the servers. Set auth: api_key, or listen on 127.0.0.1.`,
    )
  } else if (key === '') {
    result.problems.push(
      `listen_addr ${config.listen_addr} is not loopback and there is no api_key. Set api_key or MCP_GATEWAY_API_KEY, or listen on 127.0.0.1.`,
    )
  }
}

async function checkServer(server: ResolvedServer, result: Validation): Promise<void> {
  const { serverId, runtime, baseDir } = server.launch
  for (const name of server.missing) {
    const secret = secretName(name)
    const what =
      secret === undefined
        ? `variable ${name} is not set and has no default.`
        : `secret ${secret} is not set; \`gateway secrets set ${secret}\` sets it.`
    result.warnings.push(`Server '${serverId}': ${what} The server stays stopped until it is.`)
  }
  result.problems.push(...server.problems)
  // What is built from a missing variable is no use to check.
  if (server.missing.length > 0) return
  if (runtime.type === 'docker') return
  if (runtime.type !== 'local-process') {
    const url = URL.parse(runtime.url)
    if (url === null || !/^https?:$/.test(url.protocol)) {
      result.problems.push(
        `Server '${serverId}': url must begin with http:// or https://, not '${runtime.url.slice(0, 8)}…'.`,
      )
    }
  } else if (runtime.working_dir !== undefined) {
    const folder = resolve(baseDir, runtime.working_dir)
    if (!(await canAccess(folder, constants.X_OK))) {
      result.warnings.push(`Server '${serverId}': working_dir ${folder} cannot be entered.`)
    }
  }
}

function isLoopback(listenAddr: string): boolean {
  const host = listenAddr.slice(0, listenAddr.lastIndexOf(':')).replace(/^\[|\]$/g, '')
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

async function canAccess(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  )
}
