import { Document, isMap, isScalar, isSeq, visit } from 'yaml'
import { parseYaml, YamlTree } from './yaml-tree.ts'

/** How new text is to look, taken from its surroundings. */
export interface WriteStyle {
  /** Spaces that a nested map is indented by. */
  step: number
  /** False where lists stand in the column of their key. */
  indentLists: boolean
  /** Keys and texts in double quotes: the file is JSON. */
  json: boolean
}

/** A value in block style, as lines without indentation. */
export function blockLines(value: unknown, style: WriteStyle): string[] {
  const document = new Document(value, { aliasDuplicateObjects: false })
  visit(document, {
    Collection(_key, node) {
      // `args: [-y, name]` is what people write; lists and maps of their own lines only where they are long or deep.
      const isFlat = isSeq(node) && node.items.every(isOneLine) && node.toString().length <= 60
      if (isFlat || (isMap(node) && node.items.length === 0)) node.flow = true
    },
  })
  const text = document.toString({
    indent: style.step,
    indentSeq: style.indentLists,
    lineWidth: 0,
    blockQuote: false,
    doubleQuotedMinMultiLineLength: Infinity,
    flowCollectionPadding: false,
    singleQuote: false,
  })
  return text.replace(/\n$/, '').split('\n')
}

/** In brackets, a text of several lines might be taken for a map. */
function isOneLine(item: unknown): boolean {
  return isScalar(item) && !String(item.value).includes('\n')
}

/** A value in one line. */
export function flowText(value: unknown, json: boolean): string {
  if (typeof value === 'string') return json || !isPlain(value) ? JSON.stringify(value) : value
  if (Array.isArray(value)) return `[${value.map((item) => flowText(item, json)).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map((entry) => flowPair(entry[0], entry[1], json))
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
  }
  return JSON.stringify(value) ?? 'null'
}

export function flowPair(key: string, value: unknown, json: boolean): string {
  return `${flowText(key, json)}: ${flowText(value, json)}`
}

/** A scalar in one line, in the quotes that the old one had where that is possible. */
export function scalarText(value: unknown, oldType: string | undefined): string {
  if (typeof value !== 'string') return flowText(value, false)
  const printable = /^[\x20-\x7e\u00a0-\ud7ff]*$/.test(value)
  if (oldType === 'QUOTE_SINGLE' && printable) return `'${value.replaceAll("'", "''")}'`
  if (oldType === 'QUOTE_DOUBLE' || oldType === 'QUOTE_SINGLE') return JSON.stringify(value)
  const [line, ...more] = blockLines(value, { step: 2, indentLists: true, json: false })
  return line === undefined || more.length > 0 ? JSON.stringify(value) : line
}

/** Means the same text without quotes, in a list or map in brackets, too. */
function isPlain(text: string): boolean {
  if (!/^[A-Za-z0-9_./@~+-]+$/.test(text) || /^-+$/.test(text)) return false
  return new YamlTree(text, parseYaml(text)).value === text
}
