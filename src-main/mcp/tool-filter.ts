import type { ToolFilter } from '../../src-shared/catalog.ts'
import { arrayItems, isArray, member, slice, spliced, stringAt } from './json-spans.ts'

function globPattern(glob: string): RegExp {
  const source = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's')
}

/** `tools: {allow, deny}` of a catalog entry, on the server's own tool names; deny wins. */
export class ToolAccess {
  readonly #allow: RegExp[]
  readonly #deny: RegExp[]

  constructor(filter: ToolFilter) {
    this.#allow = filter.allow.map(globPattern)
    this.#deny = filter.deny.map(globPattern)
  }

  /** Undefined where the filter lets everything through, so that the relay can leave lists alone. */
  static of(filter: ToolFilter): ToolAccess | undefined {
    if (filter.deny.length === 0 && filter.allow.includes('*')) return undefined
    return new ToolAccess(filter)
  }

  allows(tool: string): boolean {
    const matches = (pattern: RegExp): boolean => pattern.test(tool)
    return this.#allow.some(matches) && !this.#deny.some(matches)
  }

  /** A `tools/list` result (JSON) without the tools that are not allowed; everything else byte for byte. */
  filtered(result: Buffer): Buffer {
    const tools = member(result, { start: 0, end: result.length }, 'tools')
    if (tools === undefined || !isArray(result, tools)) return result
    const kept = arrayItems(result, tools.start).filter((item) =>
      this.allows(stringAt(result, member(result, item, 'name')) ?? ''),
    )
    const text = kept.flatMap((item, i) =>
      i === 0 ? [slice(result, item)] : [Buffer.from(','), slice(result, item)],
    )
    return spliced(result, [
      { start: tools.start + 1, end: tools.end - 1, text: Buffer.concat(text) },
    ])
  }
}
