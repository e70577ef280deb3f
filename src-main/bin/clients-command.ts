import path from 'node:path'
import { z } from 'zod'
import { procedures } from '../../src-shared/api.ts'
import type { ClientCheck, ClientPreview, EntryKind } from '../../src-shared/api-clients.ts'
import type { ProcedureInput } from '../../src-shared/api.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import type { ClientUsage } from '../ai-clients/connection-check.ts'
import { Connections } from '../ai-clients/connections.ts'
import { thisMachine } from '../ai-clients/client-paths.ts'
import { shimLauncher } from '../ai-clients/shim-launcher.ts'
import { loadCatalogFile } from '../catalog/parse-cache.ts'
import { runningGateway } from '../host/gateway-claim.ts'
import type { Settings } from '../host/settings.ts'
import { checkText, isOfInterest, json, listText, previewText } from './clients-text.ts'
import { accessOf, lastSeen, tokensOf } from './client-access.ts'
import { askGateway } from './gateway-request.ts'
import { askYesNo } from './question.ts'
import { nodeLaunch } from './sibling-program.ts'
import { UsageError } from './flags.ts'

const clientsHelp = `Usage: gateway clients COMMAND [CLIENT] [options]

  gateway clients list                 AI clients on this machine, and which are connected (--all: every known one)
  gateway clients preview CLIENT       what connecting would write, as a difference
  gateway clients connect CLIENT       writes it, after a question
  gateway clients disconnect CLIENT    takes the gateway's entries out again
  gateway clients undo CLIENT          brings back the file from before, if nobody has changed it since
  gateway clients check [CLIENT]       what a client will see, and what is wrong (default: all connected ones)
  gateway clients import [CLIENT …]    takes the servers that clients have over into the catalog (default: of all)
  gateway clients import --file FILE   those of .mcp.json, of any client's file, or of an .mcpb bundle
  gateway clients import -             those in a pasted text

  --kind KIND          shim-all (default: one entry for all servers), shim-per-server, or http: the address of the
                       running gateway and a token of the client's own
  --name NAME          what the entry is called (default: gateway)
  --server ID          with shim-per-server: this one; may be given several times
  --project DIR        the file of this project instead of your own
  --file PATH          which file, where a client has several
  --via cli            by the client's own command
  --secrets KIND       import: keychain (default) keeps what looks like a secret there, keep leaves it in the text
  --replace            import: the clients' entries give way to the gateway's; undo takes that back
  --yes                asks nothing
  --json               for programs

Exit codes: 0 done, 1 refused or something is wrong, 2 wrong use.
`

const kinds: readonly EntryKind[] = ['shim-all', 'shim-per-server', 'http']

interface ClientsFlags {
  kind?: string | undefined
  name?: string | undefined
  server?: string[] | undefined
  project?: string | undefined
  file?: string | undefined
  via?: string | undefined
  yes?: boolean | undefined
  all?: boolean | undefined
  json?: boolean | undefined
  help?: boolean | undefined
  paste?: boolean | undefined
  secrets?: string | undefined
  replace?: boolean | undefined
}

interface Context {
  connections: Connections
  flags: ClientsFlags
  say: (text: string) => void
}

const commands: Record<string, (context: Context, client: string | undefined) => Promise<number>> =
  {
    list: async ({ connections, flags, say }) => {
      const rows = connections.list()
      const shown = flags.all === true ? rows : rows.filter(isOfInterest)
      say(flags.json === true ? json(shown) : listText(shown, rows.length))
      return 0
    },
    preview: async ({ connections, flags, say }, client) => {
      const preview = await connections.preview(optionsOf(client, flags))
      say(flags.json === true ? json(preview) : previewText(preview))
      return 0
    },
    connect: async (context, client) => {
      const { connections, flags, say } = context
      const options = optionsOf(client, flags)
      const preview = await connections.preview(options)
      if (flags.json !== true) say(previewText(preview))
      if (!(await isAgreed(context, preview))) return 1
      const done = await connections.connect({
        ...options,
        before: preview.before,
        ...(flags.via === 'cli' ? { via: flags.via } : {}),
      })
      const backup = done.backup === null ? '' : `The file from before is kept as ${done.backup}\n`
      say(flags.json === true ? json(done) : `${done.message}\n${backup}`)
      return 0
    },
    disconnect: async ({ connections, flags, say }, client) => {
      const done = await connections.disconnect(idOf(client), flags.file)
      say(flags.json === true ? json(done) : `${done.message}\n`)
      return 0
    },
    undo: async ({ connections, flags, say }, client) => {
      const done = await connections.undo(idOf(client), flags.file)
      say(flags.json === true ? json(done) : `${done.message}\n`)
      return 0
    },
    check: async ({ connections, flags, say }, client) => {
      const ids =
        client === undefined
          ? connections.list().filter((row) => row.connections.length > 0)
          : [connections.row(client)]
      const checks: ClientCheck[] = []
      for (const { id } of ids) checks.push(await connections.check(id))
      if (flags.json === true) say(json(checks))
      else if (checks.length === 0) say('No client is connected. See gateway clients list.\n')
      else say(checks.map(checkText).join('\n'))
      return checks.some(({ problems }) => problems.length > 0) ? 1 : 0
    },
  }

const clientsCommands = [...Object.keys(commands), 'import']

/** `gateway clients …`: works on the files itself, with or without a gateway. Throws GatewayError, UsageError. */
export async function clientsCommand(
  words: readonly string[],
  flags: ClientsFlags,
  settings: Settings,
  key: () => string,
): Promise<number> {
  const [name, client, ...rest] = words
  const command = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined
  if (flags.help === true || name === undefined) {
    process.stdout.write(clientsHelp)
    return flags.help === true ? 0 : 2
  }
  if (name === 'import') {
    const { importCommand } = await import('./import-command.ts')
    const from = client === undefined ? [] : [client, ...rest]
    return importCommand(from, flags, connectionsOf(settings, key), settings, key)
  }
  if (command === undefined) {
    const { suggestion } = await import('../catalog/suggestion.ts')
    throw new UsageError(
      `Unknown command 'clients ${name}'.${suggestion(name, clientsCommands)} See gateway clients --help.`,
    )
  }
  if (rest.length > 0) throw new UsageError(`gateway clients ${name} takes no ${rest.join(' ')}.`)
  const say = (text: string): void => void process.stdout.write(text)
  return command({ connections: connectionsOf(settings, key), flags, say }, client)
}

function connectionsOf(settings: Settings, key: () => string): Connections {
  const running = runningGateway(settings.files)
  return new Connections({
    machine: thisMachine(),
    stateDir: settings.files.dir,
    launcher: () => {
      const launch = nodeLaunch()
      if (launch !== undefined) return shimLauncher(launch)
      throw new GatewayError(
        'conflict',
        'AI clients start the built gateway-stdio, and this program runs from its source. Run npm run build.',
      )
    },
    url: () => running?.url,
    serverIds: () => serverIds(settings.catalogPath),
    access: accessOf(settings, key),
    tokens: tokensOf(settings, key),
    usage: async (id) => {
      if (running === undefined) return { ...unknownUsage, last_seen: lastSeen(settings, id) }
      return askUsage(new URL('/api/clients.check', running.url), key(), id)
    },
  })
}

/** The catalog may not be there yet: it is made with the first server. */
async function serverIds(file: string): Promise<string[]> {
  try {
    const { catalog } = await loadCatalogFile(file)
    return catalog.servers.filter(({ enabled }) => enabled).map(({ id }) => id)
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.code === 'not_found') return []
    throw thrown
  }
}

const unknownUsage: ClientUsage = { tools: null, tokens: null, last_seen: null }

const checkAnswer = z.object({ ok: procedures['clients.check'].output })

/** Only a running gateway knows what tools there are, and who came. */
async function askUsage(url: URL, key: string, id: string): Promise<ClientUsage> {
  try {
    const answer = await askGateway(url, key, { method: 'POST', body: JSON.stringify({ id }) })
    const { tools, tokens, last_seen } = checkAnswer.parse(JSON.parse(answer.body)).ok
    return { tools, tokens, last_seen }
  } catch {
    // What the files say is worth telling all the same.
    return unknownUsage
  }
}

function idOf(client: string | undefined): string {
  if (client !== undefined) return client
  throw new UsageError('Name the client. See gateway clients list.')
}

function optionsOf(client: string | undefined, flags: ClientsFlags) {
  const { kind = 'shim-all', name, server, project, file, via } = flags
  const known = kinds.find((one) => one === kind)
  if (known === undefined) throw new UsageError(`--kind ${kind} is none of ${kinds.join(', ')}.`)
  if (via !== undefined && via !== 'cli' && via !== 'file')
    throw new UsageError(`--via ${via} is neither cli nor file.`)
  const options: ProcedureInput<'clients.preview'> & { kind: EntryKind } = {
    id: idOf(client),
    kind: known,
    ...(name === undefined ? {} : { name }),
    ...(server === undefined ? {} : { servers: server }),
    ...(project === undefined ? {} : { project: path.resolve(project) }),
    ...(file === undefined ? {} : { file: path.resolve(file) }),
  }
  const checked = procedures['clients.preview'].input.safeParse(options)
  if (!checked.success) {
    const [issue] = checked.error.issues
    throw new UsageError(`--${issue?.path.join('.') ?? ''} is not valid: ${issue?.message ?? ''}.`)
  }
  return options
}

/** Without a terminal nobody can answer. */
async function isAgreed({ flags, say }: Context, preview: ClientPreview): Promise<boolean> {
  if (flags.yes === true) return true
  if (process.stdin.isTTY !== true || flags.json === true)
    throw new GatewayError(
      'conflict',
      'Nothing was written: say --yes to connect without a question.',
    )
  if (await askYesNo(`Write ${preview.file}?`)) return true
  say('Nothing was written.\n')
  return false
}
