import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { LineFramer } from '../../src-main/runtimes/framing.ts'
import { isAlive } from '../support/processes.ts'

export const dist = path.join(import.meta.dirname, '..', '..', 'dist')

export type Message = Record<string, unknown>

/** A folder that is gone after the test. */
function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mcp-gateway-test-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

/** A user of their own: a home folder with nothing in it, and no variable that points elsewhere. */
export function freshUser(): { home: string; state: string; env: NodeJS.ProcessEnv } {
  const home = temporaryFolder()
  const env: NodeJS.ProcessEnv = { PATH: process.env['PATH'], HOME: home, USER: 'somebody' }
  return { home, state: path.join(home, '.local', 'state', 'mcp-gateway'), env }
}

export interface RunOptions {
  args?: readonly string[]
  env?: NodeJS.ProcessEnv
  cwd?: string
  /** Run instead: what runs the program in its turn. */
  command?: [string, ...string[]]
}

/** A program of dist/, killed after the test if it still runs. */
export class Program {
  readonly child: ChildProcess
  stdout = ''
  stderr = ''
  readonly messages: Message[] = []
  readonly exit: Promise<number | null>
  #nextId = 1
  readonly #changed = new Set<() => void>()

  constructor(name: string, { args = [], env = process.env, cwd, command }: RunOptions = {}) {
    const [file, ...words] = command ?? [process.execPath, path.join(dist, `${name}.cjs`), ...args]
    this.child = spawn(file, words, { stdio: 'pipe', env, ...(cwd === undefined ? {} : { cwd }) })
    const framer = new LineFramer((line) => this.messages.push(JSON.parse(line.toString('utf8'))))
    const isShim = name === 'gateway-stdio'
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString('utf8')
      if (isShim) framer.push(chunk)
      for (const look of this.#changed) look()
    })
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString('utf8')
      for (const look of this.#changed) look()
    })
    this.child.stdin?.on('error', () => {})
    this.exit = once(this.child, 'close').then(([code]) => code as number | null)
    onTestFinished(async () => {
      this.child.kill('SIGKILL')
      await this.exit
    })
  }

  write(message: Message | string): void {
    const text = typeof message === 'string' ? message : JSON.stringify(message)
    this.child.stdin?.write(`${text}\n`)
  }

  /** Sends a request and waits for its answer. */
  async request(
    method: string,
    params: Message = {},
    id: unknown = this.#nextId++,
  ): Promise<Message> {
    this.write({ jsonrpc: '2.0', id, method, params })
    return this.message((message) => message['id'] === id && !('method' in message))
  }

  async initialize(): Promise<Message> {
    const answer = await this.request('initialize', {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'test', version: '1' },
    })
    this.write({ jsonrpc: '2.0', method: 'notifications/initialized' })
    return answer
  }

  message(matches: (message: Message) => boolean): Promise<Message> {
    return this.until(() => this.messages.find(matches))
  }

  /** Looks again whenever the program says something. */
  async until<T>(look: () => T | undefined | false, limitMs = 15_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(limit)
        this.#changed.delete(again)
      }
      const again = (): void => {
        const found = look()
        if (found === undefined || found === false) return
        done()
        resolve(found)
      }
      const limit = setTimeout(() => {
        done()
        reject(new Error(`Not seen.\nstdout: ${this.stdout}\nstderr: ${this.stderr}`))
      }, limitMs)
      this.#changed.add(again)
      again()
    })
  }
}

/** What the gateway of this state directory says of itself. */
export function infoOf(state: string): { pid: number; url: string } | undefined {
  try {
    return JSON.parse(fs.readFileSync(path.join(state, 'gateway.json'), 'utf8'))
  } catch {
    return undefined
  }
}

/** Ends gateways that shims have started; called by tests that let them. */
export function endGatewaysAfterwards(home: string): void {
  onTestFinished(async () => {
    for (const file of fs.readdirSync(home, { recursive: true, encoding: 'utf8' })) {
      if (path.basename(file) !== 'gateway.lock') continue
      const { pid } = JSON.parse(fs.readFileSync(path.join(home, file), 'utf8'))
      if (!isAlive(pid)) continue
      process.kill(pid, 'SIGTERM')
      for (let waited = 0; isAlive(pid); waited += 20) {
        if (waited > 8_000) process.kill(pid, 'SIGKILL')
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  })
}

/** A server that needs nothing; `slow` answers after a while, `pid` tells which process answers. */
const sampleServer = path.join(import.meta.dirname, '..', 'fixtures', 'sample-server.mjs')

export function sampleCatalog(
  folder: string,
  ids: readonly string[] = ['sample'],
  ...args: string[]
): string {
  const file = path.join(folder, 'catalog.yaml')
  const servers = ids.map(
    (id) =>
      `  - id: ${id}\n    runtime: { type: local-process, command: ${JSON.stringify(process.execPath)}, args: ${JSON.stringify([sampleServer, ...args])} }\n`,
  )
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(file, `servers:\n${servers.join('')}`)
  return file
}
