import { parseFlags, UsageError } from '../bin/flags.ts'

export type ShimOptions = ReturnType<typeof parseShimOptions>

export const shimHelp = `Usage: gateway-stdio [options]

Speaks MCP on standard input and output, for an AI client that starts it. Reaches this user's gateway,
and starts it if none runs. Logs go to standard error.

  --server ID        one server of the catalog, its names untouched (default: all servers as one)
  --client NAME      the AI client's name in the gateway's logs and statistics
  --state-dir DIR    where the gateway keeps its state (default: MCP_GATEWAY_STATE_DIR, or the user's)
  --catalog PATH     a gateway of its own for this catalog
  --gateway URL      a gateway on another machine; its key comes from MCP_GATEWAY_API_KEY
  --log-level LEVEL  debug, info, warn or error (default: warn)
  --version, --help
`

const flags = {
  server: { type: 'string' },
  client: { type: 'string' },
  'state-dir': { type: 'string' },
  gateway: { type: 'string' },
  catalog: { type: 'string' },
  'log-level': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const

/** Throws UsageError. */
export function parseShimOptions(args: readonly string[]) {
  const { values } = parseFlags(args, flags)
  if (values.gateway !== undefined && values.catalog !== undefined)
    throw new UsageError('--gateway and --catalog exclude each other: a catalog is served here.')
  if (values.gateway !== undefined && !/^https?:\/\//.test(values.gateway))
    throw new UsageError(`--gateway ${values.gateway} is not an http:// or https:// address.`)
  return values
}
