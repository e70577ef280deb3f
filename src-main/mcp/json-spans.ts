/**
 * Finds values in JSON text by their byte positions, without building them. This is how the relay stays lossless:
 * what it must change is spliced into the bytes that came, and everything else (numbers as they were written, key
 * order, unknown members) leaves as it arrived.
 *
 * Structure is checked strictly; the inside of strings is not (a client's parser sees what a direct one would).
 */

/** Byte positions of a value: [start, end). */
export interface Span {
  readonly start: number
  readonly end: number
}

/** One replacement; `text` takes the place of the bytes in the span. */
export interface Edit extends Span {
  readonly text: Buffer
}

export class JsonSyntaxError extends Error {
  readonly position: number
  constructor(position: number, what: string) {
    super(`Invalid JSON at byte ${position}: ${what}`)
    this.name = 'JsonSyntaxError'
    this.position = position
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const COMMA = 0x2c
const COLON = 0x3a

export function skipWhitespace(bytes: Buffer, at: number): number {
  for (;;) {
    const c = bytes[at]
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return at
    at++
  }
}

/** `at` is the opening quote; returns the position after the closing one. */
function skipString(bytes: Buffer, at: number): number {
  const length = bytes.length
  let i = at + 1
  for (;;) {
    // Short strings and dense escapes byte by byte; long runs by the native search.
    for (const near = Math.min(i + 48, length); i < near; i++) {
      const c = bytes[i]
      if (c === QUOTE) return i + 1
      if (c === BACKSLASH) i++
    }
    if (i >= length) throw new JsonSyntaxError(at, 'a string without an end')
    const quote = bytes.indexOf(QUOTE, i)
    if (quote < 0) throw new JsonSyntaxError(at, 'a string without an end')
    let before = quote - 1
    while (before >= i && bytes[before] === BACKSLASH) before--
    if ((quote - before) % 2 === 1) return quote + 1
    i = quote + 1
  }
}

const literals = new Map<number, Buffer>(
  ['true', 'false', 'null'].map((word) => [word.charCodeAt(0), Buffer.from(word)]),
)

function isDigit(c: number | undefined): boolean {
  return c !== undefined && c >= 0x30 && c <= 0x39
}

function skipNumber(bytes: Buffer, at: number): number {
  let i = at
  if (bytes[i] === 0x2d) i++
  if (!isDigit(bytes[i])) throw new JsonSyntaxError(at, 'not a JSON value')
  if (bytes[i] === 0x30) i++
  else while (isDigit(bytes[i])) i++
  if (bytes[i] === 0x2e) {
    i++
    if (!isDigit(bytes[i])) throw new JsonSyntaxError(at, 'a number without digits after its point')
    while (isDigit(bytes[i])) i++
  }
  if (bytes[i] === 0x65 || bytes[i] === 0x45) {
    i++
    if (bytes[i] === 0x2b || bytes[i] === 0x2d) i++
    if (!isDigit(bytes[i])) throw new JsonSyntaxError(at, 'a number without digits in its exponent')
    while (isDigit(bytes[i])) i++
  }
  return i
}

function skipScalar(bytes: Buffer, at: number): number {
  const c = bytes[at]
  if (c === undefined) throw new JsonSyntaxError(at, 'the text ends in the middle of a value')
  if (c === QUOTE) return skipString(bytes, at)
  const literal = literals.get(c)
  if (literal === undefined) return skipNumber(bytes, at)
  const end = at + literal.length
  if (bytes.compare(literal, 0, literal.length, at, Math.min(end, bytes.length)) !== 0)
    throw new JsonSyntaxError(at, 'not a JSON value')
  return end
}

/** `at` is a key's opening quote; returns the position after the closing one. */
function skipKey(bytes: Buffer, at: number): number {
  if (bytes[at] !== QUOTE) throw new JsonSyntaxError(at, 'expected a key')
  return skipString(bytes, at)
}

/** `at` is the position after a key; returns where its value starts. */
function skipColon(bytes: Buffer, at: number): number {
  const colon = skipWhitespace(bytes, at)
  if (bytes[colon] !== COLON) throw new JsonSyntaxError(colon, "expected ':'")
  return skipWhitespace(bytes, colon + 1)
}

/** Each open bracket costs memory while it is open; nobody's data is nested like that. */
const maxDepth = 1_000_000

/** `at` is the first byte of a value; returns the position after it. Iterative: depth cannot exhaust the stack. */
export function skipValue(bytes: Buffer, at: number): number {
  const open: number[] = []
  let i = at
  for (;;) {
    // A value starts at i.
    const c = bytes[i]
    if (c === OPEN_BRACE || c === OPEN_BRACKET) {
      const close = c === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET
      i = skipWhitespace(bytes, i + 1)
      if (bytes[i] !== close) {
        if (open.length === maxDepth) throw new JsonSyntaxError(i, 'nested too deeply')
        open.push(close)
        if (close === CLOSE_BRACE) i = skipColon(bytes, skipKey(bytes, i))
        continue
      }
      i++
    } else i = skipScalar(bytes, i)
    // A value has ended before i: close what ends here, or go on to the next member.
    for (;;) {
      const close = open.at(-1)
      if (close === undefined) return i
      i = skipWhitespace(bytes, i)
      if (bytes[i] === close) {
        open.pop()
        i++
        continue
      }
      if (bytes[i] !== COMMA) throw new JsonSyntaxError(i, "expected ',' or the end")
      i = skipWhitespace(bytes, i + 1)
      if (close === CLOSE_BRACE) i = skipColon(bytes, skipKey(bytes, i))
      break
    }
  }
}

/** Calls `visit(key, value, keySpan)` for each member of the object at `at`; returns the position after it. */
export function eachMember(
  bytes: Buffer,
  at: number,
  visit: (key: string, value: Span, keyStart: number) => void,
): number {
  if (bytes[at] !== OPEN_BRACE) throw new JsonSyntaxError(at, 'expected an object')
  let i = skipWhitespace(bytes, at + 1)
  if (bytes[i] === CLOSE_BRACE) return i + 1
  for (;;) {
    const keyStart = i
    const keyEnd = skipKey(bytes, i)
    const start = skipColon(bytes, keyEnd)
    const end = skipValue(bytes, start)
    // A key that is no valid string stands for itself: it is nobody's name.
    const key = readString(bytes, keyStart, keyEnd) ?? bytes.toString('latin1', keyStart, keyEnd)
    visit(key, { start, end }, keyStart)
    i = skipWhitespace(bytes, end)
    if (bytes[i] === CLOSE_BRACE) return i + 1
    if (bytes[i] !== COMMA) throw new JsonSyntaxError(i, "expected ',' or '}'")
    i = skipWhitespace(bytes, i + 1)
  }
}

/** Spans of the items of the array at `at`. */
export function arrayItems(bytes: Buffer, at: number): Span[] {
  if (bytes[at] !== OPEN_BRACKET) throw new JsonSyntaxError(at, 'expected an array')
  const items: Span[] = []
  let i = skipWhitespace(bytes, at + 1)
  if (bytes[i] === CLOSE_BRACKET) return items
  for (;;) {
    const end = skipValue(bytes, i)
    items.push({ start: i, end })
    i = skipWhitespace(bytes, end)
    if (bytes[i] === CLOSE_BRACKET) return items
    if (bytes[i] !== COMMA) throw new JsonSyntaxError(i, "expected ',' or ']'")
    i = skipWhitespace(bytes, i + 1)
  }
}

/** The string in these quotes; undefined if its escapes are not valid. Never throws. */
function readString(bytes: Buffer, start: number, end: number): string | undefined {
  for (let i = start + 1; i < end - 1; i++) {
    const c = bytes[i] ?? 0
    if (c === BACKSLASH || c >= 0x80) return decoded(bytes, start, end)
  }
  return bytes.toString('latin1', start + 1, end - 1)
}

function decoded(bytes: Buffer, start: number, end: number): string | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8', start, end))
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

export function isObject(bytes: Buffer, span: Span): boolean {
  return bytes[span.start] === OPEN_BRACE
}

export function isArray(bytes: Buffer, span: Span): boolean {
  return bytes[span.start] === OPEN_BRACKET
}

export function isString(bytes: Buffer, span: Span): boolean {
  return bytes[span.start] === QUOTE
}

/** The string at the span, or undefined if what stands there is no (valid) string. */
export function stringAt(bytes: Buffer, span: Span | undefined): string | undefined {
  if (span === undefined || !isString(bytes, span)) return undefined
  return readString(bytes, span.start, span.end)
}

/** The value of the (last) member with this key of the object at the span; undefined if there is none or no object. */
export function member(bytes: Buffer, object: Span | undefined, key: string): Span | undefined {
  if (object === undefined || !isObject(bytes, object)) return undefined
  let found: Span | undefined
  eachMember(bytes, object.start, (name, value) => {
    if (name === key) found = value
  })
  return found
}

/** Builds the value at the span. For small things only: headers, names, capabilities. */
export function parseSpan(bytes: Buffer, span: Span): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', span.start, span.end))
  } catch {
    throw new JsonSyntaxError(span.start, 'not a JSON value')
  }
}

/** The raw bytes of the span, not copied. */
export function slice(bytes: Buffer, span: Span): Buffer {
  return bytes.subarray(span.start, span.end)
}

/**
 * The text with the edits made, as chunks to be written in order. Edits do not overlap; they may come unsorted.
 */
export function splice(bytes: Buffer, edits: readonly Edit[], within?: Span): Buffer[] {
  const chunks: Buffer[] = []
  let at = within?.start ?? 0
  const sorted = edits.length > 1 ? edits.toSorted((a, b) => a.start - b.start) : edits
  for (const edit of sorted) {
    if (edit.start > at) chunks.push(bytes.subarray(at, edit.start))
    chunks.push(edit.text)
    at = edit.end
  }
  const end = within?.end ?? bytes.length
  if (at < end) chunks.push(bytes.subarray(at, end))
  return chunks
}

/** `splice` as one buffer. */
export function spliced(bytes: Buffer, edits: readonly Edit[], within?: Span): Buffer {
  return Buffer.concat(splice(bytes, edits, within))
}

export function jsonBytes(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}
