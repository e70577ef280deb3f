const headerBytes = 8
const stderrType = 2

/**
 * Takes apart what comes over an attached connection: frames with the stream's number and their length before them
 * (Docker API, "Attach to a container", stream format). Nothing is copied but a header that two chunks share.
 */
export class AttachedFrames {
  readonly #stdout: (chunk: Buffer) => void
  readonly #stderr: (chunk: Buffer) => void
  /** Of a header that has not come whole. */
  #head: Buffer | undefined
  #isStderr = false
  /** Still to come of the frame. */
  #left = 0

  constructor(stdout: (chunk: Buffer) => void, stderr: (chunk: Buffer) => void) {
    this.#stdout = stdout
    this.#stderr = stderr
  }

  push(chunk: Buffer): void {
    let rest = this.#head === undefined ? chunk : Buffer.concat([this.#head, chunk])
    this.#head = undefined
    while (rest.length > 0) {
      if (this.#left === 0) {
        if (rest.length < headerBytes) {
          this.#head = rest
          return
        }
        this.#isStderr = rest[0] === stderrType
        this.#left = rest.readUInt32BE(4)
        rest = rest.subarray(headerBytes)
        continue
      }
      const part = rest.subarray(0, this.#left)
      this.#left -= part.length
      rest = rest.subarray(part.length)
      if (this.#isStderr) this.#stderr(part)
      else this.#stdout(part)
    }
  }
}
