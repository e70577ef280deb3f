import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { userConfigDir } from '../../src-main/catalog/config-file.ts'
import { stateDir } from '../../src-main/state-dir.ts'
import { isAlive, pidsWithEnvironment } from '../support/processes.ts'

export const root = path.join(import.meta.dirname, '..', '..')

/** A server that needs nothing; see test/fixtures/sample-server.mjs. */
export function sampleServer(id: string, more: object = {}): object {
  const args = [path.join(root, 'test', 'fixtures', 'sample-server.mjs')]
  return { id, runtime: { type: 'local-process', command: nodePath, args }, ...more }
}

/**
 * A server as npx runs it: a wrapper, the server (test/fixtures/server-scripted.mjs with these options), and a child of
 * its own that only SIGKILL ends.
 */
export function serverTree(id: string, ...options: string[]): object {
  const fixture = (name: string): string => path.join(root, 'test', 'fixtures', name)
  const server = [fixture('server-scripted.mjs'), `--child=${fixture('process-stubborn.mjs')}`]
  const args = [fixture('process-wrapper.mjs'), nodePath, ...server, ...options]
  return { id, runtime: { type: 'local-process', command: nodePath, args } }
}

/** The Node that runs the tests, by its own path: the app's PATH is the user's. */
export const nodePath = process.execPath

/** Somebody with a home of their own, in which the app has never run. Every process started in it carries its HOME. */
export class DesktopUser {
  readonly home = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'desktop-')))
  readonly dataDir = path.join(this.home, 'data')
  readonly stateDir: string
  readonly catalog: string
  private readonly bin = path.join(this.home, 'bin')

  constructor() {
    const { env, home: homedir } = this
    const surroundings = { env, platform: process.platform, homedir }
    this.stateDir = stateDir(surroundings)
    this.catalog = path.join(userConfigDir(surroundings), 'catalog.yaml')
    fs.mkdirSync(path.dirname(this.catalog), { recursive: true })
    fs.mkdirSync(this.bin)
    this.configure({ listen_addr: '127.0.0.1:0' })
    this.install([sampleServer('sample')])
    this.showTray(true)
  }

  get env(): Record<string, string> {
    const passed = ['DISPLAY', 'XAUTHORITY', 'CHROMIUM_PATH', 'SystemRoot', 'TEMP'] as const
    const system: Record<string, string> =
      process.platform === 'win32'
        ? {
            USERPROFILE: this.home,
            APPDATA: path.join(this.home, 'AppData', 'Roaming'),
            LOCALAPPDATA: path.join(this.home, 'AppData', 'Local'),
            PATH: process.env['PATH'] ?? '',
          }
        : {
            PATH: `${this.bin}:${path.dirname(nodePath)}:/usr/local/bin:/usr/bin:/bin`,
            SHELL: '/bin/sh',
          }
    return {
      HOME: this.home,
      USER: 'somebody',
      TERM: 'dumb',
      ...system,
      ...Object.fromEntries(passed.flatMap((name) => entryOf(name, process.env[name]))),
    }
  }

  configure(config: object): void {
    const file = path.join(path.dirname(this.catalog), 'config.yaml')
    fs.writeFileSync(file, JSON.stringify(config))
  }

  install(servers: readonly object[]): void {
    fs.writeFileSync(this.catalog, JSON.stringify({ servers }))
  }

  /** On Linux: whether the desktop shows tray icons: what it says when it is asked over D-Bus. */
  showTray(shown: boolean): void {
    const file = path.join(this.bin, 'gdbus')
    fs.writeFileSync(file, `#!/bin/sh\necho '(${shown},)'\n`, { mode: 0o755 })
  }

  /** What the gateway of this user says of itself. */
  gateway(): { pid: number; url: string; spawned: boolean } | undefined {
    try {
      return JSON.parse(fs.readFileSync(path.join(this.stateDir, 'gateway.json'), 'utf8'))
    } catch {
      return undefined
    }
  }

  /** Living processes whose command line holds `text`. */
  processesOf(text: string): number[] {
    return this.processes().filter((pid) => commandLine(pid).includes(text))
  }

  /** Processes of servers of the fixtures. */
  serverProcesses(): number[] {
    return this.processesOf(path.join('test', 'fixtures'))
  }

  /** All of them; looked up in /proc, so that elsewhere there are none. */
  processes(): number[] {
    if (process.platform !== 'linux') return []
    return pidsWithEnvironment(`HOME=${this.home}\0`)
  }

  /** Ends whatever still runs here, and says what it was. */
  async end(): Promise<string[]> {
    const left = (await soonNone(() => this.processes())) ? [] : this.processes()
    const lines = left.map(commandLine)
    for (const pid of left) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
    await soonNone(() => this.processes())
    fs.rmSync(this.home, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
    return lines
  }
}

function entryOf(name: string, value: string | undefined): [string, string][] {
  return value === undefined ? [] : [[name, value]]
}

function commandLine(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}

/** True when `list` is empty, at the latest in three seconds. */
async function soonNone(list: () => readonly unknown[]): Promise<boolean> {
  const deadline = performance.now() + 3_000
  while (list().length > 0) {
    if (performance.now() > deadline) return false
    await delay(20)
  }
  return true
}
