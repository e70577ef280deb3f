import type { Writable } from 'node:stream'

const lineFeed = Buffer.from('\n')
/** A chunk from this size on is handed to the kernel as it is; smaller ones are cheaper joined. */
const largeChunkBytes = 16 * 1024

/** The most bytes that may wait for a server to read them: 64 MiB. */
const maxQueuedBytes = 64 * 1024 * 1024

/**
 * Writes messages, one a line, to a server's stdin. While several are sent in a turn of the loop, they go out in one
 * write at its end, which is worth a third of the throughput; one by one they go out at once, and the server begins
 * while the gateway finishes its turn.
 */
export class StdinWriter {
  readonly #stdin: Writable
  readonly #onStuck: (queuedBytes: number) => void
  #queue: Buffer[] = []
  #queueBytes = 0
  /** Messages of this turn; 0 before the first. */
  #inTurn = 0
  /** The last turn that had any had several. */
  #isBusy = false
  #isEnded = false

  /** `onStuck` is called once, on a later turn, when more than 64 MiB wait and nothing more is taken. */
  constructor(stdin: Writable, onStuck: (queuedBytes: number) => void) {
    this.#stdin = stdin
    this.#onStuck = onStuck
  }

  /** False if the message was not taken. */
  write(message: readonly Buffer[]): boolean {
    if (this.#isEnded) return false
    const waiting = this.#queueBytes + this.#stdin.writableLength
    if (waiting > maxQueuedBytes) {
      this.#isEnded = true
      setImmediate(() => this.#onStuck(waiting))
      return false
    }
    for (const chunk of message) {
      this.#queue.push(chunk)
      this.#queueBytes += chunk.length
    }
    this.#queue.push(lineFeed)
    this.#queueBytes += 1
    this.#inTurn++
    if (this.#inTurn > 1) return true
    if (!this.#isBusy) this.#flush()
    setImmediate(this.#endTurn)
    return true
  }

  readonly #endTurn = (): void => {
    this.#isBusy = this.#inTurn > 1
    this.#inTurn = 0
    this.#flush()
  }

  /** Sends what is queued, then the end of the stream. */
  end(): void {
    this.#isEnded = true
    this.#flush()
    this.#stdin.end()
  }

  #flush(): void {
    if (this.#queueBytes === 0) return
    const chunks = joinSmall(this.#queue, this.#queueBytes)
    this.#queue = []
    this.#queueBytes = 0
    if (!this.#stdin.writable) return
    if (chunks.length > 1) this.#stdin.cork()
    for (const chunk of chunks) this.#stdin.write(chunk)
    if (chunks.length > 1) this.#stdin.uncork()
  }
}

/** Joins runs of small chunks, and leaves large ones uncopied. */
function joinSmall(chunks: Buffer[], bytes: number): Buffer[] {
  if (bytes <= largeChunkBytes) return [Buffer.concat(chunks, bytes)]
  const result: Buffer[] = []
  let small: Buffer[] = []
  const endRun = () => {
    const [only] = small
    if (only !== undefined) result.push(small.length === 1 ? only : Buffer.concat(small))
    small = []
  }
  for (const chunk of chunks) {
    if (chunk.length < largeChunkBytes) small.push(chunk)
    else {
      endRun()
      result.push(chunk)
    }
  }
  endRun()
  return result
}
