#!/usr/bin/env node
import { GatewayError } from '../../src-shared/errors.ts'
import { loadOrCreateKey } from '../http/api-key.ts'
import { runningGateway } from '../host/gateway-claim.ts'
import type { GatewayInfo } from '../host/gateway-claim.ts'
import { loadSettings } from '../host/settings.ts'
import type { Settings } from '../host/settings.ts'
import { silentLog } from '../telemetry/log.ts'
import { version } from '../version.ts'
import { parseFlags, UsageError } from './flags.ts'

const help = `Usage: gateway COMMAND [options]

  gateway key          prints the key of this user's gateway, and makes one if there is none
  gateway open         opens the dashboard; prints a one-time link to it, and how a client connects
                       (--no-browser: prints only)
  gateway status       the servers: state, uptime, requests (--json for programs)
  gateway health       whether the gateway answers: exit code 0 or 1, for a container's health check
  gateway clients      connects AI clients, takes them out again, imports their servers (gateway clients --help)
  gateway auth SERVER  signs in to a remote server: prints the link, and takes the address at its end
                       (--sign-out: forgets and revokes; --no-browser: prints only)
  gateway secrets      list, set NAME (asks for the value, or reads it from its input), rm NAME
  gateway validate     checks config and catalog, starts nothing (--strict: warnings fail, too)

  --config PATH        config.yaml, if it is not where it is looked for
  --catalog PATH       validate: catalog.yaml, if the config does not say
  --state-dir DIR      the gateway's state, if it is not where it is looked for
  --version, --help

Exit codes: 0 done, 1 failed or not valid, 2 wrong use, 3 no gateway is running.
`

const notRunningExitCode = 3

const flags = {
  config: { type: 'string' },
  catalog: { type: 'string' },
  'state-dir': { type: 'string' },
  json: { type: 'boolean' },
  'no-browser': { type: 'boolean' },
  strict: { type: 'boolean' },
  'sign-out': { type: 'boolean' },
  kind: { type: 'string' },
  name: { type: 'string' },
  server: { type: 'string', multiple: true },
  project: { type: 'string' },
  file: { type: 'string' },
  via: { type: 'string' },
  yes: { type: 'boolean', short: 'y' },
  all: { type: 'boolean' },
  secrets: { type: 'string' },
  replace: { type: 'boolean' },
  paste: { type: 'boolean' },
  version: { type: 'boolean', short: 'v' },
  help: { type: 'boolean', short: 'h' },
} as const

type Values = ReturnType<typeof parseFlags<typeof flags>>['values']
type Command = (settings: Settings, values: Values) => Promise<number>

const commands: Record<string, Command> = {
  key: async (settings) => {
    const { config } = settings
    if (config.auth === 'none')
      process.stderr.write('The config says auth: none; the gateway asks for no key.\n')
    process.stdout.write(`${keyOf(settings)}\n`)
    return 0
  },
  open: async (settings, { 'no-browser': noBrowser }) => {
    const info = runningGateway(settings.files)
    if (info === undefined) return saysNotRunning(settings)
    const { openDashboard } = await import('./open.ts')
    await openDashboard(info, keyOf(settings), noBrowser !== true)
    return 0
  },
  status: async (settings, { json }) => {
    const info = runningGateway(settings.files)
    if (info === undefined) return saysNotRunning(settings)
    const { fetchServers, statusTable } = await import('./status.ts')
    const servers = await fetchServers(info, keyOf(settings))
    process.stdout.write(
      json === true
        ? `${JSON.stringify({ gateway: info, servers }, undefined, 2)}\n`
        : headline(info) + statusTable(servers),
    )
    return 0
  },
  health: async (settings) => {
    const info = runningGateway(settings.files)
    if (info === undefined) return saysNotRunning(settings)
    const { gatewayHealth } = await import('./health.ts')
    const problem = await gatewayHealth(info)
    if (problem === undefined) return 0
    process.stderr.write(`The gateway at ${info.url} does not answer: ${problem}.\n`)
    return 1
  },
}

function keyOf({ config, files }: Settings): string {
  const configured = config.api_key ?? process.env['MCP_GATEWAY_API_KEY']
  return configured || loadOrCreateKey(files.dir, silentLog)
}

function headline({ url, pid, version: theirs, catalog }: GatewayInfo): string {
  return `Open MCP Gateway ${theirs} at ${url} (process ${pid})\nCatalog: ${catalog}\n\n`
}

function saysNotRunning({ files }: Settings): number {
  process.stderr.write(
    `No gateway is running with its state in ${files.dir}. ` +
      'Start it with gateway-http; an AI client that uses gateway-stdio starts it as well.\n',
  )
  return notRunningExitCode
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, flags, true)
  const [name, ...rest] = positionals
  if (name === 'clients') {
    const { clientsCommand } = await import('./clients-command.ts')
    const settings = await loadSettings(values)
    return clientsCommand(rest, values, settings, () => keyOf(settings))
  }
  if (values.help === true || (name === undefined && values.version !== true)) {
    process.stdout.write(help)
    return values.help === true ? 0 : 2
  }
  if (values.version === true || name === undefined) {
    process.stdout.write(`${version}\n`)
    return 0
  }
  if (name === 'secrets') {
    const { secretsCommand } = await import('./secrets-command.ts')
    const act = secretsCommand(rest)
    const settings = await loadSettings(values)
    return act({
      gateway: runningGateway(settings.files),
      key: () => keyOf(settings),
      stateDir: settings.files.dir,
      json: values.json === true,
    })
  }
  if (name === 'auth') {
    const { authCommand } = await import('./auth-command.ts')
    const settings = await loadSettings(values)
    const gateway = runningGateway(settings.files)
    if (gateway === undefined) return saysNotRunning(settings)
    return authCommand(rest, {
      gateway,
      key: keyOf(settings),
      json: values.json === true,
      signsOut: values['sign-out'] === true,
      withBrowser: values['no-browser'] !== true,
    })
  }
  if (rest.length > 0) throw new UsageError(`gateway ${name} takes no ${rest.join(' ')}.`)
  if (name === 'validate') {
    const { validate } = await import('./validate-files.ts')
    return validate(values, values.strict === true)
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) {
    const { suggestion } = await import('../catalog/suggestion.ts')
    const known = [...Object.keys(commands), 'auth', 'clients', 'secrets', 'validate']
    throw new UsageError(`Unknown command '${name}'.${suggestion(name, known)} See gateway --help.`)
  }
  return command(await loadSettings(values), values)
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    if (!(error instanceof GatewayError) && !(error instanceof UsageError)) throw error
    process.stderr.write(`gateway: ${error.message}\n`)
    process.exitCode = error instanceof UsageError ? 2 : 1
  },
)
