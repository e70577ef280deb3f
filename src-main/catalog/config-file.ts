import { readFile } from 'node:fs/promises'
import { posix, win32 } from 'node:path'
import type { Config } from '../../src-shared/config.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { errorCode, isAbsent } from './file-error.ts'

export interface ConfigSearch {
  /** `--config`. Must exist. */
  explicitPath?: string | undefined
  /** Look for `config.yaml` here; only for a command that a person typed (product: config). */
  cwd?: string | undefined
  env: Record<string, string | undefined>
  platform: NodeJS.Platform
  homedir: string
}

export interface LoadedConfig {
  /** Variables resolved, paths absolute. */
  config: Config
  /** Absent when there is no file and everything has its default. */
  path?: string
  /** Absolute. */
  catalogPath: string
}

/** What the schema's defaults give, kept here so that a start without a file loads no schema. */
export const defaultConfig: Config = {
  listen_addr: '127.0.0.1:4444',
  log_level: 'info',
  auth: 'api_key',
  idle_timeout_seconds: 300,
  health_check_interval_seconds: 30,
  max_connections_per_server: 10,
  request_timeout_seconds: 30,
  max_request_seconds: 3600,
  start_timeout_seconds: 60,
  drain_timeout_seconds: 10,
  allowed_hosts: [],
  cors_enabled: false,
  cors_origins: [],
  hot_reload: true,
  history: true,
}

/**
 * The first config file of: `explicitPath`, `<cwd>/config.yaml`, the user's, `/etc/mcp-gateway/config.yaml`; without
 * one the defaults. Throws CatalogError with file, line and column for what is wrong in it.
 */
export async function loadConfig(search: ConfigSearch): Promise<LoadedConfig> {
  const paths = search.platform === 'win32' ? win32 : posix
  for (const candidate of candidates(search)) {
    const bytes = await readCandidate(candidate, search.explicitPath !== undefined)
    if (bytes === undefined) continue
    const config = await readConfig(bytes, candidate, search)
    const catalogPath = config.catalog_path ?? paths.join(paths.dirname(candidate), 'catalog.yaml')
    return { config, path: candidate, catalogPath }
  }
  const catalogPath = paths.join(userConfigDir(search), 'catalog.yaml')
  return { config: structuredClone(defaultConfig), catalogPath }
}

/** The settings in a text of config.yaml at `path`, with absolute paths. Throws CatalogError. */
export async function readConfig(
  text: string | Buffer,
  path: string,
  { env, platform, homedir }: Pick<ConfigSearch, 'env' | 'platform' | 'homedir'>,
): Promise<Config> {
  const paths = platform === 'win32' ? win32 : posix
  const { parseConfig } = await import('./parse-config.ts')
  return absolutePaths(parseConfig(text, path, env), (each) =>
    paths.resolve(paths.dirname(path), each.replace(/^~(?=[\\/]|$)/, homedir)),
  )
}

/** Where a person's config and catalog are: XDG, Application Support or AppData. */
export function userConfigDir(search: Pick<ConfigSearch, 'env' | 'platform' | 'homedir'>): string {
  const { env, platform, homedir } = search
  if (platform === 'win32') {
    return win32.join(env['APPDATA'] || win32.join(homedir, 'AppData', 'Roaming'), 'mcp-gateway')
  }
  if (platform === 'darwin') {
    return posix.join(homedir, 'Library', 'Application Support', 'mcp-gateway')
  }
  // The XDG specification: a relative path is to be ignored.
  const xdg = env['XDG_CONFIG_HOME']
  const base = xdg !== undefined && posix.isAbsolute(xdg) ? xdg : posix.join(homedir, '.config')
  return posix.join(base, 'mcp-gateway')
}

function candidates(search: ConfigSearch): string[] {
  const paths = search.platform === 'win32' ? win32 : posix
  if (search.explicitPath !== undefined) {
    return [paths.resolve(search.cwd ?? '', search.explicitPath)]
  }
  const found = [paths.join(userConfigDir(search), 'config.yaml')]
  if (search.cwd !== undefined) found.unshift(paths.join(search.cwd, 'config.yaml'))
  if (search.platform !== 'win32') found.push('/etc/mcp-gateway/config.yaml')
  return found
}

async function readCandidate(path: string, required: boolean): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (cause) {
    if (!required && (isAbsent(cause) || errorCode(cause) === 'EISDIR')) return undefined
    const why = isAbsent(cause) ? 'it does not exist' : String(cause)
    throw new GatewayError('bad_request', `The config file ${path} cannot be read: ${why}.`, {
      cause,
    })
  }
}

function absolutePaths(config: Config, resolve: (path: string) => string): Config {
  const result = { ...config }
  if (config.catalog_path !== undefined) result.catalog_path = resolve(config.catalog_path)
  if (config.state_dir !== undefined) result.state_dir = resolve(config.state_dir)
  if (config.tls !== undefined) {
    result.tls = { cert: resolve(config.tls.cert), key: resolve(config.tls.key) }
  }
  return result
}
