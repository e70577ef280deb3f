import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import type { Log } from '../telemetry/log.ts'

const engine = z.object({ kind: z.enum(['docker', 'podman']), address: z.string() })
const recordFile = z.object({
  version: z.literal(1),
  /** What our containers are labelled with: another gateway's are none of our business. */
  instance: z.uuid(),
  /** Those that may have containers of ours. */
  engines: z.array(engine),
})
type RecordFile = z.infer<typeof recordFile>
export type EngineRecord = z.infer<typeof engine>

/**
 * `<stateDir>/containers.json` (mode 0600): who this gateway is to container engines, and which of them may have
 * something of ours, so that the next start knows where to look if this one is killed.
 */
export class ContainerRecords {
  readonly #file: string
  readonly #log: Log
  #record: RecordFile

  constructor(stateDir: string, log: Log) {
    this.#file = path.join(stateDir, 'containers.json')
    this.#log = log
    this.#record = readRecord(this.#file) ?? { version: 1, instance: randomUUID(), engines: [] }
  }

  get instance(): string {
    return this.#record.instance
  }

  get engines(): readonly EngineRecord[] {
    return this.#record.engines
  }

  /** Before the first container. */
  add(record: EngineRecord): void {
    if (this.#record.engines.some((one) => isSame(one, record))) return
    this.#write([...this.#record.engines, record])
  }

  /** Nothing of ours is there any more. */
  remove(record: EngineRecord): void {
    const left = this.#record.engines.filter((one) => !isSame(one, record))
    if (left.length < this.#record.engines.length) this.#write(left)
  }

  #write(engines: EngineRecord[]): void {
    this.#record = { ...this.#record, engines }
    try {
      const draft = `${this.#file}.${process.pid}.tmp`
      fs.writeFileSync(draft, JSON.stringify(this.#record), { mode: 0o600 })
      fs.renameSync(draft, this.#file)
    } catch (error) {
      this.#log.warn(
        { error, file: this.#file },
        'The engines in use could not be written down; if the gateway is killed its containers stay behind.',
      )
    }
  }
}

function isSame(one: EngineRecord, other: EngineRecord): boolean {
  return one.kind === other.kind && one.address === other.address
}

function readRecord(file: string): RecordFile | undefined {
  try {
    return recordFile.safeParse(JSON.parse(fs.readFileSync(file, 'utf8'))).data
  } catch {
    return undefined
  }
}
