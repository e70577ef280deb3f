import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../../src-shared/config.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { CatalogFile } from './catalog-file.ts'

/** What takes effect without a restart. */
export const liveKeys = ['log_level', 'idle_timeout_seconds', 'request_timeout_seconds'] as const

export type LiveConfig = Partial<Pick<Config, (typeof liveKeys)[number]>>
type ConfigKey = keyof Config

interface Options {
  /** Absolute; the file is made on the first change. */
  path: string
  /** What the file said when the gateway started. */
  started: Config
  /** Reads a text as the start does, with absolute paths. Throws CatalogError. */
  parse: (text: string) => Promise<Config>
  /** Throws GatewayError for settings with which the gateway would not start. */
  check: (config: Config) => void
  /** Puts into force what can be while the gateway runs. */
  apply: (changed: LiveConfig) => void
}

/** config.yaml while the gateway runs: read, changed with its comments kept, and compared with what is in force. */
export class ConfigInForce {
  readonly path: string
  readonly #options: Options
  readonly #file: CatalogFile
  readonly #inForce: Config

  constructor(options: Options) {
    this.#options = options
    this.path = options.path
    this.#file = new CatalogFile(options.path)
    this.#inForce = { ...options.started }
  }

  /** As the file says now; `differing`: keys that apply at the next start. Throws CatalogError for a file that is not valid. */
  async read(): Promise<{ values: Config; differing: ConfigKey[] }> {
    const values = await this.#options.parse((await this.#text()).text)
    const keys = Object.keys({ ...this.#inForce, ...values }).filter(isKeyOf(values, this.#inForce))
    return {
      values,
      differing: keys.filter((key) => !isDeepStrictEqual(values[key], this.#inForce[key])),
    }
  }

  /**
   * Writes keys. Throws GatewayError, and writes nothing: CatalogError or `bad_request` (not valid), `conflict` (the
   * file cannot be edited in place), `precondition_failed` (somebody changes it at the same time).
   */
  async set(patch: { [K in ConfigKey]?: Config[K] | undefined }): Promise<void> {
    const values = Object.fromEntries(
      Object.entries(patch).flatMap(([key, value]) =>
        typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
          ? [[key, value]]
          : [],
      ),
    )
    if (Object.keys(values).length === 0) return
    const { text, etag } = await this.#text()
    const { setConfigKeys } = await import('./config-edit.ts')
    const next = setConfigKeys(text, values, this.path)
    const config = await this.#options.parse(next)
    this.#options.check(config)
    if (etag === undefined) await mkdir(dirname(this.path), { recursive: true, mode: 0o700 })
    await this.#file.write(next, etag)
    const live: LiveConfig = Object.fromEntries(
      liveKeys.filter((key) => patch[key] !== undefined).map((key) => [key, config[key]]),
    )
    Object.assign(this.#inForce, live)
    this.#options.apply(live)
  }

  /** An absent file is an empty one. */
  async #text(): Promise<{ text: string; etag?: string }> {
    try {
      return await this.#file.read()
    } catch (thrown) {
      if (thrown instanceof GatewayError && thrown.code === 'not_found') return { text: '' }
      throw thrown
    }
  }
}

function isKeyOf(...configs: Config[]): (key: string) => key is ConfigKey {
  return (key): key is ConfigKey => configs.some((config) => Object.hasOwn(config, key))
}
