import type { Clock } from '../servers/clock.ts'
import type { ContainerStats, Engine } from './engine.ts'

export interface ContainerUsage {
  memoryBytes: number | null
  cpuPercent: number | null
}

/** No limit is told as a number that no machine has. */
export class UsageMeter {
  readonly #clock: Clock
  readonly #last = new Map<string, { cpuNs: number; at: number; percent: number | null }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** CPU is what it used since the last look. Never rejects: an engine that does not tell gives nulls. */
  async read(engine: Engine, id: string): Promise<ContainerUsage> {
    const stats = await engine.stats(id).catch(() => undefined)
    if (stats === undefined) return { memoryBytes: null, cpuPercent: null }
    return { memoryBytes: memoryOf(stats), cpuPercent: this.#cpu(id, stats) }
  }

  forget(id: string): void {
    this.#last.delete(id)
  }

  #cpu(id: string, { cpu_stats: cpu }: ContainerStats): number | null {
    if (!cpu) return null
    const cpuNs = cpu.cpu_usage.total_usage
    const at = this.#clock.now()
    const last = this.#last.get(id)
    // Several may look at once, and so soon after there is nothing new to see.
    if (last !== undefined && at - last.at < 200) return last.percent
    const percent =
      last === undefined ? null : (Math.max(0, cpuNs - last.cpuNs) / 1e6 / (at - last.at)) * 100
    this.#last.set(id, { cpuNs, at, percent })
    return percent
  }
}

/** Without the files that the kernel keeps at hand for it, as `docker stats` counts (cgroup 1 and 2). */
function memoryOf({ memory_stats: memory }: ContainerStats): number | null {
  if (memory?.usage === undefined) return null
  const kept = memory.stats?.['total_inactive_file'] ?? memory.stats?.['inactive_file'] ?? 0
  return Math.max(0, memory.usage - kept)
}
