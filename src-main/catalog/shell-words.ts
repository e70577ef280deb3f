/** The words of a command line, by the quoting rules of a POSIX shell; variables stay as they are. */
export function shellWords(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote: string | undefined
  const text = line.replaceAll(/\\\r?\n/g, ' ')
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? ''
    if (quote === "'") {
      if (char === "'") quote = undefined
      else word = (word ?? '') + char
    } else if (char === '\\' && at + 1 < text.length) {
      const next = text[at + 1] ?? ''
      // A path of Windows is no escape.
      const escapes = quote === undefined ? !/\w/.test(next) : /["\\$`]/.test(next)
      word = (word ?? '') + (escapes ? next : char + next)
      at++
    } else if (quote === '"') {
      if (char === '"') quote = undefined
      else word = (word ?? '') + char
    } else if (char === "'" || char === '"') {
      quote = char
      word ??= ''
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + char
  }
  if (word !== undefined) words.push(word)
  return words
}
