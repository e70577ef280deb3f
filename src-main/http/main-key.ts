import { GatewayError } from '../../src-shared/errors.ts'
import type { KeyAccess } from '../management/context.ts'
import type { Log } from '../telemetry/log.ts'
import type { Redactor } from '../telemetry/redact.ts'
import { loadOrCreateKey, replaceKey } from './api-key.ts'

interface Options {
  auth: 'api_key' | 'none'
  /** `api_key` of the config. */
  configured: string | undefined
  /** MCP_GATEWAY_API_KEY. */
  environment: string | undefined
  stateDir: string
  log: Log
  redactor: Redactor
  /** `session` of the caller who asked for it. */
  rotated: (session: string) => void
}

/** The key that opens everything: where it comes from, and a new one in its place. */
export class MainKey implements KeyAccess {
  readonly source: KeyAccess['source']
  readonly #options: Options
  #text: string | undefined

  /** Makes a key if none is configured and none was made before. Throws what `loadOrCreateKey` throws. */
  constructor(options: Options) {
    this.#options = options
    const { auth, configured, environment, stateDir, log, redactor } = options
    if (auth === 'none') {
      this.source = 'none'
      return
    }
    this.#text = configured ?? environment ?? loadOrCreateKey(stateDir, log)
    this.source =
      configured !== undefined ? 'config' : environment !== undefined ? 'environment' : 'generated'
    redactor.add(this.#text)
  }

  current(): string | undefined {
    return this.#text
  }

  rotate(session: string): string {
    if (this.source !== 'generated') throw notOurs(this.source)
    const { stateDir, redactor, log, rotated } = this.#options
    const text = replaceKey(stateDir)
    // The old one stays masked: logs of before may be shown after.
    redactor.add(text)
    this.#text = text
    log.info({}, 'The key was replaced. Clients that had the old one need the new one.')
    rotated(session)
    return text
  }
}

function notOurs(source: 'config' | 'environment' | 'none'): GatewayError {
  const where = {
    config: 'The key is api_key of config.yaml. Change it there, and start the gateway anew.',
    environment:
      'The key is the variable MCP_GATEWAY_API_KEY. Change it there, and start the gateway anew.',
    none: 'The config says auth: none; the gateway asks for no key.',
  }
  return new GatewayError('conflict', where[source])
}
