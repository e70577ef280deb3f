import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import type { Log } from '../telemetry/log.ts'
import type { RecordFile } from './leftovers.ts'
import type { ProcessName, ProcessTable } from './process-table.ts'
import type { ProcessRecord, ProcessRecorder } from './process-tree.ts'
import { systemProcessTable } from './system-process-table.ts'

/**
 * Writes down which processes this gateway has running, in `<stateDir>/processes/<pid>-<start time>.json`
 * (mode 0600), so that the next one can end them if this one is killed. The file exists only while there is
 * something to say. Writes are small, synchronous and atomic: the page cache outlives a SIGKILL.
 */
export class ProcessRecords implements ProcessRecorder {
  readonly #folder: string
  readonly #table: ProcessTable
  readonly #log: Log
  readonly #records = new Map<string, ProcessRecord>()
  #gateway: Promise<ProcessName | undefined> | undefined
  #runId = ''

  constructor(stateDir: string, log: Log, table: ProcessTable = systemProcessTable()) {
    this.#folder = path.join(stateDir, 'processes')
    this.#log = log
    this.#table = table
  }

  add(runId: string, record: ProcessRecord): void {
    this.#runId = runId
    this.#records.set(record.instanceId, record)
    this.#save()
  }

  remove(instanceId: string): void {
    if (this.#records.delete(instanceId)) this.#save()
  }

  #save(): void {
    this.#gateway ??= this.#table.startedAt(process.pid).then(
      (startedAt) => (startedAt === undefined ? undefined : { pid: process.pid, startedAt }),
      () => undefined,
    )
    void this.#gateway.then((gateway) => {
      if (gateway !== undefined) this.#write(gateway)
    })
  }

  #write(gateway: ProcessName): void {
    const file = path.join(this.#folder, `${gateway.pid}-${gateway.startedAt}.json`)
    const content: RecordFile = {
      version: 1,
      host: this.#table.host,
      runId: this.#runId,
      gateway,
      instances: [...this.#records.values()],
    }
    try {
      if (this.#records.size === 0) {
        fs.rmSync(file, { force: true })
        return
      }
      fs.mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
      const draft = `${file}.${randomUUID()}.tmp`
      fs.writeFileSync(draft, JSON.stringify(content), { mode: 0o600 })
      fs.renameSync(draft, file)
    } catch (error) {
      this.#log.warn(
        { error, file },
        'The running processes could not be written down; if the gateway is killed they stay behind.',
      )
    }
  }
}

/** True if gateways have left records: without any, there is nothing to look for. */
export function hasProcessRecords(stateDir: string): boolean {
  const folder = path.join(stateDir, 'processes')
  return fs.existsSync(folder) && fs.readdirSync(folder).length > 0
}
