import { execFile, execFileSync } from 'node:child_process'
import os from 'node:os'
import { promisify } from 'node:util'
import { LinuxProcessTable } from './linux-process-table.ts'
import {
  sendSignal,
  type ProcessEntry,
  type ProcessName,
  type ProcessTable,
} from './process-table.ts'
import { SharedScan } from './shared-scan.ts'

/** The process table of the system that we run on. */
export function systemProcessTable(platform: NodeJS.Platform = process.platform): ProcessTable {
  if (platform === 'linux') return new LinuxProcessTable()
  return platform === 'win32' ? windowsProcessTable() : psProcessTable()
}

interface Listing {
  hasSigterm: boolean
  scan: () => Promise<ProcessEntry[]>
  /** Lines of a pid and its resident memory, in units of so many bytes. */
  memory: { print: () => Promise<string>; unitBytes: number }
  scanSync: () => ProcessEntry[]
}

/** A table that another program prints. Other processes' environments are not looked at. */
class ListedProcessTable implements ProcessTable {
  readonly hasSigterm: boolean
  readonly host = os.hostname()
  readonly listSync: () => ProcessEntry[]
  readonly #shared: SharedScan<ProcessEntry[]>
  readonly #memory: Listing['memory']

  constructor({ hasSigterm, scan, memory, scanSync }: Listing) {
    this.hasSigterm = hasSigterm
    this.listSync = scanSync
    this.#shared = new SharedScan(scan)
    this.#memory = memory
  }

  list(): Promise<ProcessEntry[]> {
    return this.#shared.run()
  }

  async startedAt(pid: number): Promise<number | undefined> {
    const entries = await this.list()
    return entries.find((entry) => entry.pid === pid)?.startedAt
  }

  async stillAlive<T extends ProcessName>(names: readonly T[]): Promise<T[]> {
    const startedAt = new Map((await this.list()).map((entry) => [entry.pid, entry.startedAt]))
    return names.filter((name) => startedAt.get(name.pid) === name.startedAt)
  }

  async residentBytes(pids: readonly number[]): Promise<Map<number, number>> {
    const wanted = new Set(pids)
    const found = new Map<number, number>()
    for (const line of (await this.#memory.print()).split('\n')) {
      const [pid, units] = line.trim().split(/\s+/).map(Number)
      if (pid !== undefined && units !== undefined && wanted.has(pid))
        found.set(pid, units * this.#memory.unitBytes)
    }
    return found
  }

  async signal(names: readonly ProcessName[], signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    for (const { pid } of await this.stillAlive(names)) sendSignal(pid, signal)
  }
}

const execFileAsync = promisify(execFile)
const maxBuffer = 64 * 1024 * 1024

const psArguments = ['-axo', 'pid=,ppid=,pgid=,stat=,lstart=']
const psOptions = {
  encoding: 'utf8',
  // One language and one time zone, so that a start time reads the same whenever it is asked for.
  env: { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
  maxBuffer,
  timeout: 2000,
} as const

/** macOS and the BSDs, through ps(1). Start times are in seconds. */
export function psProcessTable(): ProcessTable {
  return new ListedProcessTable({
    hasSigterm: true,
    scan: async () => parsePs((await execFileAsync('ps', psArguments, psOptions)).stdout),
    memory: {
      print: async () => (await execFileAsync('ps', ['-axo', 'pid=,rss='], psOptions)).stdout,
      unitBytes: 1024,
    },
    scanSync: () => {
      try {
        return parsePs(execFileSync('ps', psArguments, psOptions))
      } catch {
        return []
      }
    },
  })
}

function parsePs(text: string): ProcessEntry[] {
  return text.split('\n').flatMap((line) => {
    const [pid, ppid, pgid, state, ...started] = line.trim().split(/\s+/)
    if (pid === undefined || state === undefined || state.startsWith('Z')) return []
    const startedAt = Date.parse(`${started.join(' ')} UTC`) / 1000
    return [
      { pid: Number(pid), ppid: Number(ppid), pgid: Number(pgid), startedAt, marker: undefined },
    ]
  })
}

const windowsQuery =
  "Get-CimInstance Win32_Process | ForEach-Object { '{0} {1} {2}' -f $_.ProcessId, $_.ParentProcessId, " +
  '$(if ($_.CreationDate) { $_.CreationDate.ToFileTimeUtc() } else { 0 }) }'

const windowsMemoryQuery =
  "Get-CimInstance Win32_Process | ForEach-Object { '{0} {1}' -f $_.ProcessId, $_.WorkingSetSize }"

async function powershell(command: string): Promise<string> {
  const { stdout } = await execFileAsync(
    'powershell.exe',
    ['-NoProfile', '-NonInteractive', '-Command', command],
    { encoding: 'utf8', windowsHide: true, timeout: 5000, maxBuffer },
  )
  return stdout
}

/** Windows, through PowerShell: by parents, start times as FILETIME in milliseconds, ended by force. */
function windowsProcessTable(): ProcessTable {
  return new ListedProcessTable({
    hasSigterm: false,
    scan: async () => parseWindows(await powershell(windowsQuery)),
    memory: { print: () => powershell(windowsMemoryQuery), unitBytes: 1 },
    // PowerShell takes about a second to start: too long for a gateway that is ending.
    scanSync: () => [],
  })
}

function parseWindows(text: string): ProcessEntry[] {
  return text.split('\n').flatMap((line) => {
    const [pid, ppid, fileTime] = line.trim().split(' ')
    if (fileTime === undefined) return []
    const startedAt = Math.floor(Number(fileTime) / 10_000)
    return [{ pid: Number(pid), ppid: Number(ppid), pgid: 0, startedAt, marker: undefined }]
  })
}
