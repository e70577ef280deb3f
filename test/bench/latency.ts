import { type Bench, echoArguments, rotated, within } from './bench-context.ts'
import { processorMs, residentMb } from './children.ts'
import type { Client } from './client.ts'
import { median, percentile } from './figures.ts'
import type { Target } from './target.ts'

const blockLimitMs = 30_000
const parallel = 16
/** Enough that the last of a target's code is compiled: our routes share a process, and must not be the only ones that are warm. */
const warmUpCalls = 1_000

/** Milliseconds of each of `count` calls, one after the other. */
async function oneByOne(call: () => Promise<number>, count: number): Promise<number[]> {
  const times: number[] = []
  for (let n = 0; n < count; n++) {
    const since = performance.now()
    await call()
    times.push(performance.now() - since)
  }
  return times
}

/** Calls per second with 16 always in flight. */
async function manyAtOnce(call: () => Promise<number>, count: number): Promise<number> {
  let left = count
  const since = performance.now()
  const worker = async () => {
    while (left-- > 0) await call()
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  return (count * 1000) / (performance.now() - since)
}

interface Lane {
  target: Target
  kind: 'raw' | 'sdk'
  client: Client
  call: () => Promise<number>
}

async function openLane(target: Target, kind: 'raw' | 'sdk'): Promise<Lane | undefined> {
  const opening = kind === 'raw' ? target.open() : target.openSdk?.()
  if (!opening) return undefined
  const client = await within(blockLimitMs, `Opening ${target.name}`, opening)
  return { target, kind, client, call: () => client.callTool(target.tool, echoArguments) }
}

/**
 * Raw and SDK latency and throughput. All targets are up at the same time and take turns in small
 * blocks, so that a busy moment of the machine meets all of them.
 */
export async function measureLatency(bench: Bench, targets: Target[]): Promise<void> {
  const { only, rounds } = bench.options
  const lanes: Lane[] = []
  for (const target of targets) {
    for (const kind of ['raw', 'sdk'] as const) {
      if (!only.has(kind) && !only.has('parallel')) continue
      try {
        const lane = await openLane(target, kind)
        if (!lane) continue
        await within(blockLimitMs, 'Warming up', oneByOne(lane.call, warmUpCalls))
        await within(blockLimitMs, 'Warming up', manyAtOnce(lane.call, warmUpCalls))
        lanes.push(lane)
      } catch (error) {
        bench.failed(`${target.name}, ${kind} calls`, error)
      }
    }
  }
  const broken = new Set<Lane>()
  for (let round = 0; round < rounds; round++) {
    bench.say(`calls: round ${round + 1} of ${rounds}`)
    for (const lane of rotated(lanes, round)) {
      if (broken.has(lane)) continue
      try {
        await within(blockLimitMs * 2, `A block of ${lane.target.name}`, block(bench, lane))
      } catch (error) {
        broken.add(lane)
        bench.failed(`${lane.target.name}, ${lane.kind} calls`, error)
      }
    }
  }
  for (const { pid, name } of targets) {
    if (pid !== undefined) bench.figures.record('memory after the calls, MB', name, residentMb(pid))
  }
  await Promise.all(lanes.map((lane) => lane.client.close().catch(() => undefined)))
}

async function block(bench: Bench, { target, kind, call }: Lane): Promise<void> {
  const { figures, options } = bench
  const { only, calls } = options
  if (only.has(kind)) {
    const times = await oneByOne(call, calls)
    figures.record(`${kind} p50, ms`, target.name, median(times))
    figures.record(`${kind} p99, ms`, target.name, percentile(times, 0.99))
  }
  if (only.has('parallel')) {
    const count = calls * 3
    const { pid, name } = target
    const before = pid === undefined ? 0 : processorMs(pid)
    figures.record(`${kind} calls/s at 16 parallel`, name, await manyAtOnce(call, count))
    if (pid !== undefined && kind === 'raw') {
      figures.record('processor, µs a call', name, ((processorMs(pid) - before) * 1000) / count)
    }
  }
}
