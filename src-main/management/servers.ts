import { findServer } from '../mcp/server-directory.ts'
import type { Server } from '../servers/server.ts'
import { Calls } from './calls.ts'
import type { Parts, ProceduresOf } from './context.ts'
import { detailViewOf, listsOf, rowOf } from './server-rows.ts'
import { switchTool } from './tool-switch.ts'

/** `servers.*` and `server.*`. */
export function serverProcedures(
  parts: Parts,
  calls: Calls,
): ProceduresOf<'servers'> & ProceduresOf<'server'> {
  const { gateway, redact } = parts
  const { clock } = gateway
  const find = (id: string): Server => findServer(gateway.servers, id)
  const row = (id: string) => rowOf(find(id), clock, redact)
  return {
    'servers.list': () => gateway.servers.all().map((server) => rowOf(server, clock, redact)),
    'servers.memory': () => gateway.memory(),
    'server.get': ({ id }) => detailViewOf(find(id), clock, redact),
    'server.start': async ({ id }) => {
      await gateway.start(id)
      return row(id)
    },
    'server.stop': async ({ id }) => {
      await gateway.stop(id)
      return row(id)
    },
    'server.restart': async ({ id }) => {
      await gateway.restart(id)
      return row(id)
    },
    'server.logs': ({ id }) => gateway.logs(id),
    'server.lists': async ({ id, refresh }, { caller }) => {
      const server = find(id)
      const asker = gateway.oneCall.caller(caller.principal)
      return listsOf(server, await server.listing(asker, refresh))
    },
    'server.call': ({ id, call_id, method, params }, context) =>
      calls.call(
        { serverId: id, callId: call_id, method, params: JSON.stringify(params) },
        context,
      ),
    'server.cancel': ({ call_id }, { caller }) => {
      calls.cancel(caller.session, call_id)
      return {}
    },
    'server.set_tool': ({ id, tool, enabled }) => {
      find(id)
      return switchTool(gateway.catalog, id, tool, enabled)
    },
  }
}
