import { parseArgs } from 'node:util'

const phases = [
  'raw',
  'sdk',
  'parallel',
  'first',
  'start',
  'image',
  'memory',
  'shim',
  'big',
  'sessions',
  'reload',
  'window',
] as const
export type Phase = (typeof phases)[number]

export interface Options {
  only: ReadonlySet<Phase>
  rounds: number
  /** Calls in one block of one target in one round. */
  calls: number
  sessions: number
  servers: number
  peers: boolean
  gateway: boolean
  strict: boolean
  /** Where the gateway under test was built. */
  dist: string
  json: string
}

const help = `npm run bench -- [options]

Measures the gateway beside a bare passthrough, the server itself and other proxies, in one run, interleaved.

  --only a,b      only these figures: ${phases.join(', ')}
  --rounds N      rounds (default 7); every figure is the median of its rounds
  --calls N       calls in a block (default 300)
  --sessions N    sessions open at once (default 1000)
  --servers N     servers in the catalog that is reloaded (default 1000)
  --no-peers      without mcp-proxy, supergateway and mcp-hub
  --no-gateway    only what needs no build
  --dist DIR      the build to measure (default dist)
  --json FILE     where the figures go (default .build/bench.json)
  --strict        a missed target makes the exit code 1
`

function isPhase(word: string): word is Phase {
  return phases.some((phase) => phase === word)
}

function count(name: string, text: string, most: number): number {
  const n = Number(text)
  if (Number.isInteger(n) && n >= 1 && n <= most) return n
  throw new Error(`--${name} must be a whole number from 1 to ${most}, not '${text}'.`)
}

/** Throws an Error for a person on a wrong argument; undefined when help was asked for and printed. */
export function readOptions(args: string[]): Options | undefined {
  const { values } = parseArgs({
    args,
    allowNegative: true,
    options: {
      only: { type: 'string', default: phases.join(',') },
      rounds: { type: 'string', default: '7' },
      calls: { type: 'string', default: '300' },
      sessions: { type: 'string', default: '1000' },
      servers: { type: 'string', default: '1000' },
      peers: { type: 'boolean', default: true },
      gateway: { type: 'boolean', default: true },
      strict: { type: 'boolean', default: false },
      dist: { type: 'string', default: 'dist' },
      json: { type: 'string', default: '.build/bench.json' },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  })
  if (values.help) {
    console.log(help)
    return undefined
  }
  const only = new Set<Phase>()
  for (const word of values.only.split(',').map((w) => w.trim())) {
    if (!isPhase(word))
      throw new Error(`--only does not know '${word}'. It knows: ${phases.join(', ')}.`)
    only.add(word)
  }
  return {
    only,
    rounds: count('rounds', values.rounds, 50),
    calls: count('calls', values.calls, 10_000),
    sessions: count('sessions', values.sessions, 5_000),
    servers: count('servers', values.servers, 5_000),
    peers: values.peers,
    gateway: values.gateway,
    strict: values.strict,
    dist: values.dist,
    json: values.json,
  }
}
