import type { ContainerChange, ContainerRow, PullProgress } from '../src-shared/container.ts'
import { useRead } from './queries.ts'
import { bytesInWords } from './words.ts'

/** Servers in containers, if the catalog has any; otherwise nobody is asked. Events keep all but the figures fresh. */
export function useContainers({ everyMs }: { everyMs: number }) {
  const servers = useRead('servers.list', {}).data
  const hasAny = servers?.some(({ runtime_type: type }) => type === 'docker') === true
  return useRead('containers.list', {}, { enabled: hasAny, everyMs })
}

/** The rows with what an event tells. The figures of containers that go on running stay until they are asked again. */
export function withChange(
  rows: readonly ContainerRow[] | undefined,
  { server_id: id, image, containers }: ContainerChange,
): ContainerRow[] | undefined {
  return rows?.map((row) => {
    if (row.server_id !== id) return row
    const known = new Map(row.containers.map((one) => [one.id, one]))
    return {
      ...row,
      image,
      // What an engine has just done, it can do.
      engine_problem:
        containers.length > 0 || image.state === 'pulling' ? null : row.engine_problem,
      containers: containers.map((one) => ({ ...unmeasured, ...known.get(one.id), ...one })),
    }
  })
}

const unmeasured = { memory_bytes: null, memory_limit_bytes: null, cpu_percent: null }

/** Of all of a server's containers; undefined where none tells. */
export function memoryOf({ containers }: ContainerRow): number | undefined {
  const told = containers.flatMap(({ memory_bytes: bytes }) => (bytes === null ? [] : [bytes]))
  return told.length === 0 ? undefined : told.reduce((sum, bytes) => sum + bytes, 0)
}

/** That this error is its image's or its engine's, and shown as such. */
export function tells({ image, engine_problem: problem }: ContainerRow, error: string): boolean {
  return error === image.problem || (problem !== null && error.endsWith(problem))
}

/** "256 MiB" for the `256m` of the catalog. */
export function limitInWords(bytes: number): string {
  const unit = bytes < 2 ** 30 ? 'MiB' : 'GiB'
  const amount = bytes / (unit === 'MiB' ? 2 ** 20 : 2 ** 30)
  return `${Number(amount.toFixed(1))} ${unit}`
}

/** Whole percent; undefined while nobody knows how much it is. */
export function pullPercent(progress: PullProgress | null): number | undefined {
  if (progress === null || progress.total_bytes <= 0) return undefined
  return Math.min(100, Math.floor((progress.done_bytes / progress.total_bytes) * 100))
}

/** "Downloading, 48 MB of 112 MB", "Waiting for the registry". */
export function pullInWords(progress: PullProgress | null): string {
  if (progress === null) return 'Waiting for the engine'
  const { step, done_bytes: done, total_bytes: total } = progress
  return total > 0 && done < total
    ? `${step}, ${bytesInWords(done)} of ${bytesInWords(total)}`
    : step
}
