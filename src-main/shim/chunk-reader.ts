import { fstatSync } from 'node:fs'
import net from 'node:net'

const lineFeed = 0x0a

/** Not above what LineWriter copies: a line that it writes as it is must not lie in the reader's buffer. */
const bufferBytes = 64 * 1024

/**
 * Reads a pipe into one buffer again and again, past the stream: of the shim's time per message that is a third.
 * A chunk is a view of that buffer if it ends with a whole line, and good until the next one comes.
 */
export class ChunkReader {
  onChunk: (chunk: Buffer) => void = () => {}
  /** For the constructor of the socket. */
  readonly onread: net.OnReadOpts

  constructor() {
    const buffer = Buffer.allocUnsafeSlow(bufferBytes)
    this.onread = {
      buffer,
      callback: (bytes) => {
        const chunk = buffer.subarray(0, bytes)
        // Part of a line is kept by the framer.
        this.onChunk(chunk[bytes - 1] === lineFeed ? chunk : Buffer.from(chunk))
        return true
      },
    }
  }
}

/** Reads standard input, whatever it is, from now on. `onEnd` is called when there is no more, `onError` when it broke. */
export function readStandardInput(on: {
  chunk: (chunk: Buffer) => void
  end: () => void
  error: () => void
}): void {
  const stdin = isPipe(0) ? pipeInput(on.chunk) : process.stdin.on('data', on.chunk)
  stdin.on('end', on.end)
  stdin.on('error', on.error)
}

function pipeInput(onChunk: (chunk: Buffer) => void): net.Socket {
  const reader = new ChunkReader()
  reader.onChunk = onChunk
  const socket = new net.Socket({ fd: 0, readable: true, writable: false, onread: reader.onread })
  socket.read(0)
  return socket
}

/** Windows takes a file descriptor for a pipe only through process.stdin. */
function isPipe(fd: number): boolean {
  if (process.platform === 'win32') return false
  const stat = fstatSync(fd)
  return stat.isFIFO() || stat.isSocket()
}
