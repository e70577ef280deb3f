import fs from 'node:fs'
import type { LogStream } from '../telemetry/log.ts'

const maxBytes = 5 * 1024 * 1024

/**
 * The gateway's log in its state directory, for an app that has no terminal: written at once, so that the last words
 * before a crash are there. The file before the present one is kept.
 */
export function logFile(file: string): LogStream {
  let handle: number | undefined
  let bytes = 0
  const open = (): number => {
    bytes = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
    if (bytes > maxBytes) {
      fs.renameSync(file, `${file}.1`)
      bytes = 0
    }
    return fs.openSync(file, 'a', 0o600)
  }
  return {
    write(text) {
      try {
        if (handle !== undefined && bytes > maxBytes) {
          fs.closeSync(handle)
          handle = undefined
        }
        handle ??= open()
        bytes += fs.writeSync(handle, text)
      } catch {
        // A full disk does not end the gateway.
      }
    },
    on() {},
  }
}
