import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

/** A pid together with its start time: the same pid later is another process. */
interface Identity {
  pid: number
  started: string
}

function identify(pid: number): (Identity & { parent: number }) | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name may hold spaces and parentheses; the fields follow its last ')'.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z') return undefined
    return { pid, parent: Number(fields[1]), started: fields[19] ?? '' }
  } catch {
    return undefined
  }
}

function isAlive(process: Identity): boolean {
  return identify(process.pid)?.started === process.started
}

function descendants(pid: number): Identity[] {
  const everyone = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => identify(Number(name)) ?? [])
  const found: Identity[] = []
  const parents = new Set([pid])
  for (let grew = true; grew;) {
    grew = false
    for (const each of everyone) {
      if (!parents.has(each.parent) || parents.has(each.pid)) continue
      parents.add(each.pid)
      found.push(each)
      grew = true
    }
  }
  return found
}

function signal(process_: Identity, name: NodeJS.Signals): void {
  try {
    if (isAlive(process_)) process.kill(process_.pid, name)
  } catch {
    // It ended in between.
  }
}

/** Resident memory in MB. Throws when the process is gone. */
export function residentMb(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  if (!line) throw new Error(`Process ${pid} is gone.`)
  return Number(line[1]) / 1024
}

/** Processor time of all its threads so far, in ms. */
export function processorMs(pid: number): number {
  let ns = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
  }
  return ns / 1e6
}

/** Resident memory once it stands still (within 0.5 MB for a second), at most `limitMs` later. */
export async function settledMb(pid: number, limitMs = 8_000): Promise<number> {
  let steady = residentMb(pid)
  let since = performance.now()
  for (const end = since + limitMs; performance.now() < end;) {
    await wait(100)
    const now = residentMb(pid)
    if (Math.abs(now - steady) > 0.5) {
      steady = now
      since = performance.now()
    } else if (performance.now() - since > 1_000) break
  }
  return residentMb(pid)
}

/** Every process that the benchmark starts, so that each is ended by its pid, on Ctrl-C too. */
export class Children {
  readonly #roots = new Map<number, Identity>()

  constructor() {
    process.on('exit', () => this.#killAll())
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(name, () => {
        void Promise.race([this.endAll(), wait(6_000)]).finally(() => process.exit(130))
      })
    }
  }

  /** `log` receives what the options leave of stdout and stderr. */
  spawn(
    args: string[],
    options: { log: string; stdio?: 'log' | 'pipe' | 'ipc'; env?: NodeJS.ProcessEnv; cwd?: string },
  ): ChildProcess {
    const log = openSync(options.log, 'a')
    const stdio: StdioOptions =
      options.stdio === 'pipe'
        ? ['pipe', 'pipe', log]
        : ['ignore', log, log, ...(options.stdio === 'ipc' ? (['ipc'] as const) : [])]
    const child = spawn(process.execPath, args, {
      stdio,
      env: options.env ?? process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    })
    closeSync(log)
    child.on('error', () => undefined)
    this.adopt(child.pid)
    return child
  }

  /** Takes on a process that somebody else spawned (an SDK's stdio transport). */
  adopt(pid: number | null | undefined): void {
    const identity = typeof pid === 'number' ? identify(pid) : undefined
    if (identity) this.#roots.set(identity.pid, identity)
  }

  /** Ends one process and all below it: SIGTERM, up to 5 s, SIGKILL. */
  async end(pid: number | undefined): Promise<void> {
    const root = pid === undefined ? undefined : this.#roots.get(pid)
    if (!root) return
    const family = [root, ...descendants(root.pid)]
    signal(root, 'SIGTERM')
    for (const end = performance.now() + 5_000; performance.now() < end && family.some(isAlive);) {
      await wait(20)
    }
    for (const each of family) signal(each, 'SIGKILL')
    this.#roots.delete(root.pid)
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#roots.keys()].map((pid) => this.end(pid)))
  }

  #killAll(): void {
    for (const root of this.#roots.values()) {
      for (const each of [...descendants(root.pid), root]) signal(each, 'SIGKILL')
    }
  }
}

/** Waits for a child's end. Throws after `limitMs`. */
export async function ended(child: ChildProcess, limitMs = 20_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await once(child, 'exit', { signal: AbortSignal.timeout(limitMs) })
}
