import type { LogLevel } from '../../src-shared/config.ts'
import { parseFlags, UsageError } from './flags.ts'

/** Not from the schema of the config: loading it takes longer than all the rest of the start. */
const isLogLevel: Record<LogLevel, true> = {
  trace: true,
  debug: true,
  info: true,
  warn: true,
  error: true,
}
const levels = Object.keys(isLogLevel).join(', ')

export const gatewayHelp = `Usage: gateway-http [options]

Puts one endpoint in front of all MCP servers of a catalog.

  --config PATH      config.yaml (default: ./config.yaml, the user's, /etc/mcp-gateway/config.yaml)
  --catalog PATH     catalog.yaml (default: the config's catalog_path, or beside the config)
  --listen ADDRESS   host:port instead of the config's listen_addr; port 0 takes a free one
  --state-dir DIR    instead of the config's state_dir; see also MCP_GATEWAY_STATE_DIR
  --log-level LEVEL  ${levels}
  --validate         checks config and catalog, starts nothing; exit code 0 or 1
  --strict           with --validate: warnings fail, too
  --spawned          started by the shim: reads nothing of the current folder, ends when nobody uses it
  --version, --help

Signals: TERM and INT finish what is in flight and end (a second one ends at once), HUP loads the catalog again.
`

const flags = {
  config: { type: 'string' },
  catalog: { type: 'string' },
  listen: { type: 'string' },
  'state-dir': { type: 'string' },
  'log-level': { type: 'string' },
  validate: { type: 'boolean' },
  strict: { type: 'boolean' },
  spawned: { type: 'boolean' },
  version: { type: 'boolean', short: 'v' },
  help: { type: 'boolean', short: 'h' },
} as const

export type GatewayFlags = ReturnType<typeof parseGatewayFlags>

/** Throws UsageError. */
export function parseGatewayFlags(args: readonly string[]) {
  const { values } = parseFlags(args, flags)
  if (values.strict === true && values.validate !== true)
    throw new UsageError('--strict goes with --validate.')
  return {
    ...values,
    listen: addressOf(values.listen),
    'log-level': levelOf(values['log-level']),
  }
}

function levelOf(text: string | undefined): LogLevel | undefined {
  if (text === undefined) return undefined
  if (!isLevel(text)) throw new UsageError(`--log-level ${text} is none of ${levels}.`)
  return text
}

function isLevel(text: string): text is LogLevel {
  return Object.hasOwn(isLogLevel, text)
}

function addressOf(text: string | undefined): string | undefined {
  if (text === undefined || /^(\[[0-9a-fA-F:.]+\]|[^:\s]+):\d{1,5}$/.test(text)) return text
  throw new UsageError(`--listen ${text} is not host:port, for example 127.0.0.1:4444.`)
}
