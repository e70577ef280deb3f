import { execFile, execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import { promisify } from 'node:util'

/** The variable that every process of a tree inherits; its value is `<run id>:<instance id>`. */
export const treeVariable = 'OPEN_MCP_TREE'

/**
 * One living process. `startedAt` is in the system's own unit (clock ticks since boot, or seconds): it is
 * only compared with others of the same system, and with `pid` it names a process beyond pid reuse.
 */
export interface ProcessEntry {
  readonly pid: number
  readonly ppid: number
  readonly pgid: number
  /** The session's id; undefined where the system does not tell. */
  readonly session?: number
  readonly startedAt: number
  /** The value of its `OPEN_MCP_TREE`; undefined if it has none or the system does not tell. */
  marker(): string | undefined
}

export interface ProcessName {
  readonly pid: number
  readonly startedAt: number
}

/** The processes of this machine, as far as they can be seen; zombies are not listed. */
export interface ProcessTable {
  /** False on Windows, where only a forced end exists. */
  readonly hasSigterm: boolean
  /** Names the space in which pids are valid (machine, boot, container), for records on disk. */
  readonly host: string
  /** A snapshot that was begun after this call. Calls that come together share one. */
  list(): Promise<ProcessEntry[]>
  /** Undefined if there is no such process. On Linux the look is taken before this returns. */
  startedAt(pid: number): Promise<number | undefined>
  /** Those that are still the same living processes. */
  stillAlive<T extends ProcessName>(names: readonly T[]): Promise<T[]>
  /** Signals each process that is still the same one; the others are left alone. */
  signal(names: readonly ProcessName[], signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** A snapshot at once, for the last moments of the gateway; empty where it would take too long. */
  listSync(): ProcessEntry[]
}

/** The table for the system that we run on. */
export function systemProcessTable(platform: NodeJS.Platform = process.platform): ProcessTable {
  if (platform === 'linux') return new LinuxProcessTable()
  if (platform === 'win32') return new WindowsProcessTable()
  return new PsProcessTable()
}

/** Sends a signal to a pid; that it has ended meanwhile is no error. */
export function sendSignal(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal)
  } catch {
    // ESRCH: gone. EPERM: it has become another user's (setuid) and is out of our hands.
  }
}

/** Shares one snapshot between callers, and never hands out one that was begun before the call. */
class SharedScan<T> {
  readonly #scan: () => Promise<T>
  #running: Promise<T> | undefined
  #next: Promise<T> | undefined

  constructor(scan: () => Promise<T>) {
    this.#scan = scan
  }

  run(): Promise<T> {
    if (this.#next !== undefined) return this.#next
    if (this.#running === undefined) return this.#start()
    const start = () => {
      this.#next = undefined
      return this.#start()
    }
    this.#next = this.#running.then(start, start)
    return this.#next
  }

  #start(): Promise<T> {
    const running = this.#scan().finally(() => {
      if (this.#running === running) this.#running = undefined
    })
    this.#running = running
    return running
  }
}

interface LinuxStat {
  ppid: number
  pgid: number
  session: number
  startedAt: number
}

/** Reads /proc. A slice at a time, so that a machine with thousands of processes does not block the loop. */
class LinuxProcessTable implements ProcessTable {
  readonly hasSigterm = true
  readonly #shared = new SharedScan(() => this.#scan())

  #host: string | undefined

  get host(): string {
    this.#host ??= linuxHost()
    return this.#host
  }

  list(): Promise<ProcessEntry[]> {
    return this.#shared.run()
  }

  listSync(): ProcessEntry[] {
    return readPids().flatMap((pid) => readEntry(pid) ?? [])
  }

  async startedAt(pid: number): Promise<number | undefined> {
    return readStat(pid, true)?.startedAt
  }

  async stillAlive<T extends ProcessName>(names: readonly T[]): Promise<T[]> {
    return names.filter(({ pid, startedAt }) => readStat(pid)?.startedAt === startedAt)
  }

  async signal(names: readonly ProcessName[], signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    for (const { pid, startedAt } of names) {
      if (readStat(pid)?.startedAt === startedAt) sendSignal(pid, signal)
    }
  }

  async #scan(): Promise<ProcessEntry[]> {
    const entries: ProcessEntry[] = []
    const pids = readPids()
    for (let index = 0; index < pids.length; index += 100) {
      if (index > 0) await new Promise((resolve) => setImmediate(resolve))
      for (const pid of pids.slice(index, index + 100)) {
        const entry = readEntry(pid)
        if (entry !== undefined) entries.push(entry)
      }
    }
    return entries
  }
}

function linuxHost(): string {
  try {
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    return `${boot} ${fs.readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return os.hostname() // a sandbox that hides these
  }
}

function readPids(): number[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => name >= '1' && name <= '9~')
    .map(Number)
}

function readEntry(pid: number): ProcessEntry | undefined {
  const stat = readStat(pid)
  if (stat === undefined) return undefined
  let marker: { value: string | undefined } | undefined
  return {
    pid,
    ...stat,
    marker: () => (marker ??= { value: readMarker(pid) }).value,
  }
}

/** proc_pid_stat(5). Undefined if there is no such process, or (unless asked for) it is a zombie. */
function readStat(pid: number, withZombies = false): LinuxStat | undefined {
  let text: string
  try {
    text = fs.readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  // The second field is the program's name in brackets, and may itself hold brackets and spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const state = fields[0]
  if (!withZombies && (state === 'Z' || state === 'X')) return undefined
  return {
    ppid: Number(fields[1]),
    pgid: Number(fields[2]),
    session: Number(fields[3]),
    startedAt: Number(fields[19]),
  }
}

function readMarker(pid: number): string | undefined {
  let environment: string
  try {
    environment = fs.readFileSync(`/proc/${pid}/environ`, 'latin1')
  } catch {
    return undefined // another user's, or gone
  }
  return markerIn(environment)
}

function markerIn(environment: string): string | undefined {
  const name = `${treeVariable}=`
  let start = environment.indexOf(name)
  while (start > 0 && environment[start - 1] !== '\0') start = environment.indexOf(name, start + 1)
  if (start === -1) return undefined
  const end = environment.indexOf('\0', start)
  return environment.slice(start + name.length, end === -1 ? undefined : end)
}

const execFileAsync = promisify(execFile)

/** macOS and the BSDs, through ps(1). Other processes' environments are not looked at. */
export class PsProcessTable implements ProcessTable {
  readonly hasSigterm = true
  readonly host = os.hostname()
  readonly #shared = new SharedScan(() => this.#scan())

  list(): Promise<ProcessEntry[]> {
    return this.#shared.run()
  }

  listSync(): ProcessEntry[] {
    try {
      return parsePs(execFileSync('ps', psArguments, psOptions))
    } catch {
      return []
    }
  }

  async startedAt(pid: number): Promise<number | undefined> {
    const entries = await this.list()
    return entries.find((entry) => entry.pid === pid)?.startedAt
  }

  async stillAlive<T extends ProcessName>(names: readonly T[]): Promise<T[]> {
    const startedAt = new Map((await this.list()).map((entry) => [entry.pid, entry.startedAt]))
    return names.filter((name) => startedAt.get(name.pid) === name.startedAt)
  }

  async signal(names: readonly ProcessName[], signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    for (const { pid } of await this.stillAlive(names)) sendSignal(pid, signal)
  }

  async #scan(): Promise<ProcessEntry[]> {
    const { stdout } = await execFileAsync('ps', psArguments, psOptions)
    return parsePs(stdout)
  }
}

const psArguments = ['-axo', 'pid=,ppid=,pgid=,stat=,lstart=']
const psOptions = {
  encoding: 'utf8',
  // One language and one time zone, so that a start time reads the same whenever it is asked for.
  env: { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
  maxBuffer: 64 * 1024 * 1024,
  timeout: 2000,
} as const

function parsePs(text: string): ProcessEntry[] {
  return text.split('\n').flatMap((line) => {
    const [pid, ppid, pgid, state, ...started] = line.trim().split(/\s+/)
    if (pid === undefined || state === undefined || state.startsWith('Z')) return []
    const startedAt = Date.parse(`${started.join(' ')} UTC`) / 1000
    return [
      {
        pid: Number(pid),
        ppid: Number(ppid),
        pgid: Number(pgid),
        startedAt,
        marker: () => undefined,
      },
    ]
  })
}

const windowsQuery =
  "Get-CimInstance Win32_Process | ForEach-Object { '{0} {1} {2}' -f $_.ProcessId, $_.ParentProcessId, " +
  '$(if ($_.CreationDate) { $_.CreationDate.ToFileTimeUtc() } else { 0 }) }'

/** Windows: the tree by parents, the start time as FILETIME in milliseconds; ended by force. */
class WindowsProcessTable implements ProcessTable {
  readonly hasSigterm = false
  readonly host = os.hostname()
  readonly #shared = new SharedScan(() => this.#scan())

  list(): Promise<ProcessEntry[]> {
    return this.#shared.run()
  }

  /** PowerShell takes about a second to start: too long for a process that is ending. */
  listSync(): ProcessEntry[] {
    return []
  }

  async startedAt(pid: number): Promise<number | undefined> {
    const entries = await this.list()
    return entries.find((entry) => entry.pid === pid)?.startedAt
  }

  async stillAlive<T extends ProcessName>(names: readonly T[]): Promise<T[]> {
    const startedAt = new Map((await this.list()).map((entry) => [entry.pid, entry.startedAt]))
    return names.filter((name) => startedAt.get(name.pid) === name.startedAt)
  }

  async signal(names: readonly ProcessName[], signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    for (const { pid } of await this.stillAlive(names)) sendSignal(pid, signal)
  }

  async #scan(): Promise<ProcessEntry[]> {
    const { stdout } = await execFileAsync(
      'powershell.exe',
      ['-NoProfile', '-NonInteractive', '-Command', windowsQuery],
      { encoding: 'utf8', windowsHide: true, timeout: 5000, maxBuffer: 64 * 1024 * 1024 },
    )
    return stdout.split('\n').flatMap((line) => {
      const [pid, ppid, fileTime] = line.trim().split(' ')
      if (fileTime === undefined) return []
      const startedAt = Math.floor(Number(fileTime) / 10_000)
      return [{ pid: Number(pid), ppid: Number(ppid), pgid: 0, startedAt, marker: () => undefined }]
    })
  }
}
