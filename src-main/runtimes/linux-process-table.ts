import fs from 'node:fs'
import os from 'node:os'
import {
  sendSignal,
  treeVariable,
  type ProcessEntry,
  type ProcessName,
  type ProcessTable,
} from './process-table.ts'
import { SharedScan } from './shared-scan.ts'

interface LinuxStat {
  ppid: number
  pgid: number
  session: number
  startedAt: number
}

/** Processes looked at before the loop gets its turn: about a millisecond of work. */
const sliceLength = 50

/** Reads /proc. A slice at a time, so that a machine with thousands of processes does not block the loop. */
export class LinuxProcessTable implements ProcessTable {
  readonly hasSigterm = true
  readonly #shared = new SharedScan(() => this.#scan())
  #markers: MarkerCache = new Map()
  #host: string | undefined

  get host(): string {
    this.#host ??= linuxHost()
    return this.#host
  }

  list(): Promise<ProcessEntry[]> {
    return this.#shared.run()
  }

  listSync(): ProcessEntry[] {
    return readPids().flatMap((pid) => readEntry(pid, this.#markers) ?? [])
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

  async residentBytes(pids: readonly number[]): Promise<Map<number, number>> {
    const found = new Map<number, number>()
    for (const pid of pids) {
      // proc_pid_status(5). Not statm: that counts in pages, whose size Node does not tell.
      const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readProcFile(`/proc/${pid}/status`) ?? '')?.[1]
      if (kib !== undefined) found.set(pid, Number(kib) * 1024)
    }
    return found
  }

  async #scan(): Promise<ProcessEntry[]> {
    const entries: ProcessEntry[] = []
    const pids = readPids()
    const markers: MarkerCache = new Map()
    for (let index = 0; index < pids.length; index += sliceLength) {
      if (index > 0) await new Promise((resolve) => setImmediate(resolve))
      for (const pid of pids.slice(index, index + sliceLength)) {
        const entry = readEntry(pid, this.#markers)
        if (entry === undefined) continue
        entries.push(entry)
        const cached = this.#markers.get(pid)
        if (cached?.startedAt === entry.startedAt) markers.set(pid, cached)
      }
    }
    this.#markers = markers
    return entries
  }
}

/** By pid. A process has its marker from birth or never, so one look is enough. */
type MarkerCache = Map<number, { startedAt: number; marker: string | undefined }>

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

function readEntry(pid: number, markers: MarkerCache): ProcessEntry | undefined {
  const stat = readStat(pid)
  if (stat === undefined) return undefined
  const marker = readMarker(pid, stat, markers)
  return { pid, ...stat, marker }
}

/** proc_pid_stat(5). Undefined if there is no such process, or (unless asked for) it is a zombie. */
function readStat(pid: number, withZombies = false): LinuxStat | undefined {
  const text = readProcFile(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  // The second field is the program's name in brackets, and may itself hold brackets and spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', 20)
  const state = fields[0]
  if (!withZombies && (state === 'Z' || state === 'X')) return undefined
  return {
    ppid: Number(fields[1]),
    pgid: Number(fields[2]),
    session: Number(fields[3]),
    startedAt: Number(fields[19]),
  }
}

function readMarker(pid: number, stat: LinuxStat, markers: MarkerCache): string | undefined {
  if (stat.pgid === 0) return undefined // the kernel's own
  const cached = markers.get(pid)
  if (cached?.startedAt === stat.startedAt) return cached.marker
  const environment = readProcFile(`/proc/${pid}/environ`)
  const marker = environment === undefined ? undefined : markerIn(environment)
  // In the middle of an exec the environment reads as empty: look again next time.
  if (environment !== '') markers.set(pid, { startedAt: stat.startedAt, marker })
  return marker
}

const procBuffer = Buffer.allocUnsafe(256 * 1024)

/** Undefined if the process is gone or another user's. Several times as fast as readFileSync. */
function readProcFile(file: string): string | undefined {
  let descriptor: number | undefined
  try {
    descriptor = fs.openSync(file, 'r')
    let length = 0
    for (;;) {
      const read = fs.readSync(descriptor, procBuffer, length, procBuffer.length - length, null)
      length += read
      if (read === 0) return procBuffer.toString('latin1', 0, length)
      if (length === procBuffer.length) return fs.readFileSync(file, 'latin1')
    }
  } catch {
    return undefined
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor)
  }
}

function markerIn(environment: string): string | undefined {
  const name = `${treeVariable}=`
  let start = environment.indexOf(name)
  while (start > 0 && environment[start - 1] !== '\0') start = environment.indexOf(name, start + 1)
  if (start === -1) return undefined
  const end = environment.indexOf('\0', start)
  return environment.slice(start + name.length, end === -1 ? undefined : end)
}
