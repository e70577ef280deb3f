import { writeSync } from 'node:fs'
import type { Writable } from 'node:stream'

const lineFeed = 0x0a
const lineEnd = Buffer.from('\n')

/** Below this, copying is cheaper than several writes. */
const joinUpToBytes = 64 * 1024

/** Writes lines, those of one turn at once. */
export class LineWriter {
  readonly #write: (bytes: Buffer) => void
  readonly #turn = Promise.resolve()
  readonly #endOfTurn = (): void => this.flush()
  #lines: Buffer[] = []
  #bytes = 0

  constructor(write: (bytes: Buffer) => void) {
    this.#write = write
  }

  /** `line` may be a view of a larger chunk: it is written before that can change. */
  line(line: Buffer): void {
    if (line.length > joinUpToBytes) {
      this.flush()
      this.#write(line)
      this.#write(lineEnd)
      return
    }
    // A microtask: a tick would set more of Node's machinery going.
    if (this.#bytes === 0) void this.#turn.then(this.#endOfTurn)
    this.#lines.push(line)
    this.#bytes += line.length + 1
    if (this.#bytes > joinUpToBytes) this.flush()
  }

  /** Writes what waits, now. */
  flush(): void {
    if (this.#bytes === 0) return
    const joined = Buffer.allocUnsafe(this.#bytes)
    const lines = this.#lines
    this.#lines = []
    this.#bytes = 0
    let at = 0
    for (const line of lines) {
      joined.set(line, at)
      at += line.length
      joined[at++] = lineFeed
    }
    this.#write(joined)
  }
}

/**
 * Writes to standard output past the stream, which costs a shim half of its time: pipes and files are written
 * synchronously either way. One that would block (it was made so by whoever started us) goes through the stream.
 */
export function standardOutput(stdout: Writable, gone: () => void): (bytes: Buffer) => void {
  let isStream = process.platform === 'win32'
  return (bytes) => {
    let written = 0
    while (!isStream && written < bytes.length) {
      try {
        written += writeSync(1, bytes, written)
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') isStream = true
        else return gone()
      }
    }
    if (written < bytes.length) stdout.write(bytes.subarray(written))
  }
}
