import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { withCompileCache } from '../support/compile-cache.ts'

export const root = path.join(import.meta.dirname, '..', '..')

export interface Program {
  /** What stood in the line that said it is ready. */
  readonly url: string
  readonly stderr: () => string
  /** TERM, then KILL; resolves when it is gone. */
  stop(): Promise<void>
}

const startLimitMs = 20_000
const stopLimitMs = 15_000

/** Starts a Node program and waits until a line of its stdout names a URL. */
export async function startProgram(
  args: readonly string[],
  env: NodeJS.ProcessEnv = withCompileCache,
): Promise<Program> {
  // The channel lets a fixture notice that whoever started it has died.
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env })
  const exit = once(child, 'exit')
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const stop = async (): Promise<void> => {
    const kill = setTimeout(() => child.kill('SIGKILL'), stopLimitMs)
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await exit
    clearTimeout(kill)
  }
  const url = await new Promise<string | undefined>((resolve) => {
    let output = ''
    const limit = setTimeout(() => resolve(undefined), startLimitMs)
    const done = (found: string | undefined): void => {
      clearTimeout(limit)
      resolve(found)
    }
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const found = /(https?:\S+)\n/u.exec(output)?.[1]
      if (found !== undefined) done(found)
    })
    child.on('exit', () => done(undefined))
  })
  if (url !== undefined) return { url, stop, stderr: () => stderr }
  await stop()
  throw new Error(`${args[0] ?? 'node'} did not say where it listens.\n${stderr}`)
}
