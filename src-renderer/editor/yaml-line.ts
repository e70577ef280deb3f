/** What one line of block YAML says, as far as the line alone shows it. Columns begin at 0. */
export interface YamlLine {
  kind: 'blank' | 'content'
  /** Columns of the dashes that begin list items, from the left. */
  dashes: readonly number[]
  /** Where the content behind spaces and dashes begins. */
  column: number
  key?: {
    name: string
    /** Behind the key's last character (its quote, if it has one). */
    end: number
    /** Behind the colon. */
    colonEnd: number
    /** Whether something other than a comment, an anchor or a tag stands behind the colon. */
    hasValue: boolean
  }
}

const keyPattern =
  /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^\s#&*!|>'"%@`,[\]{}?:-](?:[^:#]|:(?=\S)|(?<=\S)#)*?|-(?=[^\s-])[^:#]*?))[ \t]*:(?=[ \t]|$)/
const emptyValue = /^[ \t]*(?:[&!]\S*[ \t]*)*(?:#.*)?$/

/** Reads one line. A line that holds only a comment counts as blank. */
export function readYamlLine(text: string): YamlLine {
  let column = indentOf(text, 0)
  const dashes: number[] = []
  while (
    text[column] === '-' &&
    (column + 1 === text.length || /[ \t]/.test(text[column + 1] ?? ''))
  ) {
    dashes.push(column)
    column = indentOf(text, column + 1)
  }
  const content = text.slice(column)
  const isBlank = (content === '' && dashes.length === 0) || content.startsWith('#')
  if (isBlank && dashes.length === 0) return { kind: 'blank', dashes, column }
  const match = keyPattern.exec(content)
  if (match === null) return { kind: 'content', dashes, column }
  const colonEnd = column + match[0].length
  const name = match[1] ?? match[2]?.replaceAll("''", "'") ?? match[3]?.trimEnd() ?? ''
  return {
    kind: 'content',
    dashes,
    column,
    key: {
      name,
      end: column + match[0].slice(0, -1).trimEnd().length,
      colonEnd,
      hasValue: !emptyValue.test(text.slice(colonEnd)),
    },
  }
}

/** Whether `column` lies in a comment of a line of block YAML. */
export function isInComment(text: string, column: number): boolean {
  let quote = ''
  for (let at = 0; at < column; at++) {
    const character = text[at] ?? ''
    if (quote !== '') {
      if (character === '\\' && quote === '"') at++
      else if (character === quote) quote = ''
    } else if (opensQuote(text, at)) quote = character
    else if (character === '#' && (at === 0 || /\s/.test(text[at - 1] ?? ''))) return true
  }
  return false
}

/** A quote begins a quoted text only where a value can begin: `it's` holds none. */
function opensQuote(text: string, at: number): boolean {
  const character = text[at]
  return (character === '"' || character === "'") && /[\s[{,]/.test(text[at - 1] ?? ' ')
}

function indentOf(text: string, from: number): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\t') at++
  return at
}
