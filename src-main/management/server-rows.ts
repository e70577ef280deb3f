import { isDeepStrictEqual } from 'node:util'
import type { ServerDetailView, ServerLists, ServerRow } from '../../src-shared/api-servers.ts'
import { runtimeSchemas, serverDefinition } from '../../src-shared/catalog.ts'
import type { ServerDefinition } from '../../src-shared/catalog.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import { parseSpan } from '../mcp/json-spans.ts'
import { listItems } from '../mcp/listing.ts'
import type { Listing, ListMethod } from '../mcp/listing.ts'
import type { Clock } from '../servers/clock.ts'
import type { Server } from '../servers/server.ts'
import { detailOf, masked, summaryOf } from '../servers/server-view.ts'

type Redact = (text: string) => string

/** One row of the list of servers, secrets masked. */
export function rowOf(server: Server, clock: Clock, redact: Redact): ServerRow {
  const summary = summaryOf(server, clock)
  const lastError = server.lastError ?? server.policy.lastError
  return {
    ...summary,
    reason: redact(summary.reason),
    enabled: server.definition.enabled,
    last_error: lastError === undefined ? null : redact(lastError),
    warnings: server.warnings.map(redact),
    latency_ms: server.latencyMs,
    sign_in: signInView(server, redact),
  }
}

export function detailViewOf(server: Server, clock: Clock, redact: Redact): ServerDetailView {
  return {
    ...detailOf(server, clock),
    ...rowOf(server, clock, redact),
    entry: masked(withoutDefaults(server.definition)),
  }
}

function signInView({ signIn }: Server, redact: Redact): ServerRow['sign_in'] {
  const view = signIn?.view ?? null
  return view && { ...view, problem: view.problem === null ? null : redact(view.problem) }
}

/** A definition as a person would write it. */
function withoutDefaults(definition: ServerDefinition): Record<string, unknown> {
  const { runtime } = definition
  return {
    ...written(definition, serverDefinition.shape),
    runtime: written(runtime, runtimeSchemas[runtime.type].shape),
  }
}

interface DefaultSchema {
  safeParse(value: undefined): { success: boolean; data?: unknown }
}

function written(
  values: Readonly<Record<string, unknown>>,
  shape: Readonly<Record<string, DefaultSchema>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).filter(([key, value]) => {
      const byDefault = shape[key]?.safeParse(undefined)
      return byDefault?.success !== true || !isDeepStrictEqual(byDefault.data, value)
    }),
  )
}

/** What a server offers, with the tools that its clients do not see. */
export function listsOf(server: Server, listing: Listing): ServerLists {
  const items = (method: ListMethod): Record<string, unknown>[] => {
    const list = listing.lists[method]
    if (list === undefined) return []
    return listItems(list, method).flatMap((item) => {
      const value = parseSpan(item, { start: 0, end: item.length })
      return isRecord(value) ? [value] : []
    })
  }
  const tools = items('tools/list')
  return {
    tools,
    denied_tools: tools.flatMap(({ name }) =>
      typeof name === 'string' && !server.allowsTool(name, {}) ? [name] : [],
    ),
    resources: items('resources/list'),
    resource_templates: items('resources/templates/list'),
    prompts: items('prompts/list'),
  }
}
