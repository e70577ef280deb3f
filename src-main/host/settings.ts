import os from 'node:os'
import path from 'node:path'
import type { Config, LogLevel } from '../../src-shared/config.ts'
import { loadConfig, userConfigDir } from '../catalog/config-file.ts'
import type { LoadedConfig } from '../catalog/config-file.ts'
import { stateDir, stateFiles } from '../state-dir.ts'
import type { StateFiles } from '../state-dir.ts'

/** Config and flags together: what a gateway works with. */
export interface Settings extends LoadedConfig {
  files: StateFiles
  /** What the file says, or the defaults, before any flag. */
  fileConfig: Config
  /** Where a change of the settings is written; there may be no file yet. */
  configPath: string
}

/** What a command line may say of the settings; each wins over the config file. */
export interface SettingsFlags {
  config?: string | undefined
  catalog?: string | undefined
  /** host:port, checked. */
  listen?: string | undefined
  'state-dir'?: string | undefined
  'log-level'?: LogLevel | undefined
  /** Started by a program (the shim, the app), not by a person in a folder of their choice. */
  spawned?: boolean | undefined
}

/**
 * Flags win over the config file, which wins over the defaults. Throws CatalogError or GatewayError for a config file
 * that cannot be used.
 */
export async function loadSettings(given: SettingsFlags): Promise<Settings> {
  const surroundings = { env: process.env, platform: process.platform, homedir: os.homedir() }
  // An AI client spawns the shim inside of cloned repositories: their files are not our settings.
  const cwd = given.spawned === true ? undefined : process.cwd()
  const loaded = await loadConfig({ ...surroundings, cwd, explicitPath: given.config })
  const config = { ...loaded.config }
  if (given.listen !== undefined) config.listen_addr = given.listen
  else if (given.spawned === true && given.catalog !== undefined)
    // The well-known port belongs to the gateway of the user's own catalog.
    config.listen_addr = '127.0.0.1:0'
  if (given['log-level'] !== undefined) config.log_level = given['log-level']
  const dir = stateDir(surroundings, given['state-dir'] ?? config.state_dir)
  const catalogPath = given.catalog === undefined ? loaded.catalogPath : path.resolve(given.catalog)
  return {
    ...loaded,
    config,
    catalogPath,
    files: stateFiles(dir),
    fileConfig: loaded.config,
    configPath: loaded.path ?? path.join(userConfigDir(surroundings), 'config.yaml'),
  }
}
