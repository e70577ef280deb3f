import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Children } from './children.ts'
import type { Figures } from './figures.ts'
import type { Options } from './options.ts'

export const repository = path.resolve(import.meta.dirname, '../..')
const servers = path.join(repository, 'node_modules/@modelcontextprotocol')

/** Arguments for Node that start the server under test on stdio. */
export const everything = [path.join(servers, 'server-everything/dist/index.js'), 'stdio']
export const bigServer = [path.join(import.meta.dirname, 'big-server.ts')]
export const modernServer = [path.join(import.meta.dirname, 'modern-server.ts')]
/** The call that everything is measured with. */
export const echoArguments = { message: 'the quick brown fox jumps over the lazy dog' }

/** What every phase needs. */
export interface Bench {
  options: Options
  figures: Figures
  children: Children
  /** A temporary folder, removed at the end. */
  folder: string
  /** Something could not be measured: said in the report, and the exit code is 1. */
  failed(what: string, error: unknown): void
  say(line: string): void
}

/** A folder of its own under the temporary one. */
export function freshFolder(bench: Bench, name: string): string {
  const folder = path.join(bench.folder, `${name}-${process.hrtime.bigint()}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address
          ? resolve(address.port)
          : reject(new Error('No port.')),
      )
    })
  })
}

/** Milliseconds from `since` to the first accepted connection; asked every millisecond. Throws when the child ends or after 30 s. */
export async function listening(
  child: ChildProcess,
  port: number,
  since: number,
  log: string,
): Promise<number> {
  while (performance.now() - since < 30_000) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(
        `It ended before it listened: ${readFileSync(log, 'utf8').slice(-600).trim()}`,
      )
    }
    const socket = connect(port, '127.0.0.1')
    const accepted = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    const now = performance.now()
    socket.destroy()
    if (accepted) return now - since
    await wait(1)
  }
  throw new Error(`It did not listen within 30 s: ${readFileSync(log, 'utf8').slice(-600).trim()}`)
}

/** The promise, or an error after `limitMs`. */
export function within<T>(limitMs: number, what: string, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(new Error(`${what} took more than ${limitMs / 1000} s.`)),
    limitMs,
  )
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

export const sleep = (ms: number): Promise<void> => wait(ms)

/** The list turned by one place a round, so that no target always runs first. */
export function rotated<T>(list: readonly T[], round: number): T[] {
  const by = list.length === 0 ? 0 : round % list.length
  return [...list.slice(by), ...list.slice(0, by)]
}
