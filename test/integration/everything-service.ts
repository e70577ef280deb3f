import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { expect, vi } from 'vitest'
import { serverProgram } from './gateway-program.ts'

/** The everything server as a service of its own, for the entries of remote servers. */
export interface EverythingService {
  port: number
  stop(): Promise<void>
}

/** Resolves when it listens. */
export async function serveEverything(
  mode: 'streamableHttp' | 'sse',
  env: Record<string, string>,
): Promise<EverythingService> {
  const port = await freePort()
  const child = spawn(process.execPath, [serverProgram.everything, mode], {
    env: { ...env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  try {
    await vi.waitFor(() => expect(said).toMatch(/on port \d+/), { timeout: 15_000, interval: 20 })
  } catch (error) {
    await stop(child)
    throw error
  }
  return { port, stop: () => stop(child) }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

/** Of the system; free a moment ago. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
