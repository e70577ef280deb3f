import type { ToolFilter } from '../../src-shared/catalog.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import type { Caller, Outgoing, Reply } from '../mcp/caller.ts'
import { readEnvelope } from '../mcp/envelope.ts'
import type { Envelope } from '../mcp/envelope.ts'
import { eachMember, member, slice, spliced, stringAt } from '../mcp/json-spans.ts'
import { allowedTools, ToolAccess } from '../mcp/tool-filter.ts'
import type { ToolGate } from '../mcp/tool-filter.ts'

/** What `tools` of the catalog and the limits of the calling client let through together. */
export class ToolGates {
  readonly #serverId: string
  #catalog: ToolAccess | undefined

  constructor(serverId: string, filter: ToolFilter) {
    this.#serverId = serverId
    this.take(filter)
  }

  take(filter: ToolFilter): void {
    this.#catalog = ToolAccess.of(filter)
  }

  /** Undefined: everything. */
  of(caller: Pick<Caller, 'permissions'>): ToolGate | undefined {
    const catalog = this.#catalog
    const own = caller.permissions?.toolsOf(this.#serverId)
    if (!own || !catalog) return own ?? catalog
    return { isPersonal: true, allows: (tool) => catalog.allows(tool) && own.allows(tool) }
  }
}

/** The error for a call of a tool that is not let through; undefined for any other request. */
export function deniedTool(access: ToolGate, outgoing: Outgoing): GatewayError | undefined {
  const { envelope } = outgoing
  if (envelope.method !== 'tools/call') return undefined
  if (!hasOneName(envelope))
    return new GatewayError('invalid_params', 'tools/call needs one `name`, in small letters.')
  const span = member(envelope.bytes, envelope.params, 'name')
  const rewritten = outgoing.edits.find((edit) => edit.start === span?.start)
  const name = rewritten
    ? stringAt(rewritten.text, { start: 0, end: rewritten.text.length })
    : stringAt(envelope.bytes, span)
  if (name !== undefined && access.allows(name)) return undefined
  // The spec's own answer for a tool that is not there (server/tools, Error Handling).
  return new GatewayError('invalid_params', `Unknown tool: ${name ?? ''}`)
}

/** Of two names, or one in capitals, the server might take another than the one that is checked here. */
function hasOneName({ bytes, params }: Envelope): boolean {
  let names = 0
  if (params)
    eachMember(bytes, params.start, (key) => {
      if (key.toLowerCase() === 'name') names++
    })
  return names === 1
}

/** A reply that leaves out of `tools/list` what is not let through. */
export function filteredReply(access: ToolGate, outgoing: Outgoing, reply: Reply): Reply {
  if (outgoing.envelope.method !== 'tools/list') return reply
  return {
    caller: reply.caller,
    root: reply.root,
    notify: (bytes) => reply.notify(bytes),
    fail: (error) => reply.fail(error),
    answer: (response, era) => {
      const { bytes, result } = response
      if (!result) return reply.answer(response, era)
      const text = allowedTools(access, slice(bytes, result))
      const filtered = spliced(bytes, [{ start: result.start, end: result.end, text }])
      reply.answer(readEnvelope(filtered), era)
    },
  }
}
