import { Unfit } from './config-text.ts'

/** One statement of a TOML text, with the key it defines from the root. */
export interface TomlStatement {
  kind: 'table' | 'list-item' | 'pair'
  path: string[]
  /** Of its first character. */
  start: number
  /** After its line's break, or the end of the text. */
  end: number
}

/**
 * Where a TOML text that is known to be valid has its statements: what looks like a header inside of a string, a
 * comment or a list is none. An item of a list of tables has its number in its path: `['servers', '0']`.
 */
export function tomlStatements(text: string): TomlStatement[] {
  const scan = new TomlScan(text)
  const statements: TomlStatement[] = []
  const counts = new Map<string, number>()
  let table: string[] = []
  for (scan.skipBlank(); !scan.isDone; scan.skipBlank()) {
    const start = scan.at
    if (scan.take('[')) {
      const isItem = scan.take('[')
      const path = withNumbers(scan.key(), counts)
      if (isItem) {
        const name = JSON.stringify(path)
        const number = counts.get(name) ?? 0
        counts.set(name, number + 1)
        path.push(String(number))
      }
      scan.skipLine()
      table = path
      statements.push({ kind: isItem ? 'list-item' : 'table', path, start, end: scan.at })
    } else {
      const key = scan.key()
      scan.skipValue()
      statements.push({ kind: 'pair', path: [...table, ...key], start, end: scan.at })
    }
  }
  return statements
}

/** `[servers.env]` below `[[servers]]` belongs to its last item. */
function withNumbers(key: readonly string[], counts: ReadonlyMap<string, number>): string[] {
  const path: string[] = []
  for (const [index, part] of key.entries()) {
    path.push(part)
    const count = counts.get(JSON.stringify(path))
    if (count !== undefined && index < key.length - 1) path.push(String(count - 1))
  }
  return path
}

class TomlScan {
  at = 0
  readonly #text: string

  constructor(text: string) {
    this.#text = text
    if (text.startsWith('\ufeff')) this.at = 1
  }

  get isDone(): boolean {
    return this.at >= this.#text.length
  }

  take(word: string): boolean {
    if (!this.#text.startsWith(word, this.at)) return false
    this.at += word.length
    return true
  }

  /** White space, empty lines and comments. */
  skipBlank(): void {
    this.#match(/(?:[\s]|#[^\n]*)*/y)
  }

  skipLine(): void {
    this.#match(/[^\n]*\n?/y)
  }

  /** A dotted key and what ends it: `=` or `]`. */
  key(): string[] {
    const parts: string[] = []
    for (;;) {
      this.#match(/[ \t]*/y)
      const quoted = this.#match(/"(?:[^"\\\n]|\\.)*"/y)
      if (quoted === undefined) {
        const plain = this.#match(/'[^'\n]*'/y)
        parts.push(plain === undefined ? (this.#match(/[^\s.=\]]+/y) ?? '') : plain.slice(1, -1))
      } else parts.push(unquoted(quoted))
      this.#match(/[ \t]*/y)
      if (this.take('.')) continue
      if (this.take('=') || this.take(']')) return parts
      throw new Unfit(`it has a key that cannot be read at character ${this.at}`)
    }
  }

  /** Up to the end of the line in which the value ends. */
  skipValue(): void {
    let depth = 0
    while (!this.isDone) {
      const part = this.#match(
        /"""(?:[^\\]|\\[^])*?"{3,5}|'''[^]*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#[^\n]*|[[{]|[\]}]|\n|[^"'#[\]{}\n]+/y,
      )
      if (part === undefined)
        throw new Unfit(`it has a value that cannot be read at character ${this.at}`)
      if (part === '[' || part === '{') depth++
      else if (part === ']' || part === '}') depth--
      else if (part === '\n' && depth === 0) return
    }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.at += found.length
    return found
  }
}

/** TOML's escapes are JSON's and a few more, which keys hardly have. */
function unquoted(text: string): string {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'string' ? value : text
  } catch {
    throw new Unfit(`it has the key ${text}, which cannot be read`)
  }
}
