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
  readonly marker: string | undefined
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
  /** Resident memory in bytes, by pid, as far as the system tells. */
  residentBytes(pids: readonly number[]): Promise<Map<number, number>>
  /** Signals each process that is still the same one; the others are left alone. */
  signal(names: readonly ProcessName[], signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** A snapshot at once, for the last moments of the gateway; empty where it would take too long. */
  listSync(): ProcessEntry[]
}

/** Sends a signal to a pid; that it has ended meanwhile is no error. */
export function sendSignal(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal)
  } catch {
    // ESRCH: gone. EPERM: it has become another user's (setuid) and is out of our hands.
  }
}
