import type { ApiLogLine } from '../../../src-shared/api-servers.ts'
import type { LogEntry } from './log-buffer.ts'
import type { GuessedLevel } from './log-level.ts'

/** What a person picks lines by: where they come from, or how they weigh. */
export type LogKind = GuessedLevel | 'plain'

export const logKinds: readonly LogKind[] = ['error', 'warn', 'info', 'debug', 'plain']
export const logSources: readonly ApiLogLine['source'][] = ['stderr', 'stdout', 'lifecycle']

export interface LogFilter {
  /** Ids; empty: all servers. */
  servers: ReadonlySet<string>
  sources: ReadonlySet<ApiLogLine['source']>
  /** `plain`: lines of servers that say nothing of their weight. */
  kinds: ReadonlySet<LogKind>
}

export const allLines: LogFilter = {
  servers: new Set(),
  sources: new Set(logSources),
  kinds: new Set(logKinds),
}

export function isFiltering({ servers, sources, kinds }: LogFilter): boolean {
  return servers.size > 0 || sources.size < logSources.length || kinds.size < logKinds.length
}

/** Levels do not pick lifecycle lines: those are the gateway's own and have none. */
export function passes(filter: LogFilter, entry: LogEntry): boolean {
  return (
    (filter.servers.size === 0 || filter.servers.has(entry.serverId)) &&
    filter.sources.has(entry.source) &&
    (entry.source === 'lifecycle' || filter.kinds.has(entry.level ?? 'plain'))
  )
}

export interface LogSearch {
  text: string
  isRegex: boolean
  matchCase: boolean
  /** Lines without a match are left out. */
  onlyMatches: boolean
}

export const noSearch: LogSearch = {
  text: '',
  isRegex: false,
  matchCase: false,
  onlyMatches: false,
}

/** `pattern` null: nothing is searched for, or `problem` says why it cannot be. */
export interface CompiledSearch {
  pattern: RegExp | null
  problem: string | null
}

export function compileSearch({ text, isRegex, matchCase }: LogSearch): CompiledSearch {
  if (text === '') return { pattern: null, problem: null }
  try {
    const source = isRegex ? text : text.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)
    return { pattern: new RegExp(source, matchCase ? 'gu' : 'giu'), problem: null }
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^.*\/[giu]*: /, '') : String(error)
    return { pattern: null, problem: `Not a regular expression: ${why}.` }
  }
}

export function matches(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0
  return pattern.test(text)
}

export interface TextPart {
  text: string
  isMatch: boolean
}

const mostParts = 400

/** The text cut at its matches, for highlights. */
export function partsOf(text: string, pattern: RegExp | null): TextPart[] {
  if (pattern === null) return [{ text, isMatch: false }]
  const parts: TextPart[] = []
  let from = 0
  // Where the last test has stopped is where it would begin.
  pattern.lastIndex = 0
  for (const found of text.matchAll(pattern)) {
    if (found[0] === '') continue
    if (found.index > from) parts.push({ text: text.slice(from, found.index), isMatch: false })
    parts.push({ text: found[0], isMatch: true })
    from = found.index + found[0].length
    if (parts.length >= mostParts) break
  }
  if (from < text.length || parts.length === 0)
    parts.push({ text: text.slice(from), isMatch: false })
  return parts
}
