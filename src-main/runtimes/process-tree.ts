import { execFile, execFileSync, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import {
  sendSignal,
  treeVariable,
  type ProcessEntry,
  type ProcessName,
  type ProcessTable,
} from './process-table.ts'
import { atMost } from './at-most.ts'
import { systemProcessTable } from './system-process-table.ts'

/** How long a server may take to leave after its stdin was closed, unless told otherwise. */
const defaultGraceMs = 2000
const termMs = 2000
/** SIGKILL needs no consent; what is still there after this hangs in the kernel. */
const killMs = 700
/** After the root left by itself, its children get this long to follow. */
const followMs = 150

/** What is written down of a running tree, so that a later gateway can end it; see leftovers.ts. */
export interface ProcessRecord extends ProcessName {
  readonly instanceId: string
  readonly serverId: string
}

/** Where records go; `ProcessRecords` in leftovers.ts. */
export interface ProcessRecorder {
  add(runId: string, record: ProcessRecord): void
  remove(instanceId: string): void
}

export interface ProcessTreesOptions {
  table?: ProcessTable
  records?: ProcessRecorder
}

/** All process trees that this run of the gateway has started and that may still live. */
export class ProcessTrees {
  /** Part of the marker that every process started by this run carries. */
  readonly runId = randomUUID()
  readonly table: ProcessTable
  readonly #records: ProcessRecorder | undefined
  readonly #trees = new Set<ProcessTree>()

  constructor(options: ProcessTreesOptions = {}) {
    this.table = options.table ?? systemProcessTable()
    this.#records = options.records
  }

  /** For a new instance: its id, and the environment variable that marks its processes. */
  mark(): { instanceId: string; env: Record<string, string> } {
    const instanceId = randomUUID()
    return { instanceId, env: { [treeVariable]: `${this.runId}:${instanceId}` } }
  }

  /**
   * Takes charge of a child that was just spawned (`detached` on POSIX, so that it leads a group) with the
   * marker of `mark()`. Call it in the turn of the spawn.
   */
  adopt(child: ChildProcess, instanceId: string, serverId: string): ProcessTree {
    const tree = new ProcessTree(child, `${this.runId}:${instanceId}`, serverId, this.table)
    this.#trees.add(tree)
    void tree.rootStartedAt.then((startedAt) => {
      if (startedAt === undefined || !this.#trees.has(tree)) return
      this.#records?.add(this.runId, { instanceId, serverId, pid: tree.rootPid, startedAt })
    })
    void tree.gone.then(() => {
      this.#trees.delete(tree)
      this.#records?.remove(instanceId)
    })
    return tree
  }

  /** Resident memory of all processes of each server that has any, in bytes. Shared pages count for each process. */
  async residentBytes(): Promise<Record<string, number>> {
    const trees = [...this.#trees]
    if (trees.length === 0) return {}
    const entries = await this.table.list()
    const members = trees.map((tree) => ({
      serverId: tree.serverId,
      pids: tree.membersIn(entries).map(({ pid }) => pid),
    }))
    const bytes = await this.table.residentBytes(members.flatMap(({ pids }) => pids))
    const sums = new Map<string, number>()
    for (const { serverId, pids } of members)
      for (const pid of pids) sums.set(serverId, (sums.get(serverId) ?? 0) + (bytes.get(pid) ?? 0))
    return Object.fromEntries(sums)
  }

  /**
   * SIGKILL to everything at once: for `process.on('exit')` and after an uncaught exception. Blocks for some
   * milliseconds, at most about 200.
   */
  killAllSync(): void {
    const deadline = performance.now() + 200
    let trees = [...this.#trees]
    // More than once, as a process that leaves its group between the look and the blow escapes both.
    while (trees.length > 0 && performance.now() < deadline) {
      const entries = this.table.listSync()
      trees = trees.filter((tree) => tree.killSync(entries) > 0)
    }
  }
}

/** One child and all that descends from it. Nothing that is not of it is ever signalled. */
export class ProcessTree {
  readonly serverId: string
  readonly rootPid: number
  /** Undefined if the root was gone before it could be looked at. */
  readonly rootStartedAt: Promise<number | undefined>
  /** Resolves when `end` has left nothing alive. */
  readonly gone: Promise<void>
  readonly #child: ChildProcess
  readonly #marker: string
  readonly #table: ProcessTable
  readonly #exited: Promise<void>
  /** Members seen so far, start time by pid: they stay ours when they leave the group or lose their parent. */
  readonly #known = new Map<number, number>()
  #startedAt: number | undefined
  /** True once the root has exited and its group was seen empty: the number may then become another's. */
  #groupIsOver = false
  #ending: Promise<void> | undefined
  #hurry: () => void = () => {}
  #resolveGone: () => void = () => {}

  constructor(child: ChildProcess, marker: string, serverId: string, table: ProcessTable) {
    this.serverId = serverId
    this.#child = child
    this.#marker = marker
    this.#table = table
    // A pid of 0 would stand for the gateway's own group in a signal.
    if (child.pid === undefined) throw new Error('The child was not started.')
    this.rootPid = child.pid
    this.gone = new Promise((resolve) => (this.#resolveGone = resolve))
    this.rootStartedAt = table
      .startedAt(this.rootPid)
      .catch(() => undefined)
      .then((startedAt) => {
        this.#startedAt = startedAt
        if (startedAt !== undefined) this.#known.set(this.rootPid, startedAt)
        return startedAt
      })
    this.#exited = this.#rootIsAlive
      ? new Promise((resolve) => child.once('exit', () => resolve()))
      : Promise.resolve()
  }

  /** The root, then every member seen so far; some may have ended since. */
  get pids(): number[] {
    return [this.rootPid, ...[...this.#known.keys()].filter((pid) => pid !== this.rootPid)]
  }

  /** Looks for the members that live now. */
  async members(): Promise<ProcessEntry[]> {
    return this.membersIn(await this.#table.list())
  }

  /**
   * Waits `graceMs` for the root to leave by itself (its stdin was closed by the caller), then SIGTERM to all,
   * 2 s, SIGKILL to all. Resolves when nothing of it lives, at most `graceMs` + 3 s later. A second call that
   * has less patience shortens the wait.
   */
  end(graceMs: number = defaultGraceMs): Promise<void> {
    if (this.#ending === undefined) {
      this.#ending = this.#end(graceMs).then((isGone) => {
        if (isGone) this.#resolveGone()
      })
    } else if (graceMs === 0) {
      this.#hurry()
    }
    return this.#ending
  }

  /** SIGKILL to the group and to the members among `entries`, now. Returns how many of these there were. */
  killSync(entries: readonly ProcessEntry[]): number {
    // While Node has not reaped the root, its pid and group cannot be another's.
    if (this.#rootIsAlive) {
      if (!this.#table.hasSigterm) killWindowsTreeSync(this.rootPid)
      else sendSignal(-this.rootPid, 'SIGKILL')
    }
    const members = this.membersIn(entries)
    for (const member of members) sendSignal(member.pid, 'SIGKILL')
    return members.length
  }

  get #rootIsAlive(): boolean {
    const { pid, exitCode, signalCode } = this.#child
    return pid !== undefined && exitCode === null && signalCode === null
  }

  /** False if something hangs in the kernel and outlived SIGKILL. */
  async #end(graceMs: number): Promise<boolean> {
    // Who belongs to it is easiest to tell before its parents start to leave.
    const look = this.#living()
    if (this.#rootIsAlive && graceMs > 0) {
      const hurried = new Promise<void>((resolve) => (this.#hurry = resolve))
      await atMost(graceMs, Promise.race([this.#exited, hurried]))
    }
    await look
    if (!this.#table.hasSigterm) return await this.#endOnWindows()
    if (!this.#rootIsAlive && graceMs > 0) await this.#waitUntilGone(followMs)
    if (await this.#signalUntilGone('SIGTERM', termMs)) return true
    return await this.#signalUntilGone('SIGKILL', killMs)
  }

  /** Signals the members and those that join them; each gets SIGTERM once, as a second means "at once" to some. */
  async #signalUntilGone(signal: 'SIGTERM' | 'SIGKILL', limitMs: number): Promise<boolean> {
    const deadline = performance.now() + limitMs
    const told = new Map<number, number>()
    let groupTold = false
    for (;;) {
      const living = await this.#living()
      if (living.length === 0 && !this.#rootIsAlive) return true
      // While Node has not reaped the root, its group is ours; one call reaches even who is just being forked.
      if (this.#rootIsAlive && (!groupTold || signal === 'SIGKILL')) {
        sendSignal(-this.rootPid, signal)
        groupTold = true
        for (const { pid, pgid, startedAt } of living) {
          if (pgid === this.rootPid) told.set(pid, startedAt)
        }
      }
      const untold = living.filter(({ pid, startedAt }) => told.get(pid) !== startedAt)
      await this.#table.signal(signal === 'SIGKILL' ? living : untold, signal).catch(() => {})
      for (const { pid, startedAt } of untold) told.set(pid, startedAt)
      const left = deadline - performance.now()
      if (left <= 0) return false
      await this.#waitUntilGone(Math.min(left, 500))
    }
  }

  /** Waits until all known members have ended; cheaper than looking for new ones. */
  async #waitUntilGone(limitMs: number): Promise<void> {
    const deadline = performance.now() + limitMs
    let pauseMs = 5
    for (;;) {
      const known = [...this.#known].map(([pid, startedAt]) => ({ pid, startedAt }))
      const alive = await this.#table.stillAlive(known).catch(() => known)
      if (alive.length === 0 && !this.#rootIsAlive) return
      const left = deadline - performance.now()
      if (left <= 0) return
      await delay(Math.min(pauseMs, left))
      pauseMs = Math.min(pauseMs * 2, 80)
    }
  }

  async #endOnWindows(): Promise<boolean> {
    if (this.#rootIsAlive) {
      await new Promise((resolve) => {
        execFile('taskkill', ['/pid', String(this.rootPid), '/T', '/F'], windowsOptions, resolve)
      })
    }
    await this.#table.signal(await this.#living(), 'SIGKILL').catch(() => {})
    await atMost(killMs, this.#exited)
    return !this.#rootIsAlive
  }

  async #living(): Promise<ProcessEntry[]> {
    await this.rootStartedAt
    try {
      return await this.members()
    } catch {
      return []
    }
  }

  /** Those of a snapshot that belong to it. */
  membersIn(entries: readonly ProcessEntry[]): ProcessEntry[] {
    const root: ProcessName | undefined =
      this.#startedAt === undefined ? undefined : { pid: this.rootPid, startedAt: this.#startedAt }
    const members = findTree(entries, {
      known: this.#known,
      groupId: this.#groupIsOver || !this.#table.hasSigterm ? undefined : this.rootPid,
      notBefore: this.#startedAt ?? 0,
      hasMarker: (marker) => marker === this.#marker,
      ...(root === undefined ? {} : { root }),
    })
    for (const { pid, startedAt } of members) this.#known.set(pid, startedAt)
    const isInGroup = (entry: ProcessEntry) =>
      entry.pgid === this.rootPid || entry.session === this.rootPid
    if (!this.#rootIsAlive && !members.some(isInGroup)) this.#groupIsOver = true
    return members
  }
}

export interface TreeTraits {
  /** If the pid now names another process, group and session of that number are not ours. */
  root?: ProcessName
  /** Start time by pid of processes that are known to be members. */
  known: ReadonlyMap<number, number>
  /** The group and session that the root leads; undefined if membership in it proves nothing any more. */
  groupId: number | undefined
  /** Nothing that started before the root descends from it. */
  notBefore: number
  hasMarker(marker: string): boolean
}

/** The entries that belong to a tree: known ones, its group, those with its marker, and the children of all. */
export function findTree(entries: readonly ProcessEntry[], traits: TreeTraits): ProcessEntry[] {
  const { root, groupId } = traits
  const isReused =
    root !== undefined &&
    entries.some(({ pid, startedAt }) => pid === root.pid && startedAt !== root.startedAt)
  const isMember = (entry: ProcessEntry): boolean => {
    if (traits.known.get(entry.pid) === entry.startedAt) return true
    if (entry.startedAt < traits.notBefore) return false
    if (!isReused && groupId !== undefined) {
      if (entry.pgid === groupId || entry.session === groupId) return true
    }
    return entry.marker !== undefined && traits.hasMarker(entry.marker)
  }
  const children = new Map<number, ProcessEntry[]>()
  for (const entry of entries) {
    const siblings = children.get(entry.ppid)
    if (siblings === undefined) children.set(entry.ppid, [entry])
    else siblings.push(entry)
  }
  const members = new Set(entries.filter((entry) => isProper(entry) && isMember(entry)))
  // A Set hands out what is added while it is walked: children of children come by themselves.
  for (const member of members) {
    for (const child of children.get(member.pid) ?? []) {
      if (isProper(child) && child.startedAt >= member.startedAt) members.add(child)
    }
  }
  return [...members]
}

/** Whatever the signs say, neither init nor the gateway itself is a member. */
function isProper({ pid }: ProcessEntry): boolean {
  return pid > 1 && pid !== process.pid
}

const windowsOptions = { windowsHide: true, timeout: 2000 } as const

function killWindowsTreeSync(pid: number): void {
  try {
    execFileSync('taskkill', ['/pid', String(pid), '/T', '/F'], windowsOptions)
  } catch {
    // It has ended meanwhile.
  }
}
