/** One open `{` or `[` around a place. */
export interface FlowFrame {
  kind: 'map' | 'list'
  /** Entries of the map that are complete before the place, with their values' text as far as it is short. */
  keys: Map<string, string>
  /** The key whose value the place is in; undefined at a key, and in a list. */
  key: string | undefined
  /** Where the word begins that the place is in or behind. */
  wordStart: number
}

/**
 * The brackets that are still open at the end of `text`, from the outermost; none if it begins with no bracket or
 * closes them all. Offsets are into `text`.
 */
export function scanFlow(text: string): FlowFrame[] {
  const frames: FlowFrame[] = []
  let quote = ''
  let at = 0
  const inner = (): FlowFrame | undefined => frames.at(-1)
  for (; at < text.length; at++) {
    const character = text[at] ?? ''
    const frame = inner()
    if (quote !== '') {
      if (character === '\\' && quote === '"') at++
      else if (character === quote) quote = ''
      continue
    }
    const isStart = frame !== undefined && /^\s*$/.test(text.slice(frame.wordStart, at))
    if (isStart && (character === '"' || character === "'")) quote = character
    else if (character === '#' && /\s/.test(text[at - 1] ?? ' ')) {
      const end = text.indexOf('\n', at)
      if (end === -1) return []
      at = end
    } else if (character === '$' && text[at + 1] === '{') {
      // `${NAME}` in a plain text is no bracket.
      at += (/^[^\s{}[\],]*\}?/.exec(text.slice(at + 2, at + 102))?.[0].length ?? 0) + 1
    } else if (character === '{' || character === '[') {
      frames.push({
        kind: character === '{' ? 'map' : 'list',
        keys: new Map(),
        key: undefined,
        wordStart: at + 1,
      })
    } else if (frame === undefined) return []
    else if (character === '}' || character === ']') {
      frames.pop()
      const outer = inner()
      if (outer === undefined) return []
      if (outer.key !== undefined) outer.keys.set(outer.key, '')
    } else if (character === ',') {
      endEntry(frame, text, at)
    } else if (character === ':' && frame.kind === 'map' && frame.key === undefined) {
      const key = text.slice(frame.wordStart, at).trim()
      if (!/^["']/.test(key) && /\S/.test(text[at + 1] ?? ' ')) continue
      frame.key = unquoted(key)
      frame.wordStart = at + 1
    }
  }
  const last = inner()
  if (last !== undefined) while (/\s/.test(text[last.wordStart] ?? '')) last.wordStart++
  return frames
}

function endEntry(frame: FlowFrame, text: string, at: number): void {
  const word = text.slice(frame.wordStart, at).trim()
  if (frame.kind === 'map') {
    if (frame.key === undefined) frame.keys.set(unquoted(word), '')
    else frame.keys.set(frame.key, /^[{[]/.test(word) ? '' : unquoted(word))
  }
  frame.key = undefined
  frame.wordStart = at + 1
}

/** The text of a plain or quoted scalar, without what only rare escapes would need. */
function unquoted(word: string): string {
  if (word.startsWith('"') && word.endsWith('"') && word.length > 1) return word.slice(1, -1)
  if (word.startsWith("'") && word.endsWith("'") && word.length > 1) {
    return word.slice(1, -1).replaceAll("''", "'")
  }
  return word
}
