import os from 'node:os'
import { loadCatalogFile } from '../catalog/parse-cache.ts'
import { validateFiles } from '../catalog/validate.ts'
import type { Validation } from '../catalog/validate.ts'
import { LoginEnvironment } from '../runtimes/login-environment.ts'
import { lazySecrets } from '../secrets/lazy-secrets.ts'
import { systemClock } from '../servers/clock.ts'
import { silentLog } from '../telemetry/log.ts'
import { loadSettings } from '../host/settings.ts'
import type { SettingsFlags } from '../host/settings.ts'

/**
 * Checks config and catalog, prints what is wrong with them, and returns the exit code. Starts nothing. Throws what
 * `loadSettings` throws.
 */
export async function validate(flags: SettingsFlags, strict: boolean): Promise<number> {
  const { config, path, catalogPath, files } = await loadSettings(flags)
  const loaded = await loadCatalogFile(catalogPath)
  const environment = new LoginEnvironment({
    env: process.env,
    platform: process.platform,
    log: silentLog,
    clock: systemClock,
  })
  const secrets = lazySecrets(files.dir)
  const check = (): Promise<Validation> =>
    validateFiles(
      config,
      loaded,
      (name) => environment.lookup(name),
      (name) => secrets.get(name),
    )
  let found = await check()
  if (found.warnings.length + found.problems.length > 0) {
    // The login shell may know the variables that are missing; running it takes a moment.
    await environment.load()
    found = await check()
  }
  for (const problem of found.problems) process.stderr.write(`error: ${problem}${os.EOL}`)
  for (const warning of found.warnings) process.stderr.write(`warning: ${warning}${os.EOL}`)
  const failed = found.problems.length > 0 || (strict && found.warnings.length > 0)
  const count = loaded.catalog.servers.length
  if (!failed)
    process.stdout.write(
      `${path === undefined ? 'No config file; the defaults hold.' : `${path} is valid.`}\n` +
        `${catalogPath} is valid: ${count} ${count === 1 ? 'server' : 'servers'}.\n`,
    )
  return failed ? 1 : 0
}
