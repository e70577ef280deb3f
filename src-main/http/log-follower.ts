import type { LogLine } from '../../src-shared/server-state.ts'
import type { Gateway } from '../gateway.ts'
import type { EventStream } from './events-stream.ts'

/**
 * Sends a server's log: what the ring holds after line `afterSeq`, then each new line. The ring is the only backlog:
 * a slow reader gets what is left of it when it is ready for more, and sees by the gap in `seq` that it lost lines.
 */
export function followLogs(
  gateway: Pick<Gateway, 'logs' | 'followLogs'>,
  id: string,
  stream: EventStream,
  afterSeq: number,
): void {
  let sent = startAfter(gateway.logs(id), afterSeq)
  let behind = false

  function send(line: LogLine): void {
    sent = line.seq
    stream.send('log', line, line.seq)
  }
  function catchUp(): void {
    behind = false
    for (const line of linesLeft()) {
      if (line.seq <= sent) continue
      if (stream.isFull) {
        behind = true
        return
      }
      send(line)
    }
  }
  function linesLeft(): LogLine[] {
    try {
      return gateway.logs(id)
    } catch {
      stream.close() // the server is gone from the catalog
      return []
    }
  }

  stream.onDrain(catchUp)
  stream.onClose(
    gateway.followLogs(id, (line) => {
      if (behind || stream.isFull) behind = true
      else send(line)
    }),
  )
  catchUp()
}

/** A number from an earlier life of the gateway is past the newest line: then the reader gets everything. */
function startAfter(lines: readonly LogLine[], afterSeq: number): number {
  const newest = lines.at(-1)?.seq ?? 0
  return afterSeq <= newest ? afterSeq : 0
}
