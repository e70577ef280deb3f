import type { ContainerExit } from './container.ts'

const firstPauseMs = 25
const longestPauseMs = 400
const answerMs = 5_000

/**
 * Resolves when something speaks HTTP at this address, whatever it says: a published port takes connections before the
 * server in the container does. Resolves to false if the container ended first, or the signal fired.
 */
export async function answersHttp(
  url: string,
  exited: Promise<ContainerExit>,
  signal: AbortSignal,
): Promise<boolean> {
  let isOver = signal.aborted
  let wake = (): void => {}
  const end = (): void => {
    isOver = true
    wake()
  }
  signal.addEventListener('abort', end, { once: true })
  void exited.then(end)
  let pauseMs = firstPauseMs
  try {
    while (!isOver) {
      if (await answers(url)) return true
      await new Promise<void>((resolve) => {
        wake = resolve
        setTimeout(resolve, pauseMs)
      })
      pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)
    }
    return false
  } finally {
    signal.removeEventListener('abort', end)
  }
}

function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    // HEAD is GET to many servers, which opens a session, and in HTTP+SSE a stream whose head does not come.
    const request = process
      .getBuiltinModule('node:http')
      .request(url, { method: 'OPTIONS', agent: false, timeout: answerMs })
    request.once('response', (answer) => {
      answer.resume()
      request.destroy()
      resolve(true)
    })
    request.once('timeout', () => request.destroy())
    request.once('error', () => resolve(false))
    request.once('close', () => resolve(false))
    request.end()
  })
}
