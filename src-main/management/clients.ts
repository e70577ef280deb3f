import type { ClientUsage } from '../ai-clients/connection-check.ts'
import { Connections } from '../ai-clients/connections.ts'
import type { ServerImport } from '../ai-clients/server-import.ts'
import type { Caller } from '../mcp/caller.ts'
import { visibleTo } from '../mcp/server-directory.ts'
import type { Server } from '../servers/server.ts'
import type { ManagementOptions, Parts, ProceduresOf } from './context.ts'

/** `clients.*`. */
export function clientProcedures(parts: Parts): ProceduresOf<'clients'> {
  const connections = connectionsOf(parts)
  const { gateway, secrets, redactor, url } = parts
  const imports = async (): Promise<ServerImport> => {
    const loaded = await import('../ai-clients/server-import.ts')
    const { catalog, catalogPath } = gateway
    return new loaded.ServerImport({
      connections,
      catalog: {
        path: catalogPath,
        read: () => catalog.read(),
        check: (text) => catalog.check(text),
        editText: (text, edits) => catalog.editText(text, edits),
        replace: (text, etag) => catalog.replace(text, etag),
      },
      secrets,
      redactor,
      ownUrls: () => [url()],
    })
  }
  return {
    'clients.list': () => connections.list(),
    'clients.preview': (options) => connections.preview(options),
    'clients.connect': async (options) => {
      const done = await connections.connect(options)
      parts.log.info({ client: options.id, kind: options.kind }, done.message)
      return done
    },
    'clients.disconnect': async ({ id, file }) => {
      const done = await connections.disconnect(id, file)
      parts.log.info({ client: id }, done.message)
      return done
    },
    'clients.undo': async ({ id, file }) => {
      const done = await connections.undo(id, file)
      parts.log.info({ client: id }, done.message)
      return done
    },
    'clients.check': ({ id }) => connections.check(id),
    'clients.import_preview': async ({ source }) => (await imports()).preview(source),
    'clients.import': async (input) => {
      const done = await (await imports()).import(input)
      parts.log.info({ servers: done.added.map(({ id }) => id) }, done.message)
      return done
    },
  }
}

/** Corrects entries in clients' files that no longer lead here, and says so in the log. Never rejects. */
export async function repairClients(options: ManagementOptions): Promise<void> {
  try {
    for (const message of await connectionsOf(options).repair()) options.log.info({}, message)
  } catch (error) {
    options.log.warn({ error }, "AI clients' entries could not be looked at.")
  }
}

function connectionsOf({
  gateway,
  clients,
  register,
  redactor,
  url,
}: ManagementOptions): Connections {
  const enabled = (): Server[] =>
    gateway.servers.all().filter(({ definition }) => definition.enabled)
  return new Connections({
    machine: clients.machine,
    launcher: clients.launcher,
    stateDir: gateway.stateDir,
    url,
    tokens: {
      issue: async ({ id, name }) => {
        const token = register.grant(id, name, true)
        redactor.add(token)
        return { id, token }
      },
      revoke: async (id) => register.endToken(id),
    },
    access: {
      connected: async ({ id, name }) => {
        register.grant(id, name, false)
      },
      disconnected: async (id) => register.revokeKnown(id),
    },
    serverIds: () => enabled().map(({ id }) => id),
    tools: (ids) => {
      const servers = enabled().filter(({ id }) => ids?.includes(id) ?? true)
      const known = toolsOf(servers, gateway.oneCall.caller('owner'))
      return known === undefined ? undefined : { count: known.count }
    },
    usage: (client, servers) => usageOf({ gateway, register }, client, servers),
  })
}

/** Under its limits. */
async function usageOf(
  { gateway, register }: Pick<ManagementOptions, 'gateway' | 'register'>,
  client: string,
  ids: readonly string[] | undefined,
): Promise<ClientUsage> {
  const caller = { ...gateway.oneCall.caller('owner'), permissions: register.permissions(client) }
  const servers = visibleTo(caller, gateway.servers)
    .all()
    .filter(({ id, definition }) => definition.enabled && (ids?.includes(id) ?? true))
  const known = toolsOf(servers, caller)
  return {
    tools: known?.count ?? null,
    tokens: known === undefined ? null : Math.ceil(known.characters / 4),
    last_seen: register.use().get(client)?.lastSeen ?? null,
  }
}

/** Of lists that are known without starting anything; undefined where one is not. */
function toolsOf(
  servers: readonly Server[],
  caller: Caller,
): { count: number; characters: number } | undefined {
  let count = 0
  let characters = 0
  for (const server of servers) {
    const known = server.knownList(caller, 'tools/list')
    if (known === undefined) return undefined
    const result: unknown = JSON.parse(known.result.toString('utf8'))
    const tools: unknown =
      typeof result === 'object' && result !== null ? Reflect.get(result, 'tools') : undefined
    if (!Array.isArray(tools)) continue
    count += tools.length
    characters += JSON.stringify(tools).length
  }
  return { count, characters }
}
