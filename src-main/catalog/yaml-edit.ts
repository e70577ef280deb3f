import { isAlias, isMap, isScalar, isSeq, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'
import { TextLines, type TextChange } from './text-change.ts'
import { blockLines, flowPair, flowText, scalarText, type WriteStyle } from './yaml-write.ts'
import { isObject, keyOf } from './yaml-tree.ts'

/** An edit that cannot be made by touching one place. `message` ends a sentence that begins "because". */
export class NotLocal extends Error {}

/** Where a pair, or an item of a block list, stands. */
interface Span {
  /** The key; the dash. */
  start: number
  /** After the last character of its value. */
  end: number
}

/**
 * Changes to single nodes of a YAML text, as replacements of source ranges, so that nothing else moves. Needs nodes
 * that were parsed with `keepSourceTokens`.
 */
export class YamlEditor {
  readonly #lines: TextLines
  readonly #style: WriteStyle

  constructor(text: string, style: WriteStyle) {
    this.#lines = new TextLines(text)
    this.#style = style
  }

  /** Adds an item at the end of a list. */
  appendItem(list: YAMLSeq, value: unknown): TextChange[] {
    if (list.flow === true) return this.#appendFlow(list, this.#flow(value))
    const spans = this.#itemSpans(list)
    const last = spans.at(-1)
    const lastItem = list.items.at(-1)
    if (last === undefined) throw new NotLocal('the list has no items to go by')
    const column = this.#lines.column(last.start)
    const keyColumn =
      isMap(lastItem) && lastItem.flow !== true ? this.#mapColumn(lastItem) : undefined
    const gap = keyColumn !== undefined && keyColumn > column ? keyColumn - column : 2
    const lines = this.#itemLines(value, column, gap, isMap(lastItem) && lastItem.flow === true)
    const isSpaced = spans.length > 1 && this.#isSpaced(last.start)
    const at = this.#lines.extentEnd(last.end, column)
    const keepsBlanks = this.#lines.text[last.end - 1] === '\n'
    return [this.#lines.insertLines(at, isSpaced && !keepsBlanks ? ['', ...lines] : lines)]
  }

  /** Takes an item out of a list; `pair` is the entry whose value the list is, for when it becomes empty. */
  removeItem(list: YAMLSeq, index: number, pair: Pair | undefined): TextChange[] {
    if (list.flow === true) {
      return this.#removeFlow(
        list.items.map((item) => this.#flowSpan(item, item)),
        index,
      )
    }
    const spans = this.#itemSpans(list)
    const span = spans[index]
    if (span === undefined || !this.#lines.isFirstInLine(span.start)) {
      throw new NotLocal('it shares a line with something else')
    }
    if (spans.length === 1 && pair === undefined) throw new NotLocal('the list would be empty')
    let start = this.#lines.lineStart(span.start)
    const end = this.#lines.extentEnd(span.end, this.#lines.column(span.start))
    const before = spans[index - 1]
    if (before !== undefined && this.#hasBlankBefore(span.start)) {
      const blank = this.#lines.lineStart(start - 1)
      // A block text that keeps its blank lines (`|+`) owns it.
      if (blank >= this.#lines.extentEnd(before.end, this.#lines.column(span.start))) start = blank
    }
    const changes = [this.#lines.removeLines(start, end)]
    if (spans.length === 1 && pair !== undefined) {
      const at = this.#valuePlace(pair)
      changes.push({ start: at, end: at, text: ' []' })
    }
    return changes
  }

  /** Gives a map one more entry, at its end. */
  addPair(map: YAMLMap, key: string, value: unknown): TextChange[] {
    if (map.flow === true) return this.#appendFlow(map, flowPair(key, value, this.#isJson(map)))
    const last = map.items.at(-1)
    if (last === undefined) throw new NotLocal('the map has no entries to go by')
    const column = this.#mapColumn(map)
    const at = this.#lines.extentEnd(this.#pairSpan(last).end, column)
    const pad = ' '.repeat(column)
    const hasFlowMaps = map.items.some((pair) => isMap(pair.value) && pair.value.flow === true)
    const flow = isObject(value) && hasFlowMaps ? flowPair(key, value, false) : undefined
    const lines = flow === undefined ? blockLines({ [key]: value }, this.#style) : [flow]
    return [
      this.#lines.insertLines(
        at,
        lines.map((line) => pad + line),
      ),
    ]
  }

  /** Takes an entry out of a map that has others. */
  removePair(map: YAMLMap, index: number): TextChange[] {
    if (map.flow === true) {
      return this.#removeFlow(
        map.items.map((pair) => this.#flowSpan(pair.key, pair.value)),
        index,
      )
    }
    const pair = map.items[index]
    const next = map.items[index + 1]
    if (pair === undefined || map.items.length < 2) throw new NotLocal('the map would be empty')
    const span = this.#pairSpan(pair)
    if (this.#lines.isFirstInLine(span.start)) {
      const end = this.#lines.extentEnd(span.end, this.#mapColumn(map))
      return [this.#lines.removeLines(this.#lines.lineStart(span.start), end)]
    }
    if (next === undefined) throw new NotLocal('it shares a line with something else')
    // `- first: 1` and `second: 2` below it: the second moves up behind the dash.
    const nextStart = this.#pairSpan(next).start
    const between = this.#lines.text.slice(span.end, nextStart)
    const end = /^\r?\n *$/.test(between) ? nextStart : span.end
    return [{ start: span.start, end, text: '' }]
  }

  /** Gives an entry of a map another value. */
  replaceValue(map: YAMLMap, pair: Pair, value: unknown): TextChange[] {
    const old = pair.value
    const span = this.#pairSpan(pair)
    const place = this.#valuePlace(pair)
    const text = this.#lines.text
    const isCollection = isMap(old) || isSeq(old)
    if (map.flow === true || (isCollection && old.flow === true)) {
      const start = isEmptyNode(old) ? place : rangeOf(old)[0]
      const json = map.flow === true && this.#isJson(map)
      const next =
        isObject(value) || json ? flowText(value, json) : scalarText(value, 'QUOTE_DOUBLE')
      return [{ start, end: Math.max(start, span.end), text: isEmptyNode(old) ? ` ${next}` : next }]
    }
    const inline = !isObject(value) || Object.keys(value).length === 0
    if (!isCollection && !isEmptyNode(old) && inline) {
      const type = isScalar(old) ? old.type : undefined
      const [start] = rangeOf(old)
      const end = this.#lines.trimEnd(span.end)
      return [
        {
          start,
          end,
          text: isObject(value) ? flowText(value, false) : scalarText(value, type ?? undefined),
        },
      ]
    }
    // The comment behind the key stays; what the value's own lines hold goes.
    const lineEnd = this.#lines.lineEnd(place)
    const end = this.#lines.trimEnd(span.end)
    const changes: TextChange[] = []
    if (isCollection) changes.push({ start: lineEnd, end: Math.max(lineEnd, end), text: '' })
    else if (!isEmptyNode(old)) {
      if (text.slice(place, end).includes('\n')) throw new NotLocal('its value spans several lines')
      changes.push({ start: place, end, text: '' })
    }
    if (inline) {
      const short = isObject(value) ? flowText(value, false) : scalarText(value, undefined)
      changes.push({ start: place, end: place, text: ` ${short}` })
      return changes
    }
    const keyColumn = this.#mapColumn(map)
    const isList = Array.isArray(value)
    const oldStart = isCollection ? this.#collectionStart(old) : undefined
    const column =
      oldStart === undefined
        ? keyColumn + (isList && !this.#style.indentLists ? 0 : this.#style.step)
        : this.#lines.column(oldStart)
    const pad = ' '.repeat(column)
    const lines = this.#ownLines(value).map((line) => this.#lines.eol + pad + line)
    changes.push({
      start: Math.max(lineEnd, isCollection ? lineEnd : 0),
      end: lineEnd,
      text: lines.join(''),
    })
    return changes
  }

  /** `servers:` and its first item, where the value is nothing or `[]` so far. */
  fillEmptyList(map: YAMLMap, pair: Pair, value: unknown): TextChange[] {
    const old = pair.value
    if (map.flow === true) {
      if (isSeq(old) && old.flow === true) return this.#appendFlow(old, this.#flow(value))
      return this.replaceValue(map, pair, [value])
    }
    const place = this.#valuePlace(pair)
    const column = this.#mapColumn(map) + (this.#style.indentLists ? this.#style.step : 0)
    const changes: TextChange[] = []
    if (!isEmptyNode(old)) {
      const [, end] = rangeOf(old)
      const gone = this.#lines.text.slice(place, end)
      if (/[\n#]/.test(gone)) {
        if (isSeq(old)) return this.#appendFlow(old, this.#flow(value))
        throw new NotLocal('its value spans several lines')
      }
      changes.push({ start: place, end, text: '' })
    }
    const lineEnd = this.#lines.lineEnd(place)
    const lines = this.#itemLines(value, column, 2, false)
    changes.push({
      start: lineEnd,
      end: lineEnd,
      text: lines.map((line) => this.#lines.eol + line).join(''),
    })
    return changes
  }

  /** Lines for a list item with its dash in `column`. */
  #itemLines(value: unknown, column: number, gap: number, flow: boolean): string[] {
    const pad = ' '.repeat(column)
    if (flow) return [`${pad}- ${this.#flow(value)}`]
    return blockLines(value, this.#style).map((line, index) => {
      return index === 0
        ? `${pad}-${' '.repeat(gap - 1)}${line}`
        : `${pad}${' '.repeat(gap)}${line}`
    })
  }

  /** A list or map that gets lines of its own: never in brackets. */
  #ownLines(value: object): string[] {
    if (!Array.isArray(value)) return blockLines(value, this.#style)
    return value.flatMap((item: unknown) => this.#itemLines(item, 0, 2, false))
  }

  #flow(value: unknown): string {
    return flowText(value, this.#style.json)
  }

  #isJson(map: YAMLMap): boolean {
    const key = map.items[0]?.key
    return isScalar(key) ? key.type === 'QUOTE_DOUBLE' : this.#style.json
  }

  /** Whether a blank line parts an item, and the comments above it, from the one before. */
  #isSpaced(offset: number): boolean {
    const above = this.#lines.text.slice(0, this.#lines.lineStart(offset)).split('\n')
    const line = above.slice(0, -1).findLast((text) => !text.trimStart().startsWith('#'))
    return line !== undefined && line.trim() === ''
  }

  #hasBlankBefore(offset: number): boolean {
    const start = this.#lines.lineStart(offset)
    return start > 1 && this.#lines.isBlankLine(this.#lines.lineStart(start - 1))
  }

  #mapColumn(map: YAMLMap): number {
    const first = map.items[0]
    if (first === undefined) throw new NotLocal('the map has no entries to go by')
    return this.#lines.column(this.#pairSpan(first).start)
  }

  #collectionStart(node: YAMLMap | YAMLSeq): number {
    const first = isSeq(node) ? this.#itemSpans(node)[0]?.start : undefined
    return first ?? rangeOf(node)[0]
  }

  #itemSpans(list: YAMLSeq): Span[] {
    const token = list.srcToken
    if (token?.type !== 'block-seq') throw new NotLocal('its list has a form that cannot be edited')
    const dashes = token.items.flatMap(({ start }) => {
      const dash = start.find(({ type }) => type === 'seq-item-ind')
      return dash === undefined ? [] : [dash.offset]
    })
    return list.items.map((item, index) => {
      const start = dashes[index]
      if (start === undefined) throw new NotLocal('its list has a form that cannot be edited')
      return { start, end: Math.max(start + 1, this.#contentEnd(item)) }
    })
  }

  #pairSpan(pair: Pair): Span {
    const token = pair.srcToken
    if (keyOf(pair.key) === undefined || token === undefined || 'explicitKey' in token) {
      throw new NotLocal('a key beside it has a form that cannot be edited')
    }
    const [start, keyEnd] = rangeOf(pair.key)
    const colon = token.sep?.find(({ type }) => type === 'map-value-ind')
    const afterKey = colon === undefined ? keyEnd : colon.offset + 1
    return { start, end: Math.max(afterKey, this.#contentEnd(pair.value)) }
  }

  /** After the colon, and after anchor and tag if there are. */
  #valuePlace(pair: Pair): number {
    const tokens = pair.srcToken?.sep ?? []
    const last = tokens.findLast(({ type }) => /^(?:map-value-ind|anchor|tag)$/.test(type))
    if (last === undefined) throw new NotLocal('a key has no colon')
    return last.offset + last.source.length
  }

  #flowSpan(first: unknown, last: unknown): Span {
    const [start, firstEnd] = rangeOf(first)
    return { start, end: Math.max(firstEnd, this.#contentEnd(last)) }
  }

  /** After the last character that belongs to a value; comments and blank lines behind it do not. */
  #contentEnd(node: unknown): number {
    if (isMap(node) && node.flow !== true) {
      const last = node.items.at(-1)
      return last === undefined ? 0 : this.#pairSpan(last).end
    }
    if (isSeq(node) && node.flow !== true) return this.#itemSpans(node).at(-1)?.end ?? 0
    if (isEmptyNode(node)) return 0
    const [start, end] = rangeOf(node)
    const isBlock =
      isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED')
    if (!isBlock) return end
    const header = this.#lines.text.slice(start, this.#lines.lineEnd(start))
    // `|+` keeps the blank lines that follow.
    return header.includes('+') ? end : this.#lines.trimEnd(end)
  }

  #appendFlow(node: YAMLMap | YAMLSeq, text: string): TextChange[] {
    const spans = isMap(node)
      ? node.items.map((pair) => this.#flowSpan(pair.key, pair.value))
      : node.items.map((item) => this.#flowSpan(item, item))
    const last = spans.at(-1)
    if (last === undefined) {
      const at = rangeOf(node)[0] + 1
      return [{ start: at, end: at, text: isMap(node) ? ` ${text} ` : text }]
    }
    const ownLine = this.#lines.isFirstInLine(last.start)
    const space = ownLine ? this.#lines.eol + ' '.repeat(this.#lines.column(last.start)) : ' '
    return [{ start: last.end, end: last.end, text: `,${space}${text}` }]
  }

  #removeFlow(spans: readonly Span[], index: number): TextChange[] {
    const span = spans[index]
    if (span === undefined) throw new NotLocal('it is not in its list')
    const text = this.#lines.text
    const before = spans[index - 1]
    const after = spans[index + 1]
    if (before !== undefined) {
      const gap = text.slice(before.end, span.start)
      if (!gap.includes('#')) return [{ start: before.end, end: span.end, text: '' }]
      const comma = before.end + gap.indexOf(',')
      if (gap.slice(0, gap.indexOf(',')).includes('#'))
        throw new NotLocal('a comment stands before its comma')
      return [
        { start: comma, end: comma + 1, text: '' },
        { start: span.start, end: span.end, text: '' },
      ]
    }
    if (after !== undefined) {
      const gap = text.slice(span.end, after.start)
      if (!gap.includes('#')) return [{ start: span.start, end: after.start, text: '' }]
      const comma = /^\s*,/.exec(gap)?.[0].length
      if (comma === undefined) throw new NotLocal('a comment stands before its comma')
      return [{ start: span.start, end: span.end + comma, text: '' }]
    }
    const comma = /^\s*,/.exec(text.slice(span.end))?.[0].length ?? 0
    return [{ start: span.start, end: span.end + comma, text: '' }]
  }
}

/** `key:` with nothing behind it. */
export function isEmptyNode(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null && (node.source ?? '') === '')
}

function rangeOf(node: unknown): [number, number] {
  const range =
    isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range : undefined
  if (range === undefined || range === null) throw new NotLocal('a value beside it has no place')
  return [range[0], range[1]]
}
