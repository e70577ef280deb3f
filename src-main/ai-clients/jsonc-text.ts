import { createScanner, parseTree, printParseErrorCode } from 'jsonc-parser'
import type { Node, ParseError } from 'jsonc-parser'
import { applyChanges, TextLines } from '../catalog/text-change.ts'
import type { TextChange } from '../catalog/text-change.ts'
import type { Container } from './client-definition.ts'
import { Unfit } from './config-text.ts'
import type { ConfigText, Entry } from './config-text.ts'

/** From jsonc-parser's `SyntaxKind`, a const enum that isolated modules cannot see. */
const kinds = { comma: 5, lineComment: 12, blockComment: 13, lineBreak: 14, blanks: 15, end: 17 }

/** JSON with comments and trailing commas, edited by positions. Throws Unfit with line and column. */
export function readJsonc(text: string): ConfigText {
  return new JsoncText(text)
}

class JsoncText implements ConfigText {
  readonly value: unknown
  readonly #text: string
  readonly #lines: TextLines
  readonly #root: Node | undefined
  /** Of one level of indentation. */
  readonly #unit: string

  constructor(text: string) {
    this.#text = text
    this.#lines = new TextLines(text)
    const errors: ParseError[] = []
    // A mark of the byte order is white space here, so that all positions are the file's.
    const source = text.startsWith('\ufeff') ? ` ${text.slice(1)}` : text
    this.#root = parseTree(source, errors, {
      allowTrailingComma: true,
      allowEmptyContent: true,
    })
    const [error] = errors
    if (error !== undefined)
      throw new Unfit(
        `it is not valid JSON (${this.#place(error.offset)}: ${printParseErrorCode(error.error)})`,
      )
    this.value = this.#root === undefined ? undefined : dataOf(this.#root)
    this.#unit = this.#unitOf()
  }

  put({ path, kind }: Container, name: string, entry: Entry): string {
    if (kind === 'list') throw new Unfit('lists of JSON are not supported')
    if (this.#root === undefined) return this.#start(nested([...path, name], entry))
    let map = this.#root
    const keys = [...path, name]
    for (const [depth, key] of keys.entries()) {
      const property = this.#property(map, key)
      const rest = nested(keys.slice(depth + 1), entry)
      if (property === undefined) return this.#insert(map, key, rest)
      const value = valueOf(property)
      // `null` holds nothing that could be lost.
      if (depth === keys.length - 1 || value.type === 'null') return this.#replace(value, rest)
      map = value
    }
    throw new Unfit('its path is empty')
  }

  take({ path }: Container, name: string, keep: number): string {
    if (this.#root === undefined) return this.#text
    const maps = [this.#root]
    for (const key of path) {
      const property = maps.length === 0 ? undefined : this.#property(lastOf(maps), key)
      if (property === undefined) return this.#text
      maps.push(valueOf(property))
    }
    let property = this.#property(lastOf(maps), name)
    if (property === undefined) return this.#text
    for (let depth = path.length; depth > keep; depth--) {
      const map = lastOf(maps)
      if (map.children?.length !== 1 || this.#hasComment(map, property)) break
      maps.pop()
      property = this.#property(lastOf(maps), path[depth - 1] ?? '') ?? property
    }
    return this.#remove(lastOf(maps), property)
  }

  /** The one property of that name. */
  #property(map: Node, key: string): Node | undefined {
    if (map.type !== 'object')
      throw new Unfit(`the value at ${this.#place(map.offset)} is not a map of names`)
    const found = (map.children ?? []).filter((property) => keyOf(property) === key)
    if (found.length > 1)
      throw new Unfit(
        `it has the key '${key}' more than once (${this.#place(found[1]?.offset ?? 0)})`,
      )
    return found[0]
  }

  /** A text of white space and comments gets its first value. */
  #start(value: unknown): string {
    const { eol } = this.#lines
    const json = this.#format(value, '')
    const isBlank = this.#text.replace('\ufeff', '').trim() === ''
    if (isBlank) return `${this.#text.startsWith('\ufeff') ? '\ufeff' : ''}${json}${eol}`
    return `${this.#text}${this.#text.endsWith('\n') ? '' : eol}${json}${eol}`
  }

  #replace(value: Node, next: unknown): string {
    const indent = this.#indentAt(value.offset)
    const isOneLine = !this.#text.slice(value.offset, endOf(value)).includes('\n')
    const isShort = isOneLine && value.type === 'object' && (value.children?.length ?? 0) > 0
    const text = isShort ? inOneLine(next) : this.#format(next, indent)
    return applyChanges(this.#text, [{ start: value.offset, end: endOf(value), text }])
  }

  #insert(map: Node, key: string, value: unknown): string {
    const last = map.children?.at(-1)
    if (last === undefined) return this.#insertFirst(map, key, value)
    const end = endOf(last)
    const { at, comma, isLastOfLine } = this.#afterValue(end)
    const changes: TextChange[] = comma === undefined ? [{ start: end, end, text: ',' }] : []
    const closing = comma === undefined ? '' : ','
    const property = isLastOfLine
      ? `${this.#lines.eol}${this.#childIndent(map)}${this.#pair(key, value, this.#childIndent(map))}`
      : ` ${JSON.stringify(key)}: ${inOneLine(value)}`
    changes.push({ start: at, end: at, text: property + closing })
    return applyChanges(this.#text, merged(changes))
  }

  #insertFirst(map: Node, key: string, value: unknown): string {
    const open = map.offset + 1
    const close = endOf(map) - 1
    const inside = this.#text.slice(open, close)
    const indent = this.#childIndent(map)
    const pair = this.#pair(key, value, indent)
    const { eol } = this.#lines
    if (inside.trim() === '') {
      const tail = inside.includes('\n') ? inside.slice(inside.lastIndexOf('\n') + 1) : undefined
      const text = `${eol}${indent}${pair}${eol}${tail ?? this.#indentAt(map.offset)}`
      return applyChanges(this.#text, [{ start: open, end: close, text }])
    }
    // Comments stay above it; one that ends its line has a line break behind it.
    const at = open + inside.trimEnd().length
    const text = inside.includes('\n')
      ? `${eol}${indent}${pair}`
      : ` ${JSON.stringify(key)}: ${inOneLine(value)}`
    return applyChanges(this.#text, [{ start: at, end: at, text }])
  }

  #remove(map: Node, property: Node): string {
    const siblings = map.children ?? []
    const index = siblings.indexOf(property)
    const previous = siblings[index - 1]
    const next = siblings[index + 1]
    const end = endOf(property)
    const { comma } = this.#afterValue(end, next?.offset)
    const changes: TextChange[] = []
    if (comma !== undefined) changes.push({ start: comma, end: comma + 1, text: '' })
    else if (previous !== undefined) {
      const before = this.#afterValue(endOf(previous), property.offset).comma
      if (before !== undefined) changes.push({ start: before, end: before + 1, text: '' })
    }
    const inside = this.#text.slice(map.offset + 1, property.offset)
    const rest = this.#text.slice(comma === undefined ? end : comma + 1, endOf(map) - 1)
    if (siblings.length === 1 && inside.trim() === '' && rest.trim() === '')
      return applyChanges(this.#text, [{ start: map.offset + 1, end: endOf(map) - 1, text: '' }])
    changes.push({ start: this.#removalStart(property, comma ?? end - 1), end, text: '' })
    return applyChanges(this.#text, merged(changes))
  }

  /** Where what goes with a property begins: its own line's break, or the blanks before it. */
  #removalStart(property: Node, lastChar: number): number {
    const { offset } = property
    const lineStart = this.#lines.lineStart(offset)
    const before = this.#text.slice(lineStart, offset)
    if (before.trim() !== '' || lineStart === 0) return offset - trailingBlanks(before)
    const behind = this.#text.slice(lastChar + 1, this.#lines.lineEnd(lastChar + 1)).trim()
    const above = this.#text.slice(this.#lines.lineStart(lineStart - 1), lineStart)
    // A comment behind it keeps the line, and nothing may move up into a comment.
    if (behind !== '' && (behind.startsWith('/') || above.includes('//'))) return offset
    return this.#lines.lineEnd(lineStart - 1)
  }

  /**
   * What follows a value: its comma, and where the next property may be put in: behind the comments of the same line.
   */
  #afterValue(
    end: number,
    limit = this.#text.length,
  ): { at: number; comma: number | undefined; isLastOfLine: boolean } {
    const scanner = createScanner(this.#text, false)
    scanner.setPosition(end)
    let at = end
    let comma: number | undefined
    for (;;) {
      const kind: number = scanner.scan()
      const start = scanner.getTokenOffset()
      const tokenEnd = start + scanner.getTokenLength()
      if (start >= limit) return { at, comma, isLastOfLine: false }
      if (kind === kinds.lineBreak) {
        if (comma !== undefined || !this.#isCommaNext(tokenEnd, limit))
          return { at, comma, isLastOfLine: true }
      } else if (kind === kinds.comma && comma === undefined) {
        comma = start
        at = tokenEnd
      } else if (kind === kinds.lineComment || kind === kinds.blockComment) {
        at = tokenEnd
      } else if (kind !== kinds.blanks) {
        return { at, comma, isLastOfLine: false }
      }
    }
  }

  /** Some put the comma in front of the next line. */
  #isCommaNext(from: number, limit: number): boolean {
    const scanner = createScanner(this.#text, true)
    scanner.setPosition(from)
    const kind: number = scanner.scan()
    return kind === kinds.comma && scanner.getTokenOffset() < limit
  }

  #hasComment(map: Node, property: Node): boolean {
    const before = this.#text.slice(map.offset + 1, property.offset)
    const behind = this.#text.slice(endOf(property), endOf(map) - 1)
    return before.trim() !== '' || !/^\s*,?\s*$/.test(behind)
  }

  #pair(key: string, value: unknown, indent: string): string {
    return `${JSON.stringify(key)}: ${this.#format(value, indent)}`
  }

  #format(value: unknown, indent: string): string {
    return JSON.stringify(value, undefined, this.#unit)
      .split('\n')
      .join(this.#lines.eol + indent)
  }

  /** Indentation of a map's own properties: that of those it has, else one level more than its line. */
  #childIndent(map: Node): string {
    const own = (map.children ?? []).findLast(({ offset }) => this.#isFirstInLine(offset))
    return own === undefined ? this.#indentAt(map.offset) + this.#unit : this.#indentAt(own.offset)
  }

  #indentAt(offset: number): string {
    const line = this.#text.slice(this.#lines.lineStart(offset), offset)
    return /^[\t ]*/.exec(line)?.[0] ?? ''
  }

  #isFirstInLine(offset: number): boolean {
    return this.#text.slice(this.#lines.lineStart(offset), offset).trim() === ''
  }

  #unitOf(): string {
    const maps = this.#root === undefined ? [] : [this.#root]
    for (const map of maps) {
      for (const property of map.children ?? []) {
        const own = this.#indentAt(map.offset)
        const child = this.#indentAt(property.offset)
        if (this.#isFirstInLine(property.offset) && child.length > own.length)
          return child.slice(own.length)
        const value = property.children?.[1]
        if (value?.type === 'object') maps.push(value)
      }
    }
    return '  '
  }

  #place(offset: number): string {
    const before = this.#text.slice(0, offset).split('\n')
    return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
  }
}

function dataOf(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(dataOf)
  if (node.type !== 'object') {
    const value: unknown = node.value
    return value
  }
  const map: Record<string, unknown> = Object.create(null)
  for (const property of node.children ?? []) map[keyOf(property)] = dataOf(valueOf(property))
  return map
}

function keyOf(property: Node): string {
  return String(property.children?.[0]?.value)
}

function valueOf(property: Node): Node {
  const value = property.children?.[1]
  if (value === undefined) throw new Unfit('a key in it has no value')
  return value
}

function endOf(node: Node): number {
  return node.offset + node.length
}

function lastOf(maps: readonly Node[]): Node {
  const map = maps.at(-1)
  if (map === undefined) throw new Unfit('it is no map of keys at its top')
  return map
}

function nested(keys: readonly string[], entry: unknown): unknown {
  return keys.reduceRight((value: unknown, key) => ({ [key]: value }), entry)
}

/** JSON in one line, spaced as people write it. */
function inOneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inOneLine).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const pairs = Object.entries(value).map(
    ([key, one]) => `${JSON.stringify(key)}: ${inOneLine(one)}`,
  )
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`
}

function trailingBlanks(text: string): number {
  return text.length - text.trimEnd().length
}

/** Two insertions at one place become one, in order. */
function merged(changes: readonly TextChange[]): TextChange[] {
  const out: TextChange[] = []
  for (const change of changes.toSorted((a, b) => a.start - b.start)) {
    const last = out.at(-1)
    if (last !== undefined && last.end >= change.start)
      out[out.length - 1] = {
        start: last.start,
        end: Math.max(last.end, change.end),
        text: last.text + change.text,
      }
    else out.push(change)
  }
  return out
}
