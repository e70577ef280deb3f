import type { ClientLimits } from '../../../../src-shared/client-access.ts'
import { globMatches, literalGlob } from '../../../../src-shared/glob.ts'

/** Limits as they are edited. */
export interface LimitsDraft {
  /** Null: all servers, those that come later as well. */
  servers: ReadonlySet<string> | null
  /** One glob a line, on `server__tool`; empty: all. */
  allow: string
  /** One glob a line. */
  deny: string
}

export function draftOf(limits: ClientLimits | null): LimitsDraft {
  const allow = limits?.tools?.allow ?? ['*']
  return {
    servers: limits?.servers === undefined ? null : new Set(limits.servers),
    allow: allow.length === 1 && allow[0] === '*' ? '' : allow.join('\n'),
    deny: (limits?.tools?.deny ?? []).join('\n'),
  }
}

/** Null: none. */
export function limitsOf({ servers, allow, deny }: LimitsDraft): ClientLimits | null {
  const allowed = linesOf(allow)
  const denied = linesOf(deny)
  const limitsTools = allowed.length > 0 || denied.length > 0
  if (servers === null && !limitsTools) return null
  return {
    ...(servers === null ? {} : { servers: [...servers].toSorted() }),
    ...(limitsTools
      ? { tools: { allow: allowed.length > 0 ? allowed : ['*'], deny: denied } }
      : {}),
  }
}

export function isSameDraft(a: LimitsDraft, b: LimitsDraft): boolean {
  return JSON.stringify(limitsOf(a)) === JSON.stringify(limitsOf(b))
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** Whether a client may see a tool, and if a pattern decides that, which one. */
export type ToolRule =
  | { isAllowed: true }
  | { isAllowed: false; by: 'itself' | 'allow' }
  | { isAllowed: false; by: 'deny'; pattern: string }

/** The gateway's own rule: deny wins, and what is not allowed is not there. `name`: `server__tool`. */
export function ruleOf(name: string, { allow, deny }: LimitsDraft): ToolRule {
  const denied = linesOf(deny)
  const pattern = denied.find((glob) => glob !== literalGlob(name) && globMatches(glob, name))
  if (pattern !== undefined) return { isAllowed: false, by: 'deny', pattern }
  if (denied.includes(literalGlob(name))) return { isAllowed: false, by: 'itself' }
  const allowed = linesOf(allow)
  if (allowed.length > 0 && !allowed.some((glob) => globMatches(glob, name)))
    return { isAllowed: false, by: 'allow' }
  return { isAllowed: true }
}

/** The draft with one tool denied by its name, or allowed again. */
export function withTool(draft: LimitsDraft, name: string, isAllowed: boolean): LimitsDraft {
  const glob = literalGlob(name)
  const others = linesOf(draft.deny).filter((line) => line !== glob)
  return { ...draft, deny: (isAllowed ? others : [...others, glob]).join('\n') }
}
