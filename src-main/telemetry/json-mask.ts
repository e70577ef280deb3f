const masked = '"***"'

/**
 * Names of members whose value is a secret, in small letters without separators. Narrower than what is taken for one
 * in a server's settings: arguments of tools are full of a plain `key`, of `author` and of `max_tokens`.
 */
const secretName =
  /passw(?:or)?d|passphrase|passcode|secret|credential|authorization|cookie|(?:api|access|private|signing|encryption|ssh|auth|master|account|storage|license|subscription|shared|webhook|service)keys?$|^(?:auth|bearer|jwt|pat|pin|otp|totp|cvv|cvc)$|tokens?$/
const harmlessToken =
  /(?:progress|page|pagination|cursor|continuation|next|previous|sync|start|end|resume|change|max|min|total|prompt|completion|input|output|thinking|used|count|num)tokens?$/

/**
 * A member of such a name, as far as one look tells; within JSON in a text its quotes are escaped. Most texts have
 * none, and need not be gone through.
 */
const secretMember =
  /(?:pass|secret|credential|authorization|cookie)[^"\\]{0,100}\\{0,7}"\s{0,100}:|(?:keys?|tokens?|"(?:auth|bearer|jwt|pat|pin|otp|totp|cvv|cvc))\\{0,7}"\s{0,100}:/i

/** In a schema such names are of fields, and say nothing about a value. */
const schemaNames = new Set(['inputSchema', 'outputSchema', 'requestedSchema'])

/** JSON in a string of JSON, as servers write it into a text, and once more. */
const maxNesting = 3
/** Longer names are looked at each time. */
const maxKnownNameLength = 100
const maxKnownNames = 2_000
const knownNames = new Map<string, boolean>()

/** What need not be escaped, and what was escaped twice. */
const oddEscape = /\\[u/\\]/

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a
const minus = 0x2d
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

/** True for the name of a member that holds a secret. */
export function isSecretName(name: string): boolean {
  const known = knownNames.get(name)
  if (known !== undefined) return known
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  const isSecret =
    secretMember.test(`"${name}":`) && secretName.test(plain) && !harmlessToken.test(plain)
  if (name.length > maxKnownNameLength) return isSecret
  if (knownNames.size >= maxKnownNames) knownNames.clear()
  knownNames.set(name, isSecret)
  return isSecret
}

/**
 * A JSON text without its secrets: values of members that are named like one, and all that `redact` masks, whatever
 * way it is escaped. Everything else stays as it was written, and JSON stays JSON. Text that is none is only redacted.
 */
export function maskJson(text: string, redact: (text: string) => string): string {
  return maskNested(text, redact, 0)
}

function maskNested(text: string, redact: (text: string) => string, depth: number): string {
  const named = maskNamed(text, redact, depth)
  const redacted = redact(named)
  if (redacted === named || isJson(redacted) || !isJson(named)) return redacted
  // A number that is a secret, or one that begins within an escape: each value by itself then.
  return eachToken(named, (start, end, kind) => {
    const raw = named.slice(start, end)
    if (kind !== 'number') return redactedString(raw, redact)
    return redact(raw) === raw ? undefined : masked
  })
}

function maskNamed(text: string, redact: (text: string) => string, depth: number): string {
  // In the others `redact` finds what it looks for.
  const hasOddEscapes = oddEscape.test(text)
  if (!hasOddEscapes && !secretMember.test(text)) return text
  return eachToken(text, (start, end, kind, isSecret) => {
    if (isSecret) return end - start === 2 && kind === 'string' ? undefined : masked
    if (kind === 'number') return undefined
    const first = text.charCodeAt(start + 1)
    const mayHoldJson = kind === 'string' && (first === openBrace || first === openBracket)
    if (!hasOddEscapes && !mayHoldJson) return undefined
    const raw = text.slice(start, end)
    const isOdd = hasOddEscapes && oddEscape.test(raw)
    if (mayHoldJson && depth < maxNesting && (isOdd || secretMember.test(raw))) {
      const inner = decoded(raw)
      const inside = inner === undefined ? inner : maskNested(inner, redact, depth + 1)
      if (inside !== inner) return JSON.stringify(inside)
    }
    return isOdd ? redactedString(raw, redact) : undefined
  })
}

/**
 * Calls `change` with each name, string and number as it is written, and whether it is a value where secrets stand;
 * what it returns is put in its place. One pass, which never throws.
 */
function eachToken(
  text: string,
  change: (
    start: number,
    end: number,
    kind: 'name' | 'string' | 'number',
    isSecret: boolean,
  ) => string | undefined,
): string {
  let out = ''
  let kept = 0
  let level = 0
  /** The level below which all is secret, and below which nothing is by its name; 0: none. */
  let secretLevel = 0
  let schemaLevel = 0
  let name: string | undefined
  const put = (start: number, end: number, kind: 'name' | 'string' | 'number'): void => {
    const isSecret =
      kind !== 'name' &&
      (secretLevel > 0 || (name !== undefined && schemaLevel === 0 && isSecretName(name)))
    const changed = change(start, end, kind, isSecret)
    if (changed === undefined) return
    out += text.slice(kept, start) + changed
    kept = end
  }
  let i = 0
  while (i < text.length) {
    const c = text.charCodeAt(i)
    if (c === quote) {
      const end = stringEnd(text, i)
      const after = skipSpace(text, end)
      if (text.charCodeAt(after) === colon) {
        put(i, end, 'name')
        name = text.slice(i + 1, end - 1)
        if (name.includes('\\')) name = decoded(text.slice(i, end))
        i = after + 1
        continue
      }
      put(i, end, 'string')
      i = end
    } else if (c === openBrace || c === openBracket) {
      level++
      if (name !== undefined && schemaLevel === 0) {
        if (schemaNames.has(name)) schemaLevel = level
        else if (secretLevel === 0 && isSecretName(name)) secretLevel = level
      }
      i++
    } else if (c === closeBrace || c === closeBracket) {
      if (secretLevel === level) secretLevel = 0
      if (schemaLevel === level) schemaLevel = 0
      level--
      i++
    } else if (isDigit(c) || c === minus) {
      const start = i++
      while (isNumberPart(text.charCodeAt(i))) i++
      put(start, i, 'number')
    } else {
      // Spaces, separators, and the letters of true, false and null.
      i++
      if (c <= 0x20) continue
    }
    name = undefined
  }
  return kept === 0 ? text : out + text.slice(kept)
}

function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end - 1
    while (text.charCodeAt(before) === backslash) before--
    if ((end - before) % 2 === 1) return end + 1
  }
  return text.length
}

function skipSpace(text: string, at: number): number {
  let i = at
  while (text.charCodeAt(i) <= 0x20) i++
  return i
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39
}

/** After the first: digits, signs, a point, an exponent. */
function isNumberPart(c: number): boolean {
  return isDigit(c) || c === minus || c === 0x2b || c === 0x2e || c === 0x65 || c === 0x45
}

function redactedString(raw: string, redact: (text: string) => string): string | undefined {
  const plain = decoded(raw)
  if (plain === undefined) return undefined
  const redacted = redact(plain)
  return redacted === plain ? undefined : JSON.stringify(redacted)
}

function decoded(raw: string): string | undefined {
  try {
    const value: unknown = JSON.parse(raw)
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
