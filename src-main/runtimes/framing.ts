const lineFeed = 0x0a
const carriageReturn = 0x0d

const noBytes = Buffer.alloc(0)

/** The most bytes that one line may have unless told otherwise: 64 MiB. */
export const defaultMaxLineBytes = 64 * 1024 * 1024

export interface LineFramerOptions {
  /** Longer lines are dropped up to their line feed. */
  maxLineBytes?: number
  /** Told once for each dropped line, when its end has been seen; `bytes` is its whole length. */
  onOverflow?: (bytes: number, ends: LineEnds) => void
}

/** What is kept of a dropped line: enough to see which answer it was. */
export interface LineEnds {
  head: Buffer
  tail: Buffer
}

const endBytes = 128

/**
 * Cuts a byte stream into lines at 0x0A alone (never at U+2028 or U+0085, which are text in JSON), without
 * decoding. One trailing carriage return is taken off, empty lines are skipped. A line that lies within one
 * chunk is a view of that chunk; one that spans several is joined once, so the cost is linear.
 */
export class LineFramer {
  readonly #onLine: (line: Buffer) => void
  readonly #maxLineBytes: number
  readonly #onOverflow: (bytes: number, ends: LineEnds) => void
  #parts: Buffer[] = []
  #partBytes = 0
  /** Bytes of the line being dropped; 0 when none is. */
  #droppedBytes = 0
  #ends: LineEnds = { head: noBytes, tail: noBytes }

  constructor(onLine: (line: Buffer) => void, options: LineFramerOptions = {}) {
    this.#onLine = onLine
    this.#maxLineBytes = options.maxLineBytes ?? defaultMaxLineBytes
    this.#onOverflow = options.onOverflow ?? (() => {})
  }

  /** Bytes held of a line whose end has not come yet. */
  get pendingBytes(): number {
    return this.#partBytes
  }

  push(chunk: Buffer): void {
    let start = 0
    while (start < chunk.length) {
      const end = chunk.indexOf(lineFeed, start)
      if (end === -1) {
        this.#hold(start === 0 ? chunk : chunk.subarray(start))
        return
      }
      if (end > start || this.#partBytes > 0 || this.#droppedBytes > 0) {
        this.#finish(chunk.subarray(start, end))
      }
      start = end + 1
    }
  }

  /** The stream has ended: a last line without a line feed counts too. */
  end(): void {
    if (this.#partBytes > 0 || this.#droppedBytes > 0) this.#finish(Buffer.alloc(0))
  }

  #hold(part: Buffer): void {
    if (this.#droppedBytes > 0) {
      this.#droppedBytes += part.length
      this.#keepTail(part)
      return
    }
    this.#parts.push(part)
    this.#partBytes += part.length
    // The one byte more is for a carriage return, which does not count.
    if (this.#partBytes > this.#maxLineBytes + 1) {
      this.#droppedBytes = this.#partBytes
      this.#ends = endsOf(Buffer.concat(this.#parts.slice(0, 4)), part)
      this.#forgetParts()
    }
  }

  #finish(tail: Buffer): void {
    if (this.#droppedBytes > 0) {
      const bytes = this.#droppedBytes + tail.length
      this.#droppedBytes = 0
      this.#keepTail(tail)
      this.#onOverflow(bytes, this.#ends)
      return
    }
    let line = tail
    if (this.#partBytes > 0) {
      if (tail.length > 0) this.#parts.push(tail)
      const [only] = this.#parts
      line = this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts)
      this.#forgetParts()
    }
    if (line[line.length - 1] === carriageReturn) line = line.subarray(0, -1)
    if (line.length > this.#maxLineBytes) this.#onOverflow(line.length, endsOf(line, line))
    else if (line.length > 0) this.#onLine(line)
  }

  #keepTail(part: Buffer): void {
    const { head, tail } = this.#ends
    this.#ends = { head, tail: Buffer.concat([tail, part.subarray(-endBytes)]).subarray(-endBytes) }
  }

  #forgetParts(): void {
    this.#parts = []
    this.#partBytes = 0
  }
}

/** Copies, so that nothing of a long line stays in memory. */
function endsOf(first: Buffer, last: Buffer): LineEnds {
  return {
    head: Buffer.from(first.subarray(0, endBytes)),
    tail: Buffer.from(last.subarray(-endBytes)),
  }
}
