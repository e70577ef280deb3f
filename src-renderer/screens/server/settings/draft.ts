import { plainText } from '../plain-text.ts'

/** The common fields of a catalog entry as a form holds them: texts are as typed, empty means "not in the catalog". */
export interface Draft {
  displayName: string
  description: string
  tags: string
  enabled: boolean
  alwaysOn: boolean
  overlap: boolean
  idleTimeout: string
  requestTimeout: string
  startTimeout: string
  isolation: 'auto' | 'shared' | 'session'
  env: readonly EnvRow[]
  inheritEnv: 'basics' | 'all' | 'names'
  inheritNames: string
  allow: string
  deny: string
}

export interface EnvRow {
  /** Stays with the row while its name is edited. */
  key: number
  name: string
  value: string
}

type Entry = Readonly<Record<string, unknown>>

/** What the form shows for an entry as it stands in the catalog. */
export function draftOf(entry: Entry): Draft {
  const tools = recordAt(entry, 'tools')
  const inherit = entry['inherit_env']
  return {
    displayName: textAt(entry, 'display_name'),
    description: textAt(entry, 'description'),
    tags: listAt(entry, 'tags').join(', '),
    enabled: entry['enabled'] !== false,
    alwaysOn: entry['always_on'] === true,
    overlap: entry['overlap'] !== false,
    idleTimeout: numberAt(entry, 'idle_timeout_seconds'),
    requestTimeout: numberAt(entry, 'request_timeout_seconds'),
    startTimeout: numberAt(entry, 'start_timeout_seconds'),
    isolation: isolationOf(entry['isolation']),
    env: Object.entries(recordAt(entry, 'env')).map(([name, value], key) => ({
      key,
      name,
      value: plainText(value),
    })),
    inheritEnv: inherit === true ? 'all' : Array.isArray(inherit) ? 'names' : 'basics',
    inheritNames: listAt(entry, 'inherit_env').join(', '),
    allow: listAt(tools, 'allow').join('\n'),
    deny: listAt(tools, 'deny').join('\n'),
  }
}

/**
 * The JSON merge patch that makes the entry what the draft says. Only what differs is in it: the rest of the text
 * keeps its form and comments. What is set to its default is taken out of the catalog.
 */
export function patchOf(entry: Entry, draft: Draft): Record<string, unknown> {
  const before = draftOf(entry)
  const patch: Record<string, unknown> = {}
  const put = (key: string, changed: boolean, value: unknown) => {
    if (changed) patch[key] = value ?? null
  }
  const text = (key: string, was: string, is: string) =>
    put(key, was !== is.trim(), is.trim() === '' ? null : is.trim())
  const seconds = (key: string, was: string, is: string) =>
    put(key, was !== is.trim(), is.trim() === '' ? null : Number(is))
  text('display_name', before.displayName, draft.displayName)
  text('description', before.description, draft.description)
  const tags = splitList(draft.tags)
  put('tags', !isSame(splitList(before.tags), tags), tags.length === 0 ? null : tags)
  put('enabled', before.enabled !== draft.enabled, draft.enabled ? null : false)
  put('always_on', before.alwaysOn !== draft.alwaysOn, draft.alwaysOn ? true : null)
  put('overlap', before.overlap !== draft.overlap, draft.overlap ? null : false)
  seconds('idle_timeout_seconds', before.idleTimeout, draft.idleTimeout)
  seconds('request_timeout_seconds', before.requestTimeout, draft.requestTimeout)
  seconds('start_timeout_seconds', before.startTimeout, draft.startTimeout)
  put(
    'isolation',
    before.isolation !== draft.isolation,
    draft.isolation === 'auto' ? null : draft.isolation,
  )
  put('env', !isSame(recordAt(entry, 'env'), envOf(draft)), envPatch(entry, draft))
  const inherit = inheritOf(draft)
  put('inherit_env', !isSame(inheritOf(before), inherit), inherit === false ? null : inherit)
  const tools = toolsOf(draft)
  put('tools', !isSame(toolsOf(before), tools), tools)
  return patch
}

/** What is wrong with a draft, by field. */
export function problemsOf(draft: Draft): Partial<Record<keyof Draft, string>> {
  const problems: Partial<Record<keyof Draft, string>> = {}
  const check = (field: 'idleTimeout' | 'requestTimeout' | 'startTimeout', least: number) => {
    const text = draft[field].trim()
    if (text !== '' && !(/^\d+$/.test(text) && Number(text) >= least))
      problems[field] = `A whole number of seconds, ${least} or more`
  }
  check('idleTimeout', 0)
  check('requestTimeout', 1)
  check('startTimeout', 1)
  const names = draft.env.map(({ name }) => name)
  const wrong = names.find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (wrong !== undefined)
    problems.env =
      wrong === ''
        ? 'Each variable needs a name'
        : `“${wrong}” is no name of a variable: letters, digits and _ only`
  else if (twice !== undefined) problems.env = `${twice} is there twice`
  return problems
}

function envOf({ env }: Draft): Record<string, string> {
  return Object.fromEntries(env.map(({ name, value }) => [name, value]))
}

/** Variables that are gone are null; all gone takes the map away. */
function envPatch(entry: Entry, draft: Draft): Record<string, string | null> | null {
  const before = recordAt(entry, 'env')
  const after = envOf(draft)
  if (Object.keys(after).length === 0) return null
  const changed = Object.entries(after).filter(([name, value]) => before[name] !== value)
  const gone = Object.keys(before).filter((name) => !(name in after))
  return { ...Object.fromEntries(changed), ...Object.fromEntries(gone.map((name) => [name, null])) }
}

function inheritOf(draft: Draft): boolean | string[] {
  if (draft.inheritEnv === 'all') return true
  return draft.inheritEnv === 'names' ? splitList(draft.inheritNames) : false
}

/** null: no filter. A list that is empty is not written, so that its default holds. */
function toolsOf(draft: Draft): Record<string, string[] | null> | null {
  const allow = splitLines(draft.allow)
  const deny = splitLines(draft.deny)
  if (allow.length === 0 && deny.length === 0) return null
  return { allow: allow.length === 0 ? null : allow, deny: deny.length === 0 ? null : deny }
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function splitLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

function isolationOf(value: unknown): Draft['isolation'] {
  return value === 'shared' || value === 'session' ? value : 'auto'
}

function textAt(of: Entry, key: string): string {
  const value = of[key]
  return typeof value === 'string' ? value : ''
}

function numberAt(of: Entry, key: string): string {
  const value = of[key]
  return typeof value === 'number' ? plainText(value) : ''
}

function listAt(of: Entry, key: string): string[] {
  const value = of[key]
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

function recordAt(of: Entry, key: string): Record<string, unknown> {
  const value = of[key]
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
