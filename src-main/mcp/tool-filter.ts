import type { ToolFilter } from '../../src-shared/catalog.ts'
import { globMatches } from '../../src-shared/glob.ts'
import { arrayItems, isArray, member, slice, spliced, stringAt } from './json-spans.ts'

/** Which tools of a server somebody may see and call, by the server's own names. */
export interface ToolGate {
  allows(tool: string): boolean
  /** It is not the same for all clients. */
  readonly isPersonal: boolean
}

/** `tools: {allow, deny}` of a catalog entry, on the server's own tool names; deny wins. */
export class ToolAccess implements ToolGate {
  readonly isPersonal = false
  readonly #filter: ToolFilter

  constructor(filter: ToolFilter) {
    this.#filter = filter
  }

  /** Undefined where the filter lets everything through, so that the relay can leave lists alone. */
  static of(filter: ToolFilter): ToolAccess | undefined {
    if (filter.deny.length === 0 && filter.allow.includes('*')) return undefined
    return new ToolAccess(filter)
  }

  allows(tool: string): boolean {
    const matches = (glob: string): boolean => globMatches(glob, tool)
    return this.#filter.allow.some(matches) && !this.#filter.deny.some(matches)
  }
}

/** A `tools/list` result (JSON) without the tools that are not allowed; everything else byte for byte. */
export function allowedTools(gate: ToolGate, result: Buffer): Buffer {
  const whole = { start: 0, end: result.length }
  const tools = member(result, whole, 'tools')
  if (tools === undefined || !isArray(result, tools)) return result
  const kept = arrayItems(result, tools.start).filter((item) =>
    gate.allows(stringAt(result, member(result, item, 'name')) ?? ''),
  )
  const text = kept.flatMap((item, i) =>
    i === 0 ? [slice(result, item)] : [Buffer.from(','), slice(result, item)],
  )
  const edits = [{ start: tools.start + 1, end: tools.end - 1, text: Buffer.concat(text) }]
  // What is for one client must not be kept for others (2026-07-28 server/utilities/caching).
  const scope = gate.isPersonal ? member(result, whole, 'cacheScope') : undefined
  if (scope) edits.push({ ...scope, text: Buffer.from('"private"') })
  return spliced(
    result,
    edits.toSorted((a, b) => a.start - b.start),
  )
}
