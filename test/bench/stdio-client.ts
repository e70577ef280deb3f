import type { ChildProcess } from 'node:child_process'
import { callLimitMs, checkResult, type Client, initializeParams } from './client.ts'

const newline = 0x0a

/** The id of an answer, from its tail or head if it is written there, else by parsing. */
function idOf(line: Buffer): unknown {
  const tail = /"id":(\d+)\}$/.exec(line.toString('latin1', Math.max(0, line.length - 40)))
  if (tail) return Number(tail[1])
  const head = /^\{"jsonrpc":"2\.0","id":(\d+),/.exec(line.toString('latin1', 0, 60))
  if (head) return Number(head[1])
  const message: unknown = JSON.parse(line.toString())
  return typeof message === 'object' && message !== null && 'id' in message ? message.id : undefined
}

/** Newline-delimited JSON over a child's pipes, hand-written. `open` is the answer to `initialize`. */
export async function openStdio(child: ChildProcess, close: () => Promise<void>): Promise<Client> {
  const { stdin, stdout } = child
  if (!stdin || !stdout) throw new Error('The process has no pipes.')
  const waiting = new Map<
    unknown,
    { resolve: (bytes: number) => void; reject: (error: Error) => void }
  >()
  const failAll = (why: string) => {
    for (const { reject } of waiting.values()) reject(new Error(why))
    waiting.clear()
  }
  const take = (line: Buffer) => {
    const id = idOf(line)
    const caller = waiting.get(id)
    if (!caller) return
    waiting.delete(id)
    try {
      caller.resolve(checkResult(line))
    } catch (error) {
      caller.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }
  let parts: Buffer[] = []
  stdout.on('data', (chunk: Buffer) => {
    let from = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
      const last = chunk.subarray(from, end)
      take(parts.length === 0 ? last : Buffer.concat([...parts, last]))
      parts = []
      from = end + 1
    }
    if (from < chunk.length) parts.push(chunk.subarray(from))
  })
  stdin.on('error', () => undefined)
  child.on('exit', () => failAll('The process ended.'))
  // One slow sweep, so that a call costs no timer.
  let before = 0
  const sweep = setInterval(() => {
    const [oldest] = waiting.keys()
    if (typeof oldest === 'number' && oldest <= before)
      failAll(`No answer within ${callLimitMs} ms.`)
    before = nextId
  }, callLimitMs)
  sweep.unref()

  let nextId = 0
  const write = (message: object) =>
    stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  const call = (method: string, params: object) =>
    new Promise<number>((resolve, reject) => {
      const id = ++nextId
      waiting.set(id, { resolve, reject })
      write({ id, method, params })
    })
  await call('initialize', initializeParams)
  write({ method: 'notifications/initialized' })
  return {
    callTool: (name, args) => call('tools/call', { name, arguments: args }),
    close: async () => {
      clearInterval(sweep)
      await close()
    },
  }
}
