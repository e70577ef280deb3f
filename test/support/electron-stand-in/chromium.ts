import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { Readable, Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { findChromium } from '../../../scripts/test-tools.mjs'
import type { Commands } from './cdp.ts'

interface Pending {
  method: string
  resolve: (result: never) => void
  reject: (error: Error) => void
}

interface Reply {
  id?: number
  method?: string
  params?: unknown
  result?: unknown
  error?: { message: string }
  sessionId?: string
}

const flags = [
  '--headless=new',
  '--disable-gpu',
  '--disable-breakpad',
  '--disable-crash-reporter',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-extensions',
  '--disable-default-apps',
  '--disable-dev-shm-usage',
  '--password-store=basic',
  '--no-first-run',
  '--no-default-browser-check',
  '--no-startup-window',
  '--force-color-profile=srgb',
  '--remote-debugging-pipe',
]

export interface ChromiumOptions {
  /** Chromium's profile; like the rest of Electron's, it lies in the app's own folder. */
  profile: string
  /** `--remote-debugging-port` of the app's command line. */
  debuggingPort: string | undefined
}

/** A Chromium that ends with its pipe, and so with this process, however that ends. */
export class Chromium {
  readonly events = new EventEmitter({ captureRejections: false }).setMaxListeners(0)
  private readonly child: ChildProcess
  private readonly toChild: Writable
  private readonly pending = new Map<number, Pending>()
  private lastId = 0
  private isGone = false

  private constructor({ profile, debuggingPort }: ChromiumOptions) {
    const args = [...flags, `--user-data-dir=${profile}`]
    if (process.getuid?.() === 0) args.push('--no-sandbox')
    if (debuggingPort !== undefined) args.push(`--remote-debugging-port=${debuggingPort}`)
    const program = findChromium()
    if (program === undefined) throw new Error('The stand-in for Electron needs Chromium.')
    // In a group of its own: who kills this process's group leaves Chromium the moment to end by itself.
    this.child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
    })
    const [, , stderr, toChild, fromChild] = this.child.stdio
    if (
      !(toChild instanceof Writable) ||
      !(fromChild instanceof Readable) ||
      !(stderr instanceof Readable)
    )
      throw new Error('Chromium has no pipes.')
    this.toChild = toChild
    toChild.on('error', () => {})
    this.child.on('error', (error) => this.lost(error))
    this.child.on('exit', () => this.lost(new Error('Chromium has ended.')))
    forwardAddress(stderr)
    let text = ''
    fromChild.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (text + chunk).split('\0')
      text = parts.pop() ?? ''
      for (const part of parts) this.receive(JSON.parse(part))
    })
  }

  static async start(options: ChromiumOptions): Promise<Chromium> {
    fs.mkdirSync(options.profile, { recursive: true })
    await predecessorGone(options.profile)
    const chromium = new Chromium(options)
    await chromium.send('Browser.getVersion', {})
    return chromium
  }

  send<M extends keyof Commands>(
    method: M,
    params: Commands[M][0],
    sessionId?: string,
  ): Promise<Commands[M][1]> {
    const id = ++this.lastId
    return new Promise((resolve, reject) => {
      if (this.isGone) return reject(new Error(`Chromium has ended before ${method}.`))
      this.pending.set(id, { method, resolve, reject })
      this.toChild.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    })
  }

  /** Ends it, by force after five seconds. */
  async close(): Promise<void> {
    if (this.isGone) return
    const gone = once(this.child, 'exit')
    this.send('Browser.close', {}).catch(() => {})
    const limit = setTimeout(() => this.child.kill('SIGKILL'), 5_000)
    await gone
    clearTimeout(limit)
  }

  private receive(reply: Reply): void {
    const waiting = reply.id === undefined ? undefined : this.pending.get(reply.id)
    if (reply.id !== undefined && waiting !== undefined) {
      this.pending.delete(reply.id)
      if (reply.error !== undefined)
        waiting.reject(new Error(`${waiting.method}: ${reply.error.message}`))
      else waiting.resolve(reply.result as never)
    } else if (reply.method !== undefined)
      this.events.emit(reply.method, reply.params, reply.sessionId)
  }

  private lost(error: Error): void {
    if (this.isGone) return
    this.isGone = true
    for (const { reject } of this.pending.values()) reject(error)
    this.pending.clear()
    this.events.emit('gone')
  }
}

/** Playwright reads where DevTools listen from Electron's standard error; Chromium's other words are noise. */
function forwardAddress(stderr: Readable): void {
  let text = ''
  stderr.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n')
    text = lines.pop() ?? ''
    for (const line of lines)
      if (line.startsWith('DevTools listening on ')) process.stderr.write(`${line}\n`)
  })
}

/** The Chromium of an app that was killed may take a moment to end; two on one profile do not work. */
async function predecessorGone(profile: string): Promise<void> {
  const lock = path.join(profile, 'SingletonLock')
  for (let waitedMs = 0; waitedMs < 5_000; waitedMs += 20) {
    if (fs.lstatSync(lock, { throwIfNoEntry: false }) === undefined) return
    await delay(20)
  }
  for (const name of ['SingletonLock', 'SingletonSocket', 'SingletonCookie'])
    fs.rmSync(path.join(profile, name), { force: true })
}
