/** Replaces `text.slice(start, end)`. */
export interface TextChange {
  start: number
  end: number
  text: string
}

/** Applies changes that do not overlap. */
export function applyChanges(text: string, changes: readonly TextChange[]): string {
  let out = ''
  let at = 0
  for (const change of changes.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    out += text.slice(at, change.start) + change.text
    at = change.end
  }
  return out + text.slice(at)
}

/** A text by its lines. Offsets are UTF-16 units; a byte order mark belongs to no line. */
export class TextLines {
  readonly text: string
  readonly eol: string

  constructor(text: string) {
    this.text = text
    const first = text.indexOf('\n')
    this.eol = first > 0 && text[first - 1] === '\r' ? '\r\n' : '\n'
  }

  lineStart(offset: number): number {
    const start = this.text.lastIndexOf('\n', offset - 1) + 1
    return start === 0 && this.text.charCodeAt(0) === 0xfeff ? 1 : start
  }

  /** Where the next line begins; the text's length if there is none. */
  nextLine(offset: number): number {
    const end = this.text.indexOf('\n', offset)
    return end === -1 ? this.text.length : end + 1
  }

  /** The end of the line's content, before its line break. */
  lineEnd(offset: number): number {
    const next = this.nextLine(offset)
    if (this.text[next - 1] !== '\n' || next <= offset) return next
    return this.text[next - 2] === '\r' ? next - 2 : next - 1
  }

  column(offset: number): number {
    return offset - this.lineStart(offset)
  }

  /** True if only spaces stand before `offset` in its line. */
  isFirstInLine(offset: number): boolean {
    return /^ *$/.test(this.text.slice(this.lineStart(offset), offset))
  }

  /** The last offset at or before `end` that follows no white space. */
  trimEnd(end: number): number {
    let at = end
    while (at > 0 && /\s/.test(this.text[at - 1] ?? '')) at--
    return at
  }

  /**
   * The start of the first line after `contentEnd` that does not belong to what stands at `column`: comments that
   * are indented deeper do.
   */
  extentEnd(contentEnd: number, column: number): number {
    // A content that ends with its line break (a block scalar that keeps it) ends there.
    let end = this.text[contentEnd - 1] === '\n' ? contentEnd : this.nextLine(contentEnd)
    for (let line = end; line < this.text.length; line = this.nextLine(line)) {
      const content = this.text.slice(line, this.lineEnd(line))
      if (content.trim() === '') continue
      const indent = content.length - content.trimStart().length
      if (content[indent] !== '#' || indent <= column) break
      end = this.nextLine(line)
    }
    return end
  }

  isBlankLine(start: number): boolean {
    return start < this.text.length && this.text.slice(start, this.lineEnd(start)).trim() === ''
  }

  /** Puts whole lines in at the start of a line, or at the end of the text, whose last line may have no break. */
  insertLines(at: number, lines: readonly string[]): TextChange {
    const block = lines.join(this.eol)
    const unfinished =
      at === this.text.length && at > 0 && this.text[at - 1] !== '\n' && this.text !== '\ufeff'
    return { start: at, end: at, text: unfinished ? this.eol + block : block + this.eol }
  }

  /** Takes lines out; `end` is the start of a line or the end of the text. */
  removeLines(start: number, end: number): TextChange {
    const unfinished = end === this.text.length && this.text[end - 1] !== '\n'
    return { start: unfinished && start > 0 ? this.lineEnd(start - 1) : start, end, text: '' }
  }
}
