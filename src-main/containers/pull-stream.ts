import type { Readable } from 'node:stream'
import { z } from 'zod'
import type { PullProgress } from '../../src-shared/container.ts'
import { LineFramer } from '../runtimes/framing.ts'
import { EngineError, unreachable } from './engine-failure.ts'

const line = z.object({
  status: z.string().optional(),
  id: z.string().optional(),
  error: z.string().optional(),
  errorDetail: z.object({ message: z.string().optional() }).nullish(),
  progressDetail: z
    .object({ current: z.number().optional(), total: z.number().optional() })
    .nullish(),
})
export type PullStep = z.infer<typeof line>

/** Reads what an engine tells of a pull, to its end. Rejects with EngineError `answer` if the pull failed. */
export async function readPull(body: Readable, onStep: (step: PullStep) => void): Promise<void> {
  let failure: string | undefined
  const framer = new LineFramer((bytes) => {
    const step = stepIn(bytes)
    if (step === undefined) return
    failure ??= step.error ?? step.errorDetail?.message
    onStep(step)
  })
  try {
    for await (const chunk of body) if (Buffer.isBuffer(chunk)) framer.push(chunk)
  } catch (error) {
    throw unreachable(error)
  }
  framer.end()
  if (failure !== undefined) throw new EngineError('answer', failure)
}

function stepIn(bytes: Buffer): PullStep | undefined {
  try {
    return line.safeParse(JSON.parse(bytes.toString('utf8'))).data
  } catch {
    return undefined
  }
}

/** Adds up what is told of the layers. */
export class PullMeter {
  readonly #layers = new Map<string, { done: number; total: number }>()
  #step = 'Waiting for the registry'

  add({ status, id, progressDetail }: PullStep): void {
    if (status === undefined) return
    const isDownload = status === 'Downloading'
    if (id !== undefined && isDownload && progressDetail?.total !== undefined)
      this.#layers.set(id, { done: progressDetail.current ?? 0, total: progressDetail.total })
    const layer = id === undefined ? undefined : this.#layers.get(id)
    if (layer !== undefined && /^(?:Download complete|Pull complete|Verifying)/.test(status))
      layer.done = layer.total
    if (isDownload || status === 'Extracting') this.#step = status
  }

  progress(): PullProgress {
    let done = 0
    let total = 0
    for (const layer of this.#layers.values()) {
      done += layer.done
      total += layer.total
    }
    const isExtracting = total > 0 && done === total
    return {
      done_bytes: done,
      total_bytes: total,
      step: isExtracting ? 'Extracting' : this.#step,
    }
  }
}
