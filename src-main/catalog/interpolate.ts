/** `secret:NAME` for `${secret:NAME}`. */
export type Lookup = (name: string) => string | undefined

const secretPrefix = 'secret:'

/** The NAME of `secret:NAME`; undefined for a variable. */
export function secretName(name: string): string | undefined {
  return name.startsWith(secretPrefix) ? name.slice(secretPrefix.length) : undefined
}

/** Every NAME of `${secret:NAME}` in a text; more than are resolved where one stands in a default. */
export function secretNamesIn(text: string): Set<string> {
  const found = text.matchAll(/(?<!\$)\$\{secret:([A-Za-z0-9_.-]+)(?=\}|:-)/g)
  return new Set([...found].map((match) => match[1] ?? ''))
}

export interface Interpolated {
  value: string
  /** Names of variables that are not set and have no default; `secret:NAME` for secrets. */
  missing: string[]
}

const reference = /^(?:secret:([A-Za-z0-9_.-]+)|([A-Za-z_][A-Za-z0-9_]*))(:-)?/
const maxNesting = 8

/**
 * Replaces `${VAR}` and `${VAR:-default}` (the default also for an empty variable, as in a shell); `$${` is a literal
 * `${`. A value is taken as it is, never interpolated again. What is no reference (`$VAR`, `${a b}`) stays. A missing
 * variable becomes an empty text and is named in `missing`.
 */
export function interpolate(
  template: string,
  lookup: Lookup,
  onValue?: (name: string, value: string) => void,
): Interpolated {
  const missing = new Set<string>()
  const value = expand(template, { lookup, missing, onValue }, 0)
  return { value, missing: [...missing] }
}

interface Context {
  lookup: Lookup
  missing: Set<string>
  onValue: ((name: string, value: string) => void) | undefined
}

function expand(template: string, context: Context, nesting: number): string {
  let out = ''
  let at = 0
  for (;;) {
    const dollar = template.indexOf('${', at)
    if (dollar === -1) return out + template.slice(at)
    if (template[dollar - 1] === '$' && dollar - 1 >= at) {
      out += `${template.slice(at, dollar - 1)}\${`
      at = dollar + 2
      continue
    }
    out += template.slice(at, dollar)
    const found = readReference(template, dollar + 2, nesting)
    if (found === undefined) {
      out += '${'
      at = dollar + 2
      continue
    }
    out += resolveReference(found, context, nesting)
    at = found.end
  }
}

interface Reference {
  name: string
  fallback?: string
  end: number
}

function readReference(template: string, start: number, nesting: number): Reference | undefined {
  const match = reference.exec(template.slice(start, start + 300))
  if (match === null || nesting > maxNesting) return undefined
  const name = match[1] === undefined ? (match[2] ?? '') : secretPrefix + match[1]
  const after = start + match[0].length
  if (match[3] === undefined) return template[after] === '}' ? { name, end: after + 1 } : undefined
  const end = closingBrace(template, after)
  return end === -1 ? undefined : { name, fallback: template.slice(after, end), end: end + 1 }
}

/** The `}` that ends a default; a `${…}` inside of it brings its own. */
function closingBrace(template: string, start: number): number {
  let open = 0
  for (let at = start; at < template.length; at++) {
    if (template[at] === '$' && template[at + 1] === '{') {
      open++
      at++
    } else if (template[at] === '}') {
      if (open === 0) return at
      open--
    }
  }
  return -1
}

function resolveReference(found: Reference, context: Context, nesting: number): string {
  const value = context.lookup(found.name)
  if (value !== undefined && (value !== '' || found.fallback === undefined)) {
    context.onValue?.(found.name, value)
    return value
  }
  if (found.fallback !== undefined) return expand(found.fallback, context, nesting + 1)
  context.missing.add(found.name)
  return ''
}
