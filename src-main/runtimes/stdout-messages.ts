import { GatewayError } from '../../src-shared/errors.ts'
import { defaultMaxLineBytes, LineFramer } from './framing.ts'

export interface StdoutMessagesOptions {
  /** Who speaks, for people: `` `npx server` ``. */
  speaker: string
  /** One message, without its line end. */
  message: (bytes: Buffer) => void
  /** A line that is no message. */
  junk: (line: Buffer) => void
  dropped: (bytes: number) => void
  /** The answer to this request was dropped. */
  failed: (id: number, error: GatewayError) => void
}

/** Cuts what a server writes to its standard output into messages and junk. */
export class StdoutMessages {
  readonly #framer: LineFramer
  /** Of this chunk. */
  #delivered = 0
  #pending = 0

  constructor({ speaker, message, junk, dropped, failed }: StdoutMessagesOptions) {
    this.#framer = new LineFramer(
      (line) => {
        const found = messageIn(line)
        if (found === undefined) {
          junk(line)
          return
        }
        this.#delivered += line.length + 1
        message(found)
      },
      {
        onOverflow: (bytes, { head, tail }) => {
          dropped(bytes)
          // Whoever waits for the answer that was dropped is told now, not when its time is up.
          const id =
            /^\s*\{"jsonrpc":"2\.0","id":(\d+),/.exec(head.toString('latin1')) ??
            /,"id":(\d+)(?:,"jsonrpc":"2\.0")?\}\s*$/.exec(tail.toString('latin1'))
          if (id) failed(Number(id[1]), tooLong(speaker, bytes))
        },
      },
    )
  }

  /** Returns how many bytes were no message. */
  push(chunk: Buffer): number {
    this.#framer.push(chunk)
    const { pendingBytes } = this.#framer
    const junk = Math.max(0, this.#pending + chunk.length - this.#delivered - pendingBytes)
    this.#pending = pendingBytes
    this.#delivered = 0
    return junk
  }

  /** The stream has ended: a last line without a line feed counts too. */
  end(): void {
    this.#framer.end()
  }
}

function tooLong(speaker: string, bytes: number): GatewayError {
  const size = Math.round(bytes / 2 ** 20)
  const most = defaultMaxLineBytes / 2 ** 20
  return new GatewayError(
    'server_failed',
    `The answer of ${speaker} has ${size} MB, more than the ${most} MB that are relayed. Ask it for less at a time.`,
  )
}

const openBrace = 0x7b
const openBracket = 0x5b

/**
 * The message in a line: it starts with an object or an array of objects, past blanks. `[INFO] ready` and
 * `{ port: 1 }`, which servers print by mistake, are none.
 */
function messageIn(line: Buffer): Buffer | undefined {
  const start = skipBlanks(line, 0)
  const first = line[start]
  if (first !== openBrace && first !== openBracket) return undefined
  const second = line[skipBlanks(line, start + 1)]
  const isJson =
    first === openBrace
      ? second === 0x22 /* " */ || second === 0x7d /* } */
      : second === openBrace || second === 0x5d /* ] */
  if (!isJson) return undefined
  return start === 0 ? line : line.subarray(start)
}

function skipBlanks(line: Buffer, from: number): number {
  let index = from
  while (line[index] === 0x20 || line[index] === 0x09) index += 1
  return index
}
