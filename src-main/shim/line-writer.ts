import fs from 'node:fs'
import type { Writable } from 'node:stream'

const lineFeed = Buffer.from('\n')

/** Below this, copying is cheaper than several writes. */
const joinUpToBytes = 64 * 1024

/** Writes lines, those of one turn at once. */
export class LineWriter {
  readonly #write: (bytes: Buffer) => void
  #parts: Buffer[] = []

  constructor(write: (bytes: Buffer) => void) {
    this.#write = write
  }

  /** `line` may be a view of a larger chunk: it is written before that can change. */
  line(line: Buffer): void {
    if (this.#parts.length === 0) process.nextTick(() => this.flush())
    this.#parts.push(line, lineFeed)
  }

  /** Writes what waits, now. */
  flush(): void {
    const parts = this.#parts
    this.#parts = []
    let joined: Buffer[] = []
    let bytes = 0
    const writeJoined = (): void => {
      if (joined.length > 0) this.#write(Buffer.concat(joined, bytes))
      joined = []
      bytes = 0
    }
    for (const part of parts) {
      if (part.length > joinUpToBytes) {
        writeJoined()
        this.#write(part)
        continue
      }
      joined.push(part)
      bytes += part.length
      if (bytes > joinUpToBytes) writeJoined()
    }
    writeJoined()
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
        written += fs.writeSync(1, bytes, written)
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') isStream = true
        else return gone()
      }
    }
    if (written < bytes.length) stdout.write(bytes.subarray(written))
  }
}
